"""What an import tells about itself: how many rows came in, what became of each, and why, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

What = Literal["repaired", "quarantined", "left_out"]
MOST_REMARKS: Final = 100_000
"""Remarks kept with their row; beyond, they are still counted."""
LONGEST_SAMPLE: Final = 80

REASONS: Final = {
    "id_not_uuid": "the id is not a UUID; a stable one was derived from it",
    "id_missing": "the row has no id; a stable one was derived from its content",
    "id_repeated": "the id stands for several different rows; each got one of its own",
    "row_repeated": "the same row stands in the file more than once",
    "keys_joined": "several keys stood in one cell; the row now belongs to each",
    "key_dangling": "the key leads to no row that came in",
    "row_shifted": "the row had more cells than the header and one comma too many in a text; they were joined",
    "row_misshapen": "the row does not have as many cells as the header",
    "row_short": "the row ends early; its last cells count as empty",
    "row_orphaned": "no key of the row leads to anything that came in",
    "value_missing": "a field that must be there is empty",
    "not_a_number": "not a number",
    "not_a_date": "not a date",
    "not_a_time": "not a time of day",
    "not_a_url": "not a web address",
    "url_completed": "a web address without its beginning",
    "not_an_email": "not an email address",
    "not_a_phone": "not a telephone number",
    "not_allowed": "not what the directory accepts in this field",
    "off_the_globe": "coordinates that are not on the globe",
    "coordinate_alone": "one coordinate without the other",
    "control_characters": "characters that are no text were taken out",
    "text_too_long": "longer than the directory keeps",
    "hours_read": "hours in words were read",
    "hours_overlap": "hours of one day that overlap were joined",
    "hours_empty": "hours that begin and end at the same time",
    "hours_unread": "hours in words that could not be read",
    "rule_refused": "a rule of recurrence that says nothing or too much",
    "not_a_language": "not a language of BCP 47",
    "person_dropped": "a person's name; the directory keeps none",
    "term_unknown": "a term that the taxonomy does not have",
    "theme_missing": "no theme of the taxonomy; the import's own was taken",
    "outside": "not in any municipality that takes part",
    "place_missing": "nothing says in which municipality",
    "not_active": "no longer active at its source",
    "not_kept": "the directory has no place for this field",
    "table_unknown": "no table of the specification; all its rows stay outside",
    "table_not_kept": "the directory has no place for this table",
    "of_another_owner": "an entry of the same id belongs to somebody else",
}
"""Every reason with what it means."""


@dataclass(frozen=True)
class Remark:
    """What became of a row or of one of its fields. ``row`` counts as a spreadsheet does (the header is 1)."""

    table: str
    row: int | None
    what: What
    reason: str
    field: str | None = None
    sample: str | None = None


@dataclass
class Report:
    """Collects while an import goes on."""

    came_in: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    not_kept: Counter[str] = field(default_factory=Counter)
    outcome: Counter[str] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)
    unlisted: int = 0

    def note(
        self, what: What, reason: str, table: str, row: int | None, name: str | None = None, sample: object = None
    ) -> None:
        """Count, and keep with its row. A sample of what a person's name was is never kept."""
        counter = {"repaired": self.repaired, "quarantined": self.quarantined, "left_out": self.left_out}[what]
        counter[table] += 1
        self.reasons[f"{what}.{reason}"] += 1
        if len(self.remarks) >= MOST_REMARKS:
            self.unlisted += 1
            return
        shown = None if sample is None or reason == "person_dropped" else str(sample)[:LONGEST_SAMPLE]
        self.remarks.append(Remark(table, row, what, reason, name, shown))

    def unkept(self, table: str, name: str, row: int | None) -> None:
        """A field that finds no place: counted each time, and listed with the row that has it first."""
        key = f"{table}.{name}"[:100]
        self.not_kept[key] += 1
        if self.not_kept[key] == 1 and len(self.remarks) < MOST_REMARKS:
            self.remarks.append(Remark(table, row, "left_out", "not_kept", name[:60]))

    def pages(self, first: int, count: int) -> list[dict[str, Any]]:
        """Some remarks, as plain values."""
        return [asdict(remark) for remark in self.remarks[first : first + count]]

    def summary(self) -> dict[str, Any]:
        """The counts, as plain values."""
        return {
            "came_in": dict(self.came_in),
            "repaired": dict(self.repaired),
            "quarantined": dict(self.quarantined),
            "left_out": dict(self.left_out),
            "reasons": dict(sorted(self.reasons.items())),
            "fields_not_kept": dict(sorted(self.not_kept.items())),
            "outcome": dict(self.outcome),
            "remarks": len(self.remarks),
            "remarks_not_listed": self.unlisted,
        }

    def lines(self) -> Iterator[str]:
        """The counts for a terminal."""
        yield f"{'table':24}{'came in':>9}{'repaired':>10}{'quarantine':>12}{'left out':>10}"
        for table in sorted({*self.came_in, *self.repaired, *self.quarantined, *self.left_out}):
            yield (
                f"{table:24}{self.came_in[table]:>9}{self.repaired[table]:>10}"
                f"{self.quarantined[table]:>12}{self.left_out[table]:>10}"
            )
        for key, count in sorted(self.reasons.items()):
            what, _, reason = key.partition(".")
            yield f"{count:>9}  {what:12} {REASONS[reason]}"
        for name, count in sorted(self.not_kept.items()):
            yield f"{count:>9}  not kept     {name}"
