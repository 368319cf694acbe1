"""What a person sees of their contact, allows and deletes; what staff may be shown, and how that is noted first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imigr_kit.access import NotAllowed, require
from imigr_kit.commands import Command
from imigr_notifications.domain import REASONS, Consent, Message
from imigr_notifications.errors import NothingToReveal, UnknownReason
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.ports import Reached
from imigr_notifications.ports_vault import Held, Looked, Reveal, Reveals

REVEALERS = ("mediator", "manager")


@dataclass(frozen=True)
class Erased:
    """What the person keeps: the contact's id and when its key was destroyed, first time it was asked."""

    contact_id: str
    at: datetime
    existed: bool


def forget_contact(desk: Desk, contact_id: str) -> Erased:
    """Destroy the contact at once, then withdraw what was planned for it.

    Nothing can be sent between the two: without the contact there is no address.
    """
    existed, at = desk.contacts.forget(contact_id, desk.clock.now())
    for message in desk.messages.of_contact(contact_id):
        desk.messages.drop(message, "contact_gone", None)
    desk.contacts.untie(contact_id)
    return Erased(contact_id, at, existed)


def held_contact(desk: Desk, vault: Looked, contact_id: str) -> Held | None:
    """What is held about a contact; None when nothing is."""
    return vault.held(contact_id, desk.clock.now())


def set_consent(desk: Desk, vault: Looked, contact_id: str, consents: Collection[str]) -> bool:
    """What the person allows from now on; messages that are no longer allowed are withdrawn when they come up."""
    return vault.consent(contact_id, {str(Consent(one)) for one in consents}, desk.clock.now())


def reveal_contact(
    desk: Desk,
    reveals: Reveals,
    actor: Mapping[str, Any],
    municipality: str,
    subject: str,
    reason: str,
    command: Command,
) -> Reached:
    """The address behind an appointment or a registration of the town, for a person: a token of a machine could be
    asked for all of them. The row of the audit is safe before the address is read; when it cannot be written, nothing
    is shown. Raises NotAllowed, UnknownReason, NothingToReveal, TooManyReveals, KeyReused."""
    if actor.get("kind") != "staff":
        raise NotAllowed(params={"municipality": municipality, "roles": sorted(REVEALERS)})
    require(actor, REVEALERS, municipality)
    if reason not in REASONS:
        raise UnknownReason(params={"reasons": sorted(REASONS)})
    contact_id = _contact_of(desk.messages.of_subject(subject), municipality)
    now = desk.clock.now()
    named = (command.key, command.body_hash)
    reveals.add(Reveal(str(actor["id"]), municipality, subject, contact_id, reason, *named), now)
    contact = desk.contacts.reach(contact_id, now)
    if contact is None:
        raise NothingToReveal
    return contact


def list_reveals(reveals: Reveals, actor: Mapping[str, Any], municipality: str, most: int) -> Any:
    """Who was shown what and why, newest first, for managers."""
    require(actor, ("manager",), municipality)
    return reveals.of_municipality(municipality, most)


def _contact_of(messages: Collection[Message], municipality: str) -> str:
    found = [one.contact_id for one in messages if one.municipality == municipality]
    if not found:
        raise NothingToReveal
    return found[-1]
