"""A link and what became of it. One bad day is not enough to call it broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from imigr_directory.domain import Record
from imigr_directory.domain.records import COMMON
from imigr_kit.facts import Fact

GOOD, BROKEN, UNKNOWN = "good", "broken", "unknown"
TRIES_TO_BREAK: Final = 2
AGAIN_WHEN_GOOD, AGAIN_WHEN_BAD = timedelta(days=7), timedelta(days=1)
REASONS: Final = (
    "ok",
    "gone",
    "server_error",
    "refused",
    "no_such_host",
    "no_answer",
    "bad_certificate",
    "too_many_redirects",
    "private_address",
    "unfit_address",
)


@dataclass(frozen=True)
class Outcome:
    """What a look has shown: a reason of the list, and the HTTP status when there was an answer."""

    reason: str
    status: int | None = None

    @property
    def is_good(self) -> bool:
        """Whether the link leads somewhere; a page that refuses machines is there."""
        return self.reason in ("ok", "refused")


@dataclass(frozen=True)
class Link:
    """``users``: records that name it, as kind/id. ``revision`` counts its events."""

    id: str
    website: str
    municipality: str
    users: tuple[str, ...] = ()
    state: str = UNKNOWN
    reason: str | None = None
    status: int | None = None
    failures: int = 0
    revision: int = 0
    checked_at: datetime | None = None
    next_at: datetime | None = None

    def looked(self, outcome: Outcome, now: datetime) -> tuple[Link, list[Fact]]:
        """After a look. A fact only when it breaks or is mended."""
        failures = 0 if outcome.is_good else self.failures + 1
        state = GOOD if outcome.is_good else BROKEN if failures >= TRIES_TO_BREAK else self.state
        again = AGAIN_WHEN_GOOD if outcome.is_good else AGAIN_WHEN_BAD
        new = replace(
            self,
            state=state,
            reason=outcome.reason,
            status=outcome.status,
            failures=failures,
            checked_at=now,
            next_at=now + again,
        )
        if state == BROKEN and self.state != BROKEN:
            return new._told("link.broken")
        if state == GOOD and self.state == BROKEN:
            return new._told("link.mended")
        return new, []

    def _told(self, kind: str) -> tuple[Link, list[Fact]]:
        new = replace(self, revision=self.revision + 1)
        data = {"link_id": new.id, "website": new.website, "reason": new.reason, "records": list(new.users)}
        return new, [Fact(kind, new.id, new.municipality, new.revision, data)]


def websites(record: Record) -> Iterator[str]:
    """Addresses in what readers see of a record."""
    yield from _websites(record.content or {})


def _websites(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "website" and isinstance(inner, str):
                yield inner
            else:
                yield from _websites(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _websites(inner)


def home_of(municipalities: set[str | None]) -> str:
    """The town whose link it is; common when several name it."""
    return next(iter(municipalities)) or COMMON if len(municipalities) == 1 else COMMON
