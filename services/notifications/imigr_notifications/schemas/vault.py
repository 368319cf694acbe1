"""What the vault answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from imigr_notifications.domain import wire_time
from imigr_notifications.handlers import Erased
from imigr_notifications.ports import Reached
from imigr_notifications.ports_vault import Held


def held_out(held: Held | None) -> dict[str, Any]:
    """What is held about a contact; ``held`` false and nothing else when nothing is."""
    if held is None:
        return {"held": False}
    return {
        "held": True,
        "channel": held.channel,
        "hint": held.hint,
        "language": held.language,
        "consents": sorted(held.consents),
        "kept_until": wire_time(held.kept_until),
        "purposes": [{"subject": one, "until": wire_time(until)} for one, until in sorted(held.purposes.items())],
    }


def erased_out(erased: Erased, receipt: str) -> dict[str, Any]:
    """The receipt of an erasure; asking again gives the same."""
    return {"forgotten": True, "erased_at": wire_time(erased.at), "receipt": receipt}


def revealed_out(contact: Reached) -> dict[str, Any]:
    """The one answer of this service that holds an address."""
    return {"channel": contact.channel, "address": contact.address.reveal()}


def reveals_out(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows of the audit; no address is in them."""
    names = ("actor", "municipality", "subject", "reason")
    items = [
        {"number": row["_id"], "at": wire_time(row["at"]), "outcome": row.get("outcome", "shown")}
        | {name: row[name] for name in names}
        for row in rows
    ]
    return {"items": items}
