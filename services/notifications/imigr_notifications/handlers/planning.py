"""Plan from events."""

from __future__ import annotations

from typing import Any

from imigr_notifications import domain
from imigr_notifications.domain import Matter
from imigr_notifications.handlers.desk import Desk


def plan(desk: Desk, matter: Matter, verb: str, sequence: int, session: Any) -> None:
    """The messages that follow from one event of an appointment or a registration, in its transaction."""
    now = desk.clock.now()
    known = desk.messages.of_subject(matter.subject, session)
    wanted = domain.plan(matter, verb, sequence, known, desk.rules(matter.municipality), now)
    for message in wanted.drop:
        desk.messages.drop(message, wanted.reason, session)
    until = min(now, matter.start) if verb == "cancelled" else matter.start
    if desk.contacts.keep_until(matter.contact_id, matter.subject, until, session):
        desk.messages.plan([message.planned() for message in wanted.add], session)
