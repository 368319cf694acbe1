"""Certificates that hold no longer: revoked by a manager, told to whoever verifies, listed for devices offline."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from imigr_events.domain import wire_time
from imigr_events.domain.certificates import REVOKED_PURPOSE, Certificate, Revocation, Withdrawn, canonical
from imigr_events.errors import Busy, KeyReused, UnknownCertificate
from imigr_events.handlers.certifying import Registry
from imigr_events.handlers.desk import PUBLISHERS, TRIES
from imigr_events.ports import Command
from imigr_kit.access import require

HOME_ZONE = "Africa/Tunis"
"""Whose day a revocation has when its event is gone."""


def revoke_certificate(
    registry: Registry, actor: Mapping[str, Any], place: tuple[str, str], reason: Withdrawn, command: Command
) -> dict[str, Any]:
    """A certificate holds no longer, for good; ``place`` is the town and the certificate's number. One that is revoked
    already stays as it is. Raises UnknownCertificate, KeyReused."""
    municipality, number = place
    require(actor, PUBLISHERS, municipality)
    desk = registry.door.desk
    key = desk.hashed("revocation", command.key)
    for _ in range(TRIES):
        earlier = registry.certificates.revoked_by(key)
        if earlier is not None:
            return _again(earlier, command)
        standing = _certificate(registry, municipality, number)
        if standing.revoked is not None:
            return _out(standing)
        event = desk.events.get(standing.event_id)
        zone = ZoneInfo(event.timezone if event else HOME_ZONE)
        day = desk.clock.now().astimezone(zone).date()
        by = f"{actor['kind']}:{actor['id']}"
        gone, facts = standing.revoke(Revocation(day, reason, by, key, command.body_hash))
        if registry.certificates.replace(standing, gone, facts):
            return _out(gone)
    raise Busy(retry_after=1)


def certificate_state(registry: Registry, municipality: str, number: str) -> dict[str, Any]:
    """For whoever has verified a signature: whether the certificate still holds, and nothing else."""
    found = registry.certificates.find(number)
    gone = found.revoked if found is not None and found.municipality == municipality else None
    return {"number": number, "is_revoked": gone is not None, "revoked_on": gone.on.isoformat() if gone else None}


def revoked_certificates(registry: Registry, municipality: str) -> dict[str, Any]:
    """A town's revoked certificates by number, signed, for devices without a network. No holder is in it."""
    found = registry.certificates.revoked_in(municipality)
    statement = {
        "municipality": municipality,
        "as_of": wire_time(registry.door.desk.clock.now()),
        "revoked": [{"number": one.id, "revoked_on": one.revoked.on.isoformat()} for one in found if one.revoked],
    }
    signer = registry.door.signer
    signature = signer.sign(REVOKED_PURPOSE, canonical(statement))
    return {"statement": statement, "key_id": signer.key_id, "signature": base64.b64encode(signature).decode()}


def _certificate(registry: Registry, municipality: str, number: str) -> Certificate:
    found = registry.certificates.find(number)
    if found is None or found.municipality != municipality:
        raise UnknownCertificate
    return found


def _again(earlier: Certificate, command: Command) -> dict[str, Any]:
    if earlier.revoked is None or earlier.revoked.body_hash != command.body_hash:
        raise KeyReused
    return _out(earlier)


def _out(found: Certificate) -> dict[str, Any]:
    gone = found.revoked
    told = {"number": found.id, "event_id": found.event_id, "is_revoked": gone is not None}
    if gone is None:
        return told
    return told | {"revoked_on": gone.on.isoformat(), "reason": str(gone.reason), "by": gone.by}
