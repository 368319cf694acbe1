"""SMS that people send us: understood, acted upon, answered once; the text is not kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from imigr_kit.logs import get_logger
from imigr_notifications.domain import Message, State
from imigr_notifications.domain.replies import Answer, Understood, understood
from imigr_notifications.figures import ANSWERS
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.ports_replies import Inbound

log = get_logger(__name__)
ANSWER_LASTS = timedelta(hours=1)
"""An answer that could not be sent for so long answers nothing any more."""
HELP_EVERY = timedelta(days=1)
ZONE = "Africa/Tunis"
FALLBACK = "fr"


@dataclass(frozen=True)
class Sender:
    """Who wrote: a keyed hash, the contacts that have it, and the language they asked for."""

    person: str
    contacts: tuple[str, ...]
    language: str | None


def take_inbound(desk: Desk, inbound: Inbound) -> None:
    """One SMS from a phone, however often the provider brings it: effect and answer in one transaction."""
    desk.in_transaction(partial(hear_text, desk, inbound))


def hear_text(desk: Desk, inbound: Inbound, session: Any) -> None:
    """As take_inbound, in a transaction that exists."""
    meant = understood(inbound.text.reveal())
    now = desk.clock.now()
    person = desk.contacts.person_of(inbound.address)
    slips = slips_of(desk, inbound, now)
    if not desk.replies.note(slips, str(meant.answer), now, session):
        return
    sender = Sender(person, tuple(desk.contacts.of_person(person)), desk.contacts.language_of(person))
    ANSWERS.labels(str(meant.answer)).inc()
    log.info("reply.heard", answer=str(meant.answer))
    kind = _act(desk, sender, meant, now, session)
    if kind is not None:
        chosen = sender.language or meant.language or FALLBACK
        contact_id = desk.contacts.keep_for_answer(inbound.address, chosen, now, session)
        message = _answer(slips[0], kind, chosen, contact_id, desk.home, now)
        desk.messages.plan([message.planned()], session)


def slips_of(desk: Desk, inbound: Inbound, now: datetime) -> list[str]:
    """Keyed hashes that tell a repetition: of the provider's id, or of number, text and minute."""
    if inbound.reference:
        return [desk.contacts.slip(f"reference\x00{inbound.reference}")]
    minute = int(now.timestamp()) // 60
    said = f"{inbound.address.reveal()}\x00{inbound.text.reveal()}"
    return [desk.contacts.slip(f"{said}\x00{one}") for one in (minute, minute - 1)]


def _act(desk: Desk, sender: Sender, meant: Understood, now: datetime, session: Any) -> str | None:
    """Do what was asked; which answer is due, if any. What changes nothing is not answered again."""
    if meant.answer is Answer.STOP:
        is_new = desk.opt_outs.add(sender.person, now, session)
        desk.subscriptions.end_all(sender.contacts, now, session)
        return "stopped" if is_new else None
    if meant.answer is Answer.START:
        return "started" if desk.opt_outs.remove(sender.person, session) else None
    if meant.answer in {Answer.CONFIRM, Answer.CANCEL}:
        question = desk.replies.open_question(sender.contacts, now, session)
        if question is not None:
            return _settle(desk, question, meant.answer, now, session)
    if not sender.contacts or not desk.replies.may_help(sender.person, now - HELP_EVERY, now, session):
        return None
    return "help"


def _settle(desk: Desk, question: Message, answer: Answer, now: datetime, session: Any) -> str | None:
    """The answer to a question of ours, once. Giving up an appointment is told by its own cancellation."""
    if question.source == "subscription":
        if answer is not Answer.CONFIRM:
            return None
        desk.replies.answered(question, str(answer), [], session)
        return "subscribed" if desk.subscriptions.confirm(question.subject, now, session) else None
    told, facts = question.answered(str(answer))
    desk.replies.answered(told, str(answer), facts, session)
    return "noted" if answer is Answer.CONFIRM else None


def _answer(slip: str, kind: str, language: str, contact_id: str, municipality: str, now: datetime) -> Message:
    """Planned like any message, to a contact that exists for this answer and fades within a day."""
    return Message(
        id=f"{slip}:{kind}:1",
        subject=slip,
        source="reply",
        municipality=municipality,
        kind=kind,
        sequence=1,
        channel="sms",
        language=language,
        contact_id=contact_id,
        state=State.PLANNED,
        due_at=now,
        expires_at=now + ANSWER_LASTS,
        values={"start": now, "timezone": ZONE, "texts": {}},
    )
