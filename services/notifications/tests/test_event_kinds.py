"""Every kind of event that some service tells: either a person is told by a message, or here is why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imigr_kit.events import CloudEvent
from imigr_notifications import domain, schemas
from imigr_notifications.domain import Matter
from imigr_notifications.domain.matters import Told

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"
KINDS = {
    f"{path.parent.name}.{path.name.removesuffix('.v1.json')}": path
    for path in sorted((CONTRACTS / "events").glob("*/*.json"))
}
TOLD = {
    "guichet.appointment.booked": "confirmation",
    "guichet.appointment.confirmed": "confirmation",
    "guichet.appointment.moved": "moved",
    "guichet.appointment.cancelled": "cancelled",
    "guichet.appointment.stranded": "to_move",
    "guichet.appointment.reassigned": "kept",
    "guichet.waiting.joined": "waiting",
    "guichet.waiting.offered": "offer",
    "events.registration.confirmed": "confirmation",
    "events.registration.waitlisted": "waiting",
    "events.registration.offered": "offer",
    "events.registration.moved": "moved",
    "events.registration.postponed": "postponed",
    "events.registration.cancelled": "cancelled",
    "events.registration.rejected": "cancelled",
}
"""Which message answers which kind."""
PRESENT = "the person is there, or was; planned reminders are withdrawn"
OVER = "it ended by time or by the person's own act, on the page where the person is; planned messages are withdrawn"
NOT_TOLD = {
    "guichet.appointment.held": "nothing is booked yet: the person is still on the page",
    "guichet.appointment.expired": OVER,
    "guichet.appointment.arrived": PRESENT,
    "guichet.appointment.started": PRESENT,
    "guichet.appointment.finished": PRESENT,
    "guichet.appointment.left": PRESENT,
    "guichet.appointment.missed": "a message after a missed appointment would reproach; staff see it",
    "guichet.appointment.corrected": PRESENT,
    "guichet.appointment.affirmed": "the answer by SMS that brought it is thanked for by itself",
    "guichet.waiting.accepted": "the booking that follows is told by itself",
    "guichet.waiting.declined": OVER,
    "guichet.waiting.left": OVER,
    "guichet.waiting.expired": OVER,
    "events.registration.requested": "organisers decide first; the page shows the request and its link",
    "events.registration.declined": OVER,
    "events.registration.expired": OVER,
    "events.registration.no_show": "a message after a missed event would reproach; staff see it",
}
"""Kinds about a person with a contact that send nothing, and why; all of them are heard."""
NO_PERSON = {
    "accounts": "staff are told on screen and by their administrator",
    "directory": "entries have no person; who wants news subscribes to a topic",
    "events.attendance": "the person is there",
    "events.certificate": "it is fetched by the link of the registration",
    "events.event": "what changes for a registered person is told by each registration",
    "events.pathway": "what changes for a registered person is told by each registration",
    "events.session": "what changes for a registered person is told by each registration",
    "gateway": "contacts and answers come on queues of their own",
    "guichet.demand": "only counts",
    "guichet.guichet": "what changes for a booked person is told by each appointment",
    "guichet.orientation": "nothing about an orientation leaves by SMS",
    "guichet.referral": "the person follows it by the link; nothing about a referral leaves by SMS",
    "guichet.session": "what changes for a booked person is told by each appointment",
    "guichet.ticket": "who took a ticket is in the room, before the screen",
    "notifications": "our own",
}
"""Services and entities whose events name no contact."""


def about_a_person(kind: str) -> bool:
    """Whether the contract of the kind names a contact that messages may go to."""
    return not kind.startswith("gateway.") and '"contact_id"' in KINDS[kind].read_text(encoding="utf-8")


def matter(kind: str) -> Matter:
    """What the example of a kind is about, with a contact."""
    service, _, name = kind.partition(".")
    event: dict[str, Any] = json.loads((CONTRACTS / "examples" / service / f"{name}.v1.json").read_text("utf-8"))
    event["data"] |= {"contact_id": "contact-1", "channel": "sms"}
    found = schemas.matter_of(CloudEvent.from_dict(event))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_decided(kind: str) -> None:
    """A new kind with a contact in it must be told, or listed with its reason; one without belongs to an entity that
    is listed."""
    if about_a_person(kind):
        assert (kind in TOLD) != (kind in NOT_TOLD)
        assert kind.rpartition(".")[0] in schemas.SOURCES
    else:
        assert {kind.rpartition(".")[0], kind.partition(".")[0]} & set(NO_PERSON)


def test_the_lists_name_only_what_exists() -> None:
    """A kind that was given up is taken out here too."""
    assert set(TOLD) | set(NOT_TOLD) <= set(KINDS)
    assert all(any(kind.startswith(f"{name}.") for kind in KINDS) for name in NO_PERSON)


@pytest.mark.parametrize(("kind", "notice"), TOLD.items())
def test_what_is_told(kind: str, notice: str) -> None:
    """The example of the contract leads to that message, also for who was told of the booking before."""
    about = matter(kind)
    known = Told(1, stands=True, start=about.start, place=about.texts["place"], kind="confirmation")
    told = known if notice == "kept" else None
    assert domain.meaning(about, kind.rpartition(".")[2], told).notice == notice


@pytest.mark.parametrize("kind", NOT_TOLD)
def test_what_is_not_told(kind: str) -> None:
    """Nothing is sent to a person who knows what the last message said; who no longer stands is not reminded."""
    about = matter(kind)
    known = Told(1, stands=True, start=about.start, place=about.texts["place"], kind="confirmation")
    assert domain.meaning(about, kind.rpartition(".")[2], known).notice is None
