"""Use cases of the waiting list: join, be offered a held place, accept in time, or let the next person have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from imigr_guichet.domain.states import State
from imigr_guichet.domain.waiting_list import Entry, WaitState
from imigr_guichet.errors import HoldExpired, PlacesAreFree, UnknownAppointment, UnknownEntry
from imigr_guichet.handlers.changing import Reachable, take_up_hold
from imigr_guichet.handlers.offering import (
    SHOWN,
    Entries,
    Queue,
    end_hold,
    free_for,
    said_entry,
    serve_first,
    settle,
    sweep,
)
from imigr_guichet.handlers.office import STAFF_ROLES, get_guichet
from imigr_guichet.handlers.records import Kept, Said, change, create, now_of, repeated
from imigr_guichet.handlers.slots import slot_said
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import require
from imigr_kit.facts import Fact

__all__ = ["Entries", "Queue", "serve_first", "settle", "sweep"]


@dataclass(frozen=True)
class Wish:
    """What somebody waits for."""

    municipality: str
    guichet_id: str
    topic: str
    language: str
    token_hash: str
    place_hash: str
    contact_id: str | None
    channel: str | None
    message_language: str
    first_day: date | None = None
    last_day: date | None = None


def join_list(queue: Queue, wish: Wish, command: Command) -> Said:
    """Put somebody on the list of a guichet, topic and language.

    Raises PlacesAreFree (with the next slots) when there is no need to wait, and what a booking raises for a topic or
    language that is not offered or not open to the public.
    """
    guichet = get_guichet(queue.office, wish.guichet_id, wish.municipality)
    free = free_for(queue, guichet, wish.topic, wish.language, wish.first_day, wish.last_day, SHOWN)
    link = f"entry:{queue.office.hashed('entry', wish.token_hash)}"
    earlier = queue.entries.find(f"key:{command.key}")
    if earlier is not None:
        return repeated(earlier, command)
    if free:
        raise PlacesAreFree(params={"next_slots": [slot_said(slot) for slot in free]})
    now = now_of(queue.office.clock)

    def make() -> tuple[Entry, list[Fact]]:
        return Entry(
            id=queue.office.new_id(),
            municipality=wish.municipality,
            guichet_id=wish.guichet_id,
            topic=wish.topic,
            language=wish.language,
            contact_id=wish.contact_id,
            channel=wish.channel,
            message_language=wish.message_language,
            first_day=wish.first_day,
            last_day=wish.last_day,
            place_hash=wish.place_hash,
            state=WaitState.WAITING,
            tries=0,
            hold_id=None,
            start=None,
            offer_until=None,
            joined_at=now,
            version=0,
        ).join()

    return create(queue.entries, command, make, said_entry, [link])


def get_entry(queue: Queue, municipality: str, token_hash: str) -> Said:
    """What the person sees by the link: the state, and the offer with its end."""
    return said_entry(_by_token(queue, municipality, token_hash).entity)


def accept_offer(queue: Queue, municipality: str, token_hash: str, command: Command) -> Said:
    """Take the held place. Raises OfferExpired, kindly, when it has gone on to the next person."""
    kept = _by_token(queue, municipality, token_hash)
    if command.key in kept.answers:
        return repeated(kept, command)
    entry = kept.entity
    if entry.state is not WaitState.ACCEPTED:
        entry.must_be_offered()
        who = Reachable(entry.contact_id, entry.channel, entry.message_language)
        try:
            _take_up(queue, entry, who)
        except (HoldExpired, UnknownAppointment):
            settle(queue, kept)
            _by_token(queue, municipality, token_hash).entity.must_be_offered()
    return change(
        queue.entries,
        lambda: _by_token(queue, municipality, token_hash),
        command,
        lambda one: one.accept(),
        said_entry,
    )


def decline_offer(queue: Queue, municipality: str, token_hash: str, command: Command) -> Said:
    """Do not take it; the place is free for the next person at once."""
    answer = change(
        queue.entries,
        lambda: _by_token(queue, municipality, token_hash),
        command,
        lambda one: one.decline(),
        said_entry,
    )
    _release(queue, _by_token(queue, municipality, token_hash).entity)
    return answer


def leave_list(queue: Queue, municipality: str, token_hash: str, command: Command) -> Said:
    """Wait no longer."""
    return change(
        queue.entries, lambda: _by_token(queue, municipality, token_hash), command, lambda one: one.leave(), said_entry
    )


def list_waiting(queue: Queue, actor: dict[str, Any], municipality: str, guichet_id: str) -> Said:
    """Who waits or has an offer, for staff; no contact is in it."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(queue.office, guichet_id, municipality)
    return {"items": [said_entry(one.entity) for one in queue.entries.of_guichet(guichet.id)]}


def _take_up(queue: Queue, entry: Entry, who: Reachable) -> None:
    hash_of_try = (
        entry.place_hash if entry.tries == 1 else queue.office.hashed("try", f"{entry.place_hash}:{entry.tries - 1}")
    )
    command = Command(f"accept:{entry.id}:{entry.tries}", "", by="visitor")
    take_up_hold(queue.office, entry.municipality, hash_of_try, who, command)


def _release(queue: Queue, entry: Entry) -> None:
    stored = queue.office.appointments.by_id(entry.hold_id) if entry.hold_id else None
    if stored is not None and stored.appointment.state is State.HELD:
        end_hold(queue, stored)


def _by_token(queue: Queue, municipality: str, token_hash: str) -> Kept[Entry]:
    kept = queue.entries.find(f"link:entry:{queue.office.hashed('entry', token_hash)}")
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownEntry
    return kept
