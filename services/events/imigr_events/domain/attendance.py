"""Who came in: one record for each registration and sitting, however often and wherever its ticket is shown."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from imigr_events.domain.texts import wire_time
from imigr_kit.facts import Fact

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-00000000a77e")
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Scan:
    """One look at a door. ``id`` is drawn by the device and makes a repetition harmless; ``is_live`` when the
    server was asked at once, so that the device's clock plays no part."""

    id: str
    at: datetime
    door: str
    scanner: str
    is_live: bool
    body_hash: str


class Mistake(StrEnum):
    """Why a check-in is corrected: a closed list, so that nothing is written about anybody."""

    WRONG_PERSON = "wrong_person"
    WRONG_SESSION = "wrong_session"
    WRONG_COUNT = "wrong_count"
    SCANNED_BY_MISTAKE = "scanned_by_mistake"


@dataclass(frozen=True)
class Correction:
    """What was made right: how many people there were before and after (0: nobody came in), when, and by whom in
    staff. ``key`` and ``body_hash`` recognise a repetition."""

    key: str
    body_hash: str
    at: datetime
    by: str
    reason: Mistake
    people_before: int
    people: int


@dataclass(frozen=True)
class Attendance:
    """The first scan in time is the entry; all others are duplicates of it, in whatever order they arrive.

    ``registration_id`` is None for people who came without registering. ``how``: ticket, reference or walk_in.
    Scans that were undone lie apart: telling one again brings nobody back in, a new scan does.
    """

    id: str
    municipality: str
    event_id: str
    sitting_id: str
    registration_id: str | None
    people: int
    how: str
    scans: tuple[Scan, ...]
    version: int
    undone: tuple[Scan, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def is_undone(self) -> bool:
        """Whether nobody came in after all."""
        return not self.scans

    @property
    def entry(self) -> Scan:
        """The scan that let them in; of an entry that was undone, the one that had."""
        return (self.scans or self.undone)[0]

    def scan(self, scan_id: str) -> Scan | None:
        """One of its scans, undone ones among them."""
        return next((one for one in (*self.scans, *self.undone) if one.id == scan_id), None)

    def corrected(self, correction: Correction) -> tuple[Attendance, list[Fact]]:
        """With another number of people, or with nobody."""
        if correction.people:
            changed = replace(self, people=correction.people)
        else:
            changed = replace(self, scans=(), undone=(*self.undone, *self.scans))
        changed = replace(changed, corrections=(*self.corrections, correction), version=self.version + 1)
        fact = changed._fact("attendance.corrected")
        more = {"people": correction.people, "people_before": correction.people_before}
        told = more | {"reason": str(correction.reason), "corrected_by": correction.by}
        return changed, [replace(fact, data={**fact.data, **told})]

    def with_scan(self, scan: Scan) -> tuple[Attendance, list[Fact]]:
        """Shown again. A live scan comes after the entry by definition; one that was kept on a device may turn out
        to be earlier, and then it is the entry. After an entry that was undone it is a new one."""
        if self.is_undone:
            changed = replace(self, scans=(scan,), version=self.version + 1)
            return changed, changed.facts()
        if scan.is_live and scan.at <= self.entry.at:
            scan = replace(scan, at=self.entry.at + _TICK)
        scans = tuple(sorted((*self.scans, scan), key=lambda one: (one.at, one.id)))
        changed = replace(self, scans=scans, version=self.version + 1)
        return changed, [changed._fact("attendance.duplicated")]

    def facts(self) -> list[Fact]:
        """What a new record tells."""
        return [self._fact("attendance.recorded")]

    def _fact(self, kind: str) -> Fact:
        data: dict[str, Any] = {
            "attendance_id": self.id,
            "event_id": self.event_id,
            "session_id": self.sitting_id,
            "registration_id": self.registration_id,
            "people": self.people,
            "how": self.how,
            "entered_at": wire_time(self.entry.at),
            "door": self.entry.door,
            "duplicates": max(0, len(self.scans) - 1),
        }
        return Fact(kind, self.id, self.municipality, self.version, data)


def attendance_id(event_id: str, sitting_id: str, who: str) -> str:
    """The id of the one record; ``who`` is a registration, or the scan that counted people without one."""
    return str(uuid.uuid5(_NAMESPACE, f"{event_id}\x00{sitting_id}\x00{who}"))
