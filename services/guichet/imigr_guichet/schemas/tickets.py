"""What the RPC methods of the waiting room take."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_guichet.handlers.tickets import ACTIONS, Arrival
from imigr_guichet.schemas.fields import CODE, ID, KEY
from imigr_kit.fields import HASH, LANGUAGE, SLUG, Pattern

DESK = Pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")


class OfStaff(Schema):
    """Who asks, and in which town."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)


class StaffCommand(OfStaff):
    """A repeatable command of staff."""

    idempotency_key = fields.String(required=True, validate=KEY)


class TakeTicket(StaffCommand):
    """A person at the door."""

    guichet_id = fields.String(required=True, validate=ID)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)
    interpreter = fields.Boolean(load_default=False)
    priority = fields.Boolean(load_default=False)
    appointment_id = fields.String(load_default=None, allow_none=True, validate=ID)
    token_hash = fields.String(required=True, validate=HASH)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[dict[str, Any], Arrival]:
        """The actor and the arrival."""
        del data["idempotency_key"]
        return data.pop("actor"), Arrival(**data)


class NoteDemand(StaffCommand):
    """A language asked for in vain."""

    guichet_id = fields.String(required=True, validate=ID)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)


class CallNext(StaffCommand):
    """Which desk calls, and whom if it may choose."""

    guichet_id = fields.String(required=True, validate=ID)
    desk = fields.String(required=True, validate=DESK)
    topic = fields.String(load_default=None, allow_none=True, validate=CODE)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)


class StepTicket(StaffCommand):
    """One step of one ticket; the desk for a transfer."""

    ticket_id = fields.String(required=True, validate=ID)
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    desk = fields.String(load_default=None, allow_none=True, validate=DESK)


class ListTickets(OfStaff):
    """Of which guichet."""

    guichet_id = fields.String(required=True, validate=ID)


class OfHolder(Schema):
    """Who holds the link on a ticket."""

    municipality = fields.String(required=True, validate=SLUG)
    token_hash = fields.String(required=True, validate=HASH)


class LeaveLine(OfHolder):
    """A repeatable command of the holder."""

    idempotency_key = fields.String(required=True, validate=KEY)


TAKE_TICKET = TakeTicket()
NOTE_DEMAND = NoteDemand()
CALL_NEXT = CallNext()
STEP_TICKET = StepTicket()
LIST_TICKETS = ListTickets()
OF_HOLDER = OfHolder()
LEAVE_LINE = LeaveLine()
