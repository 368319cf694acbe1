"""Certificates of attendance: who has earned one, and the statement that is signed without its holder's name."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from imigr_events.domain.sittings import Sitting
from imigr_events.errors import NotAttended
from imigr_kit.facts import Fact

PURPOSE = b"imigr-certificate-1"
REVOKED_PURPOSE = b"imigr-revoked-1"


class Below(StrEnum):
    """What happens below the rule's share of sessions."""

    REFUSE = "refuse"
    STATE = "state"
    """A certificate that states which sessions were attended, of how many."""


@dataclass(frozen=True)
class Rule:
    """From which share of its sessions (percent) an event certifies attendance, and what it does below."""

    event_id: str
    municipality: str
    minimum_percent: int
    below: Below
    version: int = 1


@dataclass(frozen=True)
class Earned:
    """Sessions attended, in order of time, of so many."""

    attended: tuple[Sitting, ...]
    sessions: int

    @property
    def minutes(self) -> int:
        """How long the attended sessions were planned to last."""
        return int(sum((one.ends_at - one.starts_at for one in self.attended), timedelta()).total_seconds()) // 60


class Withdrawn(StrEnum):
    """Why a certificate is revoked: a closed list."""

    ISSUED_BY_MISTAKE = "issued_by_mistake"
    ATTENDANCE_CORRECTED = "attendance_corrected"
    MISUSED = "misused"


@dataclass(frozen=True)
class Revocation:
    """That a certificate holds no longer; ``by`` is who in staff, ``key`` the command."""

    on: date
    reason: Withdrawn
    by: str
    key: str
    body_hash: str


@dataclass(frozen=True)
class Certificate:
    """What is kept of a certificate: that it exists, for how much. Its holder is written down nowhere."""

    id: str
    municipality: str
    event_id: str
    issued_on: date
    attended: int
    sessions: int
    minutes: int
    version: int = 1
    revoked: Revocation | None = None

    def revoke(self, revocation: Revocation) -> tuple[Certificate, list[Fact]]:
        """It holds no longer, for good."""
        gone = replace(self, revoked=revocation, version=self.version + 1)
        data = {
            "certificate_id": self.id,
            "event_id": self.event_id,
            "revoked_on": revocation.on.isoformat(),
            "reason": str(revocation.reason),
        }
        return gone, [Fact("certificate.revoked", self.id, self.municipality, gone.version, data)]

    def with_counts(self, earned: Earned) -> Certificate:
        """After a late scan has added a session: the next version."""
        counts = {"attended": len(earned.attended), "sessions": earned.sessions, "minutes": earned.minutes}
        return replace(self, **counts, version=self.version + 1)  # type: ignore[arg-type]  # ints by name

    def facts(self) -> list[Fact]:
        """That it is issued, or issued anew."""
        data: dict[str, Any] = {
            "certificate_id": self.id,
            "event_id": self.event_id,
            "issued_on": self.issued_on.isoformat(),
            "attended_sessions": self.attended,
            "sessions": self.sessions,
            "minutes": self.minutes,
        }
        return [Fact("certificate.issued", self.id, self.municipality, self.version, data)]


def earned(rule: Rule, sessions: Sequence[Sitting], attended_ids: Collection[str]) -> Earned:
    """What a certificate may state. Sessions that were called off count for nobody. Raises NotAttended."""
    held = [one for one in sessions if not one.is_cancelled]
    attended = tuple(sorted((one for one in held if one.id in attended_ids), key=lambda one: one.starts_at))
    is_enough = len(attended) * 100 >= rule.minimum_percent * len(held)
    if not attended or (rule.below is Below.REFUSE and not is_enough):
        raise NotAttended(params={"attended": len(attended), "sessions": len(held)})
    return Earned(attended, len(held))


def canonical(statement: Mapping[str, Any]) -> bytes:
    """The octets of a statement that are signed, after the purpose: JSON with sorted names, no spaces, UTF-8."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
