"""Requests and answers of tickets, doors and attendance."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import IMAGINED, Localised, Strict, says
from imigr_kit.fields import Moment

MOST_SCANS = 100


class SessionOut(Localised):
    """What people are checked in to."""

    id = fields.String()
    title = fields.String()
    starts_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    ends_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    state = fields.String()


class EventTicketOut(Localised):
    """A ticket: the text is what its QR code holds."""

    ticket = fields.String(metadata=says("Signed text, see docs/tickets.md"))
    ticket_id = fields.String(metadata=says("What the list of cancelled tickets knows it by"))
    municipality = fields.String()
    event_id = fields.String()
    reference = fields.String()
    places = fields.Integer()
    good_until = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    title = fields.String()
    place = fields.String()
    address = fields.String()
    timezone = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    sessions = fields.List(fields.Nested(SessionOut))


class Keys(Schema):
    """Public keys that tickets and certificates are verified with."""

    municipality = fields.String()
    algorithm = fields.String()
    keys = fields.Dict(keys=fields.String(), values=fields.String(), metadata=says("Base64 by key id"))


class Cancelled(Schema):
    """Tickets that no longer open the doors of an event."""

    event_id = fields.String()
    municipality = fields.String()
    cancelled = fields.List(fields.String())


class Scan(Strict):
    """One look at a door: a ticket, a reference, or the number of people who have neither."""

    id = fields.String(required=True, metadata=says("Drawn by the device; makes a repetition harmless"))
    session_id = fields.String(load_default="main")
    ticket = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=600))
    reference = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    people = fields.Integer(load_default=None, allow_none=True, strict=True)
    door = fields.String(required=True, metadata=says("Code of the door, such as north"))
    scanner = fields.String(required=True, metadata=says("Code of the device"))
    at = Moment(
        load_default=None, allow_none=True, metadata=says("When it was seen, if the device had no network then")
    )


class Scans(Strict):
    """What a device has seen since it last told."""

    scans = fields.List(fields.Nested(Scan), required=True, validate=validate.Length(1, MOST_SCANS))


class Look(Schema):
    """When and where a ticket was shown."""

    at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    door = fields.String()
    scanner = fields.String()


class Outcome(Schema):
    """What became of one look."""

    id = fields.String()
    outcome = fields.String(metadata=says("accepted, duplicate or refused"))
    reason = fields.String(metadata=says("Why it was refused"))
    people = fields.Integer()
    entered_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    first = fields.Nested(Look, metadata=says("Of a duplicate: the entry"))
    also_shown = fields.List(fields.Nested(Look), metadata=says("Of an entry: later looks at the same ticket"))


class Outcomes(Schema):
    """One answer for each look, in order."""

    items = fields.List(fields.Nested(Outcome))


class SessionCount(SessionOut):
    """A session and who came."""

    expected_registrations = fields.Integer()
    expected_people = fields.Integer()
    entered_registrations = fields.Integer()
    entered_people = fields.Integer()
    walk_in_people = fields.Integer()
    duplicates = fields.Integer()


class ShownAgain(Schema):
    """A ticket that was shown more than once."""

    reference = fields.String(allow_none=True)
    session_id = fields.String()
    entry = fields.Nested(Look)
    shown_again = fields.List(fields.Nested(Look))


class Correction(Strict):
    """A check-in that was wrong, and how many people came in truth."""

    session_id = fields.String(load_default="main")
    reference = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    scan_id = fields.String(
        load_default=None, allow_none=True, metadata=says("Instead of a reference, for people who had none")
    )
    people = fields.Integer(required=True, strict=True, metadata=says("0: nobody came in"))
    reason = fields.String(
        required=True,
        validate=validate.OneOf(["wrong_person", "wrong_session", "wrong_count", "scanned_by_mistake"]),
    )


class CorrectionOut(Schema):
    """What was made right, when, why and by whom in staff."""

    event_id = fields.String()
    reference = fields.String(allow_none=True)
    session_id = fields.String()
    entered_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    by = fields.String(metadata=says("Id of a staff account"))
    reason = fields.String()
    people_before = fields.Integer()
    people = fields.Integer()


class AttendanceOut(Schema):
    """Who came, in numbers."""

    event_id = fields.String()
    sessions = fields.List(fields.Nested(SessionCount))
    duplicates = fields.List(fields.Nested(ShownAgain))
    corrections = fields.List(fields.Nested(CorrectionOut))
