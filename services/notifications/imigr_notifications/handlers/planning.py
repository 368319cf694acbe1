"""Plan from events, and again when the rules of a town change."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from imigr_kit.context import CallContext, use
from imigr_notifications import domain
from imigr_notifications.domain import Matter, Rules, State
from imigr_notifications.handlers.desk import Desk

AT_ONCE = 50
"""How many planned reminders are looked at together when rules change."""
AWAITED = frozenset({"waiting", "offer", "postponed", "to_move"})
"""After these notices another message will follow, so the contact is kept."""


def plan(desk: Desk, matter: Matter, verb: str, sequence: int, session: Any) -> None:
    """The messages that follow from one event of an appointment or a registration, in its transaction."""
    now = desk.clock.now()
    is_first = sequence == 1  # then nothing was said before, and nobody need look for it
    known = () if is_first else desk.messages.of_subject(matter.subject, session)
    before = None if is_first else desk.matters.get(matter.subject, session)
    told = None if before is None else before[1]
    wanted = domain.plan(matter, verb, sequence, known, desk.rules(matter.municipality), now, told)
    for message in wanted.drop:
        desk.messages.drop(message, wanted.reason, session)
    if wanted.told is None:
        return
    desk.matters.put(matter, wanted.told, session)
    is_over = not wanted.told.stands and wanted.told.kind not in AWAITED
    until = min(now, matter.start) if is_over else matter.start
    if desk.contacts.keep_until(matter.contact_id, matter.subject, until, session):
        desk.messages.plan([message.planned() for message in wanted.add], session)


def apply_rules(desk: Desk, municipality: str, version: int) -> bool:
    """Give planned reminders of a town the moments of its present rules; true when all have them.

    A reminder whose rule is gone, or whose moment is past, is withdrawn; reminders of new rules are added to
    what is planned. One short transaction for each appointment or registration.
    """
    rules = desk.rules(municipality)
    if rules.version < version:
        return False
    while found := desk.reminders.outdated(municipality, version, AT_ONCE):
        for subject in sorted({one.subject for one in found}):
            desk.in_transaction(partial(_apply, desk, subject, rules))
    return True


def _apply(desk: Desk, subject: str, rules: Rules, session: Any) -> None:
    known = desk.messages.of_subject(subject, session)
    planned = [one for one in known if one.kind == "reminder" and one.state is State.PLANNED]
    found = desk.matters.get(subject, session)
    if found is None or not planned:
        for one in planned:
            desk.reminders.retime(replace(one, rules_version=rules.version), session)
        return
    new = {one.id: one for one in domain.reminders(found[0], planned[0].sequence, rules, desk.clock.now())}
    for one in planned:
        timed = new.get(one.id)
        if timed is None:
            desk.messages.drop(one, "superseded", session)
        else:
            desk.reminders.retime(
                replace(
                    one,
                    due_at=timed.due_at,
                    expires_at=timed.expires_at,
                    asks=timed.asks,
                    rules_version=rules.version,
                ),
                session,
            )
    ids = {one.id for one in known}
    with use(CallContext(correlation_id=planned[0].correlation_id)):
        desk.messages.plan([one.planned() for one in new.values() if one.id not in ids], session)
