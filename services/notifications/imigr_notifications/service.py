"""Notifications on the wire: events heard, contacts taken, messages sent, questions answered."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import ValidationError
from pymongo.client_session import ClientSession

from imigr_kit.entrypoints import every, on_event, on_queue, provided, rpc
from imigr_kit.errors import FieldError
from imigr_kit.events import CloudEvent
from imigr_notifications import handlers, schemas
from imigr_notifications.domain import NOTICES
from imigr_notifications.errors import InvalidInput, UndecryptableContact
from imigr_notifications.figures import UNREAD, UNUSABLE
from imigr_notifications.parts.audit import AuditPart
from imigr_notifications.parts.campaigns import CampaignsPart
from imigr_notifications.parts.inbound import InboundPart
from imigr_notifications.parts.rules import RulesPart
from imigr_notifications.parts.templates import TemplatesPart
from imigr_notifications.parts.vault import VaultPart
from imigr_notifications.settings import NotificationsSettings
from imigr_notifications.storage import CAMPAIGNS, INDEXES, MESSAGES, REVEALS
from imigr_notifications.vault import Unusable
from imigr_notifications.wiring import App, build, erase_again, look_after_reveals


class NotificationsService(CampaignsPart, RulesPart, VaultPart, InboundPart, AuditPart, TemplatesPart):
    """What notifications hears, does by itself, and answers."""

    name = "notifications"
    settings = NotificationsSettings
    niceness = 10  # deferred work: in a rush the processor belongs to people who wait for an answer
    outbox_collections = (MESSAGES, CAMPAIGNS, REVEALS)
    indexes = INDEXES
    first = (erase_again, look_after_reveals)
    app: App = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @on_event("*.guichet.appointment.*.v1", concerns=schemas.concerns)
    def on_appointment(self, event: CloudEvent, session: ClientSession) -> None:
        """Plan what an appointment's event asks for."""
        self._plan(event, session)

    @on_event("*.guichet.waiting.*.v1", concerns=schemas.concerns)
    def on_waiting(self, event: CloudEvent, session: ClientSession) -> None:
        """Plan what an event of the guichet's waiting list asks for."""
        self._plan(event, session)

    @on_event("*.events.registration.*.v1", concerns=schemas.concerns)
    def on_registration(self, event: CloudEvent, session: ClientSession) -> None:
        """Plan what a registration's event asks for."""
        self._plan(event, session)

    @on_queue("contact_intake")
    def on_contact(self, event: CloudEvent, session: ClientSession) -> None:
        """Take a sealed contact into the vault."""
        given = schemas.Given().load(dict(event.data))
        contact = self.app.vault.open_intake(
            _unpacked(given["sealed"]), self.app.desk.rules(event.municipality).countries
        )
        if isinstance(contact, Unusable):
            UNUSABLE.labels(contact.reason).inc()
        self.app.contacts.store(given["contact_id"], contact, self.app.desk.clock.now(), session)

    @on_queue("inbound_sms")
    def on_answer(self, event: CloudEvent, session: ClientSession) -> None:
        """Act upon what a phone wrote, as a provider brought it over HTTP."""
        inbound = self.app.vault.open_answer(_unpacked(schemas.Answered().load(dict(event.data))["sealed"]))
        handlers.hear_text(self.app.desk, inbound, session)

    @every(0.3)
    def deliver_sms(self) -> None:
        """Hand over the SMS that are due."""
        handlers.deliver_due(self.app.desk, "sms")

    @every(0.3)
    def deliver_email(self) -> None:
        """Hand over the emails that are due; a slow provider of one channel does not hold up the other."""
        handlers.deliver_due(self.app.desk, "email")

    @every(1)
    def settle(self) -> None:
        """Look after messages whose worker died or whose answer was lost."""
        handlers.settle_stranded(self.app.desk)

    @rpc
    def list_messages(self, **payload: Any) -> dict[str, Any]:
        """What is planned and was sent for an appointment or a registration."""
        wanted = schemas.Subject().load(payload)
        return schemas.messages_out(handlers.list_messages(self.app.desk, wanted["subject"]))

    @rpc
    def figures(self, **payload: Any) -> dict[str, Any]:
        """How many messages of which kind are in which state, for managers."""
        wanted = schemas.Figures().load(payload)
        handlers.may_see_figures(wanted["actor"], wanted["municipality"])
        return {"items": self.app.messages.figures(wanted["municipality"])}

    def _plan(self, event: CloudEvent, session: ClientSession) -> None:
        verb = event.kind.rpartition(".")[2]
        if event.sequence is None:
            raise InvalidInput(fields=[FieldError("sequence", "required")])
        try:
            matter = schemas.matter_of(event)
        except ValidationError:
            if verb in NOTICES:
                raise
            UNREAD.labels(event.kind).inc()
            return
        if matter is not None:
            handlers.plan(self.app.desk, matter, verb, event.sequence, session)


def _unpacked(sealed: str) -> bytes:
    try:
        return base64.b64decode(sealed, validate=True)
    except binascii.Error:
        raise UndecryptableContact from None
