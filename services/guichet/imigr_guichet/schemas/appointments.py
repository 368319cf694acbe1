"""Appointments on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Extras, Guichet
from imigr_guichet.domain.limits import Asker
from imigr_guichet.domain.states import REASONS, STEPS
from imigr_guichet.domain.text import wire_time
from imigr_guichet.handlers.booking import Booking
from imigr_guichet.handlers.changing import Reachable
from imigr_guichet.handlers.office import Office
from imigr_guichet.schemas.fields import CODE, ID, KEY, Instant
from imigr_kit.fields import HASH, LANGUAGE, SLUG, Day

CHANNEL = validate.OneOf(["sms", "email"])
KEYS_BEFORE = fields.List(fields.String(validate=HASH), load_default=list, validate=validate.Length(max=2))
"""The same contact under the keys of months before that still live."""


class Manage(Schema):
    """Who holds the link of an appointment; ``client_key`` is a keyed hash of the address that asks."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=HASH)
    client_key = fields.String(load_default=None, allow_none=True, validate=HASH)


class Change(Manage):
    """A repeatable command on an appointment."""

    idempotency_key = fields.String(required=True, validate=KEY)


class Move(Change):
    """To another start."""

    start = Instant(required=True)


class TakeUp(Change):
    """A hold becomes an appointment."""

    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    channel = fields.String(load_default=None, allow_none=True, validate=CHANNEL)
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    contact_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    contact_keys_before = KEYS_BEFORE


class Book(Schema):
    """A booking without an account; ``contact_id`` names a contact in the vault, or is absent. The keys are keyed
    hashes of who asks, for the limits."""

    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)
    start = Instant(required=True)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)
    manage_hash = fields.String(required=True, validate=HASH)
    contact_id = fields.String(load_default=None, allow_none=True, validate=ID)
    channel = fields.String(load_default=None, allow_none=True, validate=CHANNEL)
    message_language = fields.String(load_default="fr", validate=LANGUAGE)
    companion = fields.Boolean(load_default=False)
    child = fields.Boolean(load_default=False)
    interpreter = fields.Boolean(load_default=False)
    contact_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    contact_keys_before = KEYS_BEFORE
    client_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    network_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    device_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    proof = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
    idempotency_key = fields.String(required=True, validate=KEY)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Booking, str]:
        """The booking and its idempotency key."""
        return booking_of(data), data["idempotency_key"]


class BookSeat(Book):
    """A seat of a group session; start, topic and language are the session's."""

    session_id = fields.String(required=True, validate=ID)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The session's id, the booking, the idempotency key."""
        return data["session_id"], booking_of(data), data["idempotency_key"]


class BookForVisitor(Book):
    """On behalf of somebody, by staff or a partner."""

    actor = fields.Dict(required=True)
    booked_by = fields.String(load_default="staff", validate=validate.OneOf(["staff", "partner"]))
    desk = fields.String(load_default=None, allow_none=True, validate=ID)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The actor, the booking, the desk if one is named, the idempotency key."""
        return data["actor"], booking_of(data, data["booked_by"]), data["desk"], data["idempotency_key"]


class Agenda(Schema):
    """Which day of which guichet, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)
    date = Day(required=True)


class ByReference(Schema):
    """A spoken reference, at the desk."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    reference = fields.String(required=True, validate=validate.Length(min=1, max=20))


class StaffChange(Schema):
    """What staff do with one appointment."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    appointment_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=KEY)


class TakeStep(StaffChange):
    """A step of its day."""

    step = fields.String(required=True, validate=validate.OneOf(list(STEPS)))


class CancelForService(StaffChange):
    """With a closed reason."""

    reason = fields.String(required=True, validate=validate.OneOf(REASONS))


class StaffMove(StaffChange):
    """To another start."""

    start = Instant(required=True)


# One instance of each is enough, and making one costs more than a load.
AGENDA = Agenda()
BOOK = Book()
BOOK_FOR_VISITOR = BookForVisitor()
BOOK_SEAT = BookSeat()
BY_REFERENCE = ByReference()
CANCEL_FOR_SERVICE = CancelForService()
CHANGE = Change()
FORGET = Manage(only=("municipality", "manage_hash"))
MANAGE = Manage()
MOVE = Move()
STAFF_MOVE = StaffMove()
TAKE_STEP = TakeStep()
TAKE_UP = TakeUp()


def booking_of(data: Mapping[str, Any], booked_by: str = "public") -> Booking:
    """The booking in loaded fields."""
    return Booking(
        municipality=data["municipality"],
        guichet_id=data["guichet_id"],
        start=data["start"],
        topic=data["topic"],
        language=data["language"],
        manage_hash=data["manage_hash"],
        contact_id=data["contact_id"],
        channel=data["channel"],
        message_language=data["message_language"],
        extras=Extras(data["companion"], data["child"], data["interpreter"]),
        booked_by=booked_by,
        asker=Asker(
            data["contact_key"],
            data["client_key"],
            data["device_key"],
            data["network_key"],
            data["proof"],
            tuple(data["contact_keys_before"]),
        ),
    )


def reachable_of(data: dict[str, Any]) -> Reachable:
    """How the person of a hold wants to be reached; takes these fields out."""
    names = ("contact_id", "channel", "message_language")
    keys = (data.pop("contact_key"), *data.pop("contact_keys_before"))
    contact_id, channel, language = (data.pop(name) for name in names)
    return Reachable(contact_id, channel, language, tuple(one for one in keys if one is not None))


def agenda_out(appointments: Iterable[Appointment]) -> dict[str, Any]:
    """The agenda of a day for staff; no contact is in it."""
    return {"items": [agenda_row(one) for one in appointments]}


def agenda_row(one: Appointment) -> dict[str, Any]:
    """One appointment as staff see it."""
    return {
        "id": one.id,
        "municipality": one.municipality,
        "guichet_id": one.guichet_id,
        "desk": one.desk,
        "start": wire_time(one.start),
        "end": wire_time(one.end),
        "topic": one.topic,
        "language": one.language,
        "state": str(one.state),
        "version": one.version,
        "booked_by": one.booked_by,
        "interpreter": one.interpreter,
        "session_id": one.session_id,
        "is_extra": one.is_extra,
        "stranded": one.stranded,
        "will_come": one.will_come,
        "reachable": one.contact_id is not None,
    }


def with_place(said: dict[str, Any], guichet: Guichet | None) -> dict[str, Any]:
    """An answer about an appointment with the name and address of where it is, and what to bring."""
    if guichet is None:
        return said
    bring = next((one.bring for one in guichet.topics if one.code == said["topic"]), ())
    place = {"guichet_name": guichet.name, "address": guichet.address, "timezone": guichet.timezone}
    more = {"demonstration": guichet.demonstration, "bring": [{"name": one} for one in bring]}
    return said | place | more


def told(office: Office, said: dict[str, Any]) -> dict[str, Any]:
    """An answer to a visitor."""
    return with_place(said, office.plans.get(said["guichet_id"]))


def to_staff(said: dict[str, Any]) -> dict[str, Any]:
    """An answer to staff: without the id of a contact."""
    return {name: value for name, value in said.items() if name != "contact_id"}
