"""A correction that a reader has written out becomes a proposal in the review of the entry, like any editor's.

Only parts that are hours or closed codes: numbers, addresses on the web and free words stay in the encrypted remark,
for nobody can say beforehand whose they are or whom they speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from imigr_directory.domain import Act, Record
from imigr_directory.domain.hours.free_text import Understood, understand
from imigr_directory.domain.hours.written import schedule_row
from imigr_directory.domain.records import IN_REVIEW, Changed
from imigr_directory.feedback.domain import Opinion
from imigr_kit.clock import Clock
from imigr_kit.facts import Fact

READER: Final = "reader"
"""Who proposes: nobody in particular."""
PARTS: Final[Mapping[str, str]] = {
    "phones": "phones",
    "hours": "schedules",
    "website": "website",
    "languages": "languages",
    "fees": "fees",
    "accessibility": "accessibility",
}
"""What of an entry can be written out, and the part of its content that it is."""
SEALED: Final = frozenset({"phones", "website"})
"""Parts whose every value somebody typed: a number may be anybody's own. They are read here to be refused at once when
they are no such thing, and then kept in the encrypted remark; an editor who has read it writes the entry."""
KIND: Final = "service"
TRIES: Final = 5
AT_ONCE: Final = 50


class Records(Protocol):
    """Where entries are."""

    def get(self, kind: str, record_id: str) -> Record | None:
        """One in whatever state."""
        ...

    def replace(self, old: Record, new: Record, facts: list[Fact]) -> bool:
        """Conditional; false when ``old`` no longer stands."""
        ...


class Waiting(Protocol):
    """Where corrections wait."""

    def to_propose(self, most: int) -> list[Opinion]:
        """Corrections that are written out and not in review yet."""
        ...

    def note_proposed(self, opinion_id: str) -> None:
        """It is in review, or says what the entry says already."""
        ...


def parsed(part: str, text: str, fits: Callable[[str, Mapping[str, Any]], bool]) -> Any:
    """What a reader wrote, as that part of a content. Raises ValueError for what it cannot be."""
    if part not in PARTS:
        raise ValueError("words about this part go into the remark")
    value = _read(part, text.strip())
    if not value or not fits(KIND, {"name": {"fr": "-"}, "taxonomy": ["any"], PARTS[part]: value}):
        raise ValueError("not understood")
    return value


def _read(part: str, text: str) -> Any:
    if part == "hours":
        found = understand(text)
        return [schedule_row(found.schedule)] if isinstance(found, Understood) else None
    if part in ("website", "fees"):
        return text
    listed = (one.strip() for one in text.replace(";", ",").replace("\n", ",").split(","))
    return list(dict.fromkeys(one for one in listed if one))


def propose(opinion: Opinion, records: Records, waiting: Waiting, clock: Clock) -> None:
    """Put a correction into the review of its entry. While somebody else's proposal waits there it goes on waiting; it
    may be tried again at any time, and ends in the same."""
    if opinion.value is None or opinion.part is None or opinion.proposed or opinion.state != "new":
        return
    for _ in range(TRIES):
        record = records.get(KIND, opinion.record_id or "")
        if record is None or not record.is_public:
            return
        if record.proposal is not None and record.proposal.by != READER:
            return
        changed = _suggested(record, opinion, clock)
        if changed is None or records.replace(record, changed[0], changed[1]):
            waiting.note_proposed(opinion.id)
            return


def propose_waiting(records: Records, waiting: Waiting, clock: Clock) -> None:
    """All that could not be put into review at once."""
    for opinion in waiting.to_propose(AT_ONCE):
        propose(opinion, records, waiting, clock)


def _suggested(record: Record, opinion: Opinion, clock: Clock) -> Changed | None:
    """The record with this correction in review, beside those of other readers; None when nothing is new in it."""
    waits = record.proposal
    base = record.content if waits is None or waits.base != record.version else waits.content
    content = dict(base or {})
    name = PARTS[opinion.part or ""]
    value = _with_layers(content.get(name), opinion.value) if name == "schedules" else opinion.value
    if content.get(name) == value:
        return None
    now = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return record.proposed(content | {name: value}, Act(READER, now), state=IN_REVIEW)


def _with_layers(before: Any, after: Any) -> Any:
    """Other weekly hours leave Ramadan, holidays and closures as they are known."""
    if not before:
        return after
    return [{name: value for name, value in before[0].items() if name != "by_appointment"} | after[0], *before[1:]]
