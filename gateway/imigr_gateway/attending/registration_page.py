"""What the page of a manage link says of a registration, and which buttons it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from imigr_gateway.attending.words import REGISTRATION, STATES

METHODS = {"accept": "accept_offer", "decline": "decline_offer", "cancel": "cancel_registration"}
"""What each button asks of the events service."""
_OUTCOMES = {"accept": "confirmed", "decline": "declined", "cancel": "cancelled"}
_CANCELLABLE = frozenset({"confirmed", "pending", "waiting"})
_WITH_TICKET = frozenset({"confirmed", "checked_in", "attended", "certified"})


def view(record: Mapping[str, Any], language: str, token: str) -> dict[str, Any]:
    """Buttons, links and the note above them. An offer that has run out has no buttons, whatever was stored last."""
    words = REGISTRATION[language]
    shown: dict[str, Any] = {"note": "", "buttons": [], "links": []}
    state = record["state"]
    if state == "offered" and is_open(record):
        until = _local(record["offer_until"], record["event"]["timezone"])
        shown["note"] = words["offered"].format(until=until)
        shown["buttons"] = [("accept", words["accept"]), ("decline", words["decline"])]
    elif state in ("offered", "expired"):
        shown["note"] = words["expired"]
    elif state in _CANCELLABLE:
        shown["buttons"] = [("cancel", words["cancel"])]
    if state in _WITH_TICKET:
        shown["links"] = [(f"/m/{token}/ticket?lang={language}", words["ticket"])]
    return shown


def rows(record: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    """What is said of places and state."""
    words = REGISTRATION[language]
    yield words["places"], str(record["places"])
    state = "expired" if record["state"] == "offered" and not is_open(record) else record["state"]
    yield words["state"], STATES[language][state]
    if record.get("waiting_position"):
        yield words["position"], str(record["waiting_position"])


def is_open(record: Mapping[str, Any]) -> bool:
    """Whether the time of an offer is not over yet."""
    until = record.get("offer_until")
    return until is not None and datetime.fromisoformat(until) > datetime.now(UTC)


def told(action: str, record: Mapping[str, Any], language: str) -> str:
    """What the holder is told after a button, by what the registration is now: pressed twice, it says the same; an
    offer that was answered too late is told so kindly."""
    words = REGISTRATION[language]
    if record["state"] == _OUTCOMES[action]:
        return words[f"{action}_done"]
    return words["expired"] if action == "accept" else ""


def _local(moment: str, timezone: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo(timezone)):%d/%m/%Y %H:%M}"
