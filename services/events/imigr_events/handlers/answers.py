"""What commands on registrations answer, and how they answer again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from imigr_events.domain import Event, Registration, State, wire_time
from imigr_events.errors import InvalidInput, KeyReused, UnknownRegistration
from imigr_events.handlers.desk import Desk
from imigr_events.handlers.turns import Turn
from imigr_events.ports import Command
from imigr_kit.errors import FieldError


def answer(desk: Desk, event: Event, registration: Registration, waiting_position: int | None) -> dict[str, Any]:
    """A registration as its holder sees it; of the kinds of its seats nobody is told but the holder."""
    data = registration.data(event)
    return {
        "id": registration.id,
        "municipality": event.municipality,
        "event_id": event.id,
        "event": {name: data[name] for name in ("title", "place", "timezone", "demonstration")}
        | {"starts_at": wire_time(event.starts_at), "ends_at": wire_time(event.ends_at)},
        "places": registration.places,
        "kinds": dict(registration.seats.kinds),
        "sessions": list(registration.seats.sessions),
        "state": str(registration.state),
        "version": registration.version,
        "contact_id": registration.contact_id,
        "waiting_position": waiting_position,
        "offer_until": data["offer_until"],
        "reference": desk.reference(registration.id),
    }


def again(desk: Desk, event: Event, registration: Registration, command: Command) -> dict[str, Any]:
    """What a command was answered: the outcome of then, the event as it stands. Raises KeyReused."""
    said = next(one for one in registration.said if one.key == command.key)
    command.must_be(said.body_hash)
    until = registration.until if said.state is State.OFFERED else None
    then = replace(registration, state=said.state, version=said.version, until=until)
    return answer(desk, event, then, said.position)


def keyed(desk: Desk, command: Command) -> Command:
    """The command with its body under the service's key: a body holds closed answers and kinds of seats, and a
    plain hash of so few possibilities could be guessed back."""
    return replace(command, body_hash=desk.hashed("body", command.body_hash))


def noted(desk: Desk, turn: Turn, registration: Registration, command: Command) -> dict[str, Any]:
    """Note the answer of a command with its registration, and give it."""
    work = turn.work
    told = work.say(registration, command.key, command.body_hash)
    return answer(desk, work.event, told, work.position(told))


def elsewhere(desk: Desk, command: Command) -> Exception:
    """Why a command could not be stored: its key belongs to another event, or its link to another registration."""
    if desk.events.home(f"key:{command.key}") is not None:
        return KeyReused()
    return InvalidInput(fields=[FieldError("manage_hash", "already_used", "another registration has this link")])


def unknown() -> UnknownRegistration:
    """Unknown, foreign and expired links are told alike."""
    return UnknownRegistration()
