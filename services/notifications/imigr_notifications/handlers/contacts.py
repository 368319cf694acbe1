"""Forget a contact on request."""

from __future__ import annotations

from imigr_notifications.handlers.desk import Desk


def forget_contact(desk: Desk, contact_id: str) -> bool:
    """Destroy the contact at once, then withdraw what was planned for it; true when there was a contact.

    Nothing can be sent between the two: without the contact there is no address.
    """
    existed = desk.contacts.forget(contact_id, desk.clock.now())
    for message in desk.messages.of_contact(contact_id):
        desk.messages.drop(message, "contact_gone", None)
    return existed
