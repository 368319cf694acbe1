"""Who came in: one record for each registration and sitting, however often and wherever its ticket is shown."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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


@dataclass(frozen=True)
class Attendance:
    """The first scan in time is the entry; all others are duplicates of it, in whatever order they arrive.

    ``registration_id`` is None for people who came without registering. ``how``: ticket, reference or walk_in.
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

    @property
    def entry(self) -> Scan:
        """The scan that let them in."""
        return self.scans[0]

    def scan(self, scan_id: str) -> Scan | None:
        """One of its scans."""
        return next((one for one in self.scans if one.id == scan_id), None)

    def with_scan(self, scan: Scan) -> tuple[Attendance, list[Fact]]:
        """Shown again. A live scan comes after the entry by definition; one that was kept on a device may turn out
        to be earlier, and then it is the entry."""
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
            "duplicates": len(self.scans) - 1,
        }
        return Fact(kind, self.id, self.municipality, self.version, data)


def attendance_id(event_id: str, sitting_id: str, who: str) -> str:
    """The id of the one record; ``who`` is a registration, or the scan that counted people without one."""
    return str(uuid.uuid5(_NAMESPACE, f"{event_id}\x00{sitting_id}\x00{who}"))
