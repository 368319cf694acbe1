"""Certificates: the rule of an event, and a signature over a statement whose holder stays unknown here.

The gateway sends a commitment to the holder's name: a hash with a random salt that it keeps nowhere. It is signed as
part of the statement, so the printed name cannot be changed, and this service never sees it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from imigr_events.domain import Event
from imigr_events.domain.certificates import PURPOSE, Below, Certificate, Earned, Rule, canonical, earned
from imigr_events.domain.sittings import may_enter, sittings
from imigr_events.errors import (
    Busy,
    CertificateRevoked,
    NoCertificate,
    NotOver,
    StaleVersion,
    UnknownEvent,
    UnknownRegistration,
)
from imigr_events.handlers.desk import READERS, TRIES, WRITERS
from imigr_events.handlers.door import Door
from imigr_kit.access import require
from imigr_kit.facts import Fact
from imigr_kit.texts import FALLBACK


class CertificateBook(Protocol):
    """Rules of events, and the certificates issued."""

    def rule(self, event_id: str) -> Rule | None:
        """The rule of an event, if it certifies."""
        ...

    def set_rule(self, rule: Rule, expected: int) -> bool:
        """Store the rule if the one that stands has version ``expected`` (0: there is none)."""
        ...

    def find(self, certificate_id: str) -> Certificate | None:
        """One certificate."""
        ...

    def add(self, certificate: Certificate, facts: Sequence[Fact]) -> bool:
        """Store a new one; false when it exists."""
        ...

    def replace(self, old: Certificate, new: Certificate, facts: Sequence[Fact]) -> bool:
        """Store another version if ``old`` still stands."""
        ...

    def revoked_by(self, key: str) -> Certificate | None:
        """The one that a command has revoked."""
        ...

    def revoked_in(self, municipality: str) -> Sequence[Certificate]:
        """A town's revoked ones, in order of their day."""
        ...

    def count(self, event_id: str) -> int:
        """How many an event has issued."""
        ...


@dataclass(frozen=True)
class Registry:
    """What these use cases work with."""

    door: Door
    certificates: CertificateBook


def set_rule(registry: Registry, actor: Mapping[str, Any], rule: Rule, version: int) -> Rule:
    """From which share of sessions the event certifies; ``version`` is that of the rule that was seen, 0 for none.
    Repeating the same rule is harmless."""
    require(actor, WRITERS, rule.municipality)
    _must_be_here(registry, rule.municipality, rule.event_id)
    standing = registry.certificates.rule(rule.event_id)
    if standing is not None and (standing.minimum_percent, standing.below) == (rule.minimum_percent, rule.below):
        return standing
    if not registry.certificates.set_rule(rule, version):
        raise StaleVersion(params={"version": standing.version if standing else 0})
    return rule


def get_rule(registry: Registry, actor: Mapping[str, Any], municipality: str, event_id: str) -> tuple[Rule | None, int]:
    """The rule of an event and how many certificates it has issued."""
    require(actor, READERS, municipality)
    _must_be_here(registry, municipality, event_id)
    return registry.certificates.rule(event_id), registry.certificates.count(event_id)


def sign_certificate(
    registry: Registry, municipality: str, manage_hash: str, commitment: str, language: str
) -> dict[str, Any]:
    """A signed statement of what the holder of a manage link has attended.

    Raises NoCertificate when the event gives none, NotOver before its end, NotAttended when too little was attended.
    The same commitment gives the same signature, so a repetition is the same certificate.
    """
    desk = registry.door.desk
    stored = desk.events.find(desk.hashed("manage", manage_hash))
    if stored is None or stored.event.municipality != municipality:
        raise UnknownRegistration
    event, registration = stored.event, stored.registration
    rule = registry.certificates.rule(event.id)
    if rule is None:
        raise NoCertificate(params={"event_id": event.id})
    sessions = [one for one in sittings(event) if may_enter(registration, one.id)]
    if desk.clock.now() < max((one.ends_at for one in sessions), default=event.ends_at):
        raise NotOver(params={"event_id": event.id})
    records = registry.door.attendance.of_registration(event.id, registration.id)
    what = earned(rule, sessions, {one.sitting_id for one in records if not one.is_undone})
    certificate = _issued(registry, event, desk.hashed("certificate", registration.id)[:20], what)
    statement = _statement(event, certificate, what, language) | {"holder": commitment}
    signer = registry.door.signer
    signature = signer.sign(PURPOSE, canonical(statement))
    return {"statement": statement, "key_id": signer.key_id, "signature": base64.b64encode(signature).decode()}


def _issued(registry: Registry, event: Event, certificate_id: str, what: Earned) -> Certificate:
    today = registry.door.desk.clock.now().astimezone(ZoneInfo(event.timezone)).date()
    counts = (len(what.attended), what.sessions, what.minutes)
    for _ in range(TRIES):
        known = registry.certificates.find(certificate_id)
        if known is None:
            fresh = Certificate(certificate_id, event.municipality, event.id, today, *counts)
            if registry.certificates.add(fresh, fresh.facts()):
                return fresh
        elif known.revoked is not None:
            raise CertificateRevoked
        elif (known.attended, known.sessions, known.minutes) == counts:
            return known
        else:
            renewed = known.with_counts(what)
            if registry.certificates.replace(known, renewed, renewed.facts()):
                return renewed
    raise Busy(retry_after=1)


def _statement(event: Event, certificate: Certificate, what: Earned, language: str) -> dict[str, Any]:
    """What will be printed, and nothing else."""
    zone = ZoneInfo(event.timezone)
    chain = [one for one in (language, *FALLBACK) if event.title.get(one)] or list(event.title)
    return {
        "number": certificate.id,
        "municipality": event.municipality,
        "language": language,
        "title": event.title[chain[0]],
        "days": sorted({one.starts_at.astimezone(zone).date().isoformat() for one in what.attended}),
        "attended": certificate.attended,
        "sessions": certificate.sessions,
        "minutes": certificate.minutes,
        "issued_on": certificate.issued_on.isoformat(),
    }


def _must_be_here(registry: Registry, municipality: str, event_id: str) -> None:
    event = registry.door.desk.events.get(event_id)
    if event is None or event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event_id})


__all__ = ["Below", "CertificateBook", "Registry", "get_rule", "set_rule", "sign_certificate"]
