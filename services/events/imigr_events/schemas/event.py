"""Events on the wire: as staff write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from imigr_events.domain import (
    CATEGORIES,
    Event,
    EventState,
    Group,
    Mode,
    Question,
    Recurrence,
    Session,
    in_order,
)
from imigr_events.schemas.base import CODE, ID, KEY, moment, text_by_language
from imigr_events.series import BadRule, dates
from imigr_kit.fields import LANGUAGE, SLUG

AUDIENCES = ("everyone", "women", "youth", "families", "workers", "mediators", "municipal_staff", "partners")
ACCESSIBILITY = ("wheelchair", "sign_language", "hearing_loop", "easy_language", "interpreter", "quiet_room")
ZONES = frozenset(available_timezones())
URL = [validate.URL(schemes={"https", "http"}), validate.Length(max=500)]
_CODES = validate.Length(max=20)


class ListEvents(Schema):
    """Which events."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    from_time = moment()
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))


class WriteEvents(ListEvents):
    """Which events, and the reader's languages in order."""

    languages = fields.List(fields.String(validate=LANGUAGE), required=True, validate=validate.Length(1, 12))


class GetEvent(Schema):
    """Which event."""

    event_id = fields.String(required=True, validate=validate.Length(min=1, max=64))


class Location(Schema):
    """A point in WGS 84."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))


class GroupIn(Schema):
    """Places kept for a kind of seat."""

    code = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    places = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 5000))
    share = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 100))
    released_at = moment()
    most = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 5000))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A number or a share."""
        if (data.get("places") is None) == (data.get("share") is None):
            raise ValidationError("give places or share", "places")


class SessionIn(Schema):
    """One session of a programme."""

    title = text_by_language(200)
    starts_at = moment(required=True)
    ends_at = moment(required=True)
    room = text_by_language(100, required=False)
    functions = fields.List(text_by_language(100), load_default=list, validate=_CODES)
    capacity = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 5000))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """The end lies after the start."""
        if "starts_at" in data and "ends_at" in data and data["ends_at"] <= data["starts_at"]:
            raise ValidationError("must be after starts_at", "ends_at")


class RecurrenceIn(Schema):
    """The rule of a series."""

    rrule = fields.String(required=True, validate=validate.Length(min=6, max=300))
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(5, 24 * 60))


class QuestionIn(Schema):
    """A question with closed answers."""

    code = fields.String(required=True, validate=[CODE, validate.Length(max=40)])
    text = text_by_language(300)
    options = fields.Dict(
        keys=fields.String(validate=[CODE, validate.Length(max=40)]),
        values=text_by_language(200),
        required=True,
        validate=validate.Length(min=2, max=20),
    )
    required = fields.Boolean(load_default=False)
    several = fields.Boolean(load_default=False)


class Written(Schema):
    """What staff write about an event."""

    title = text_by_language(200)
    summary = text_by_language(2000, required=False)
    place = text_by_language(200)
    address = text_by_language(300, required=False)
    location = fields.Nested(Location, load_default=None, allow_none=True)
    online_url = fields.String(load_default=None, allow_none=True, validate=URL)
    starts_at = moment(required=True)
    ends_at = moment(required=True)
    timezone = fields.String(load_default="Africa/Tunis", validate=validate.OneOf(ZONES, error="no IANA time zone"))
    capacity = fields.Integer(required=True, strict=True, validate=validate.Range(0, 5000))
    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list, validate=_CODES)
    registration = fields.String(load_default="open", validate=validate.OneOf([str(one) for one in Mode]))
    municipalities = fields.List(fields.String(validate=SLUG), load_default=list, validate=_CODES)
    organisers = fields.List(text_by_language(200), load_default=list, validate=_CODES)
    audience = fields.List(fields.String(validate=validate.OneOf(AUDIENCES)), load_default=list, validate=_CODES)
    themes = fields.List(fields.String(validate=CODE), load_default=list, validate=_CODES)
    accessibility = fields.List(
        fields.String(validate=validate.OneOf(ACCESSIBILITY)), load_default=list, validate=_CODES
    )
    childcare = fields.Boolean(load_default=False)
    illustration_url = fields.String(load_default=None, allow_none=True, validate=URL)
    illustration_alt = text_by_language(300, required=False)
    opens_at = moment()
    closes_at = moment()
    offer_hours = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 168))
    groups = fields.List(fields.Nested(GroupIn), load_default=list, validate=validate.Length(max=len(CATEGORIES)))
    sessions = fields.List(fields.Nested(SessionIn), load_default=list, validate=validate.Length(max=100))
    choose_sessions = fields.Boolean(load_default=False)
    recurrence = fields.Nested(RecurrenceIn, load_default=None, allow_none=True)
    questions = fields.List(fields.Nested(QuestionIn), load_default=list, validate=_CODES)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Times in order, each kind and question once, kept places within the capacity, dates by rule or by hand."""
        wrong: dict[str, list[str]] = {}
        if "starts_at" in data and "ends_at" in data and data["ends_at"] <= data["starts_at"]:
            wrong["ends_at"] = ["must be after starts_at"]
        for name in ("groups", "questions"):
            codes = [one["code"] for one in data.get(name, ())]
            if len(set(codes)) < len(codes):
                wrong[name] = ["the same code twice"]
        if data.get("recurrence") and data.get("sessions"):
            wrong["sessions"] = ["follow from recurrence"]
        if wrong:
            raise ValidationError(wrong)


class NewEvent(Written):
    """An event as staff write it."""

    id = fields.String(load_default=None, allow_none=True, validate=ID)
    municipality = fields.String(required=True, validate=SLUG)


class CreateEvent(Schema):
    """Who creates what."""

    actor = fields.Dict(required=True)
    event = fields.Nested(NewEvent, required=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class Step(Schema):
    """A step on an event at a version."""

    actor = fields.Dict(required=True)
    event_id = fields.String(required=True, validate=ID)
    version = fields.Integer(required=True, strict=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class EditEvent(Step):
    """Some of what is written about an event, in new words."""

    changes = fields.Nested(Written(partial=True, unknown=RAISE), required=True)


class Postpone(Step):
    """Another date, or none that is known yet."""

    starts_at = moment()
    ends_at = moment()

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Both or neither, in order."""
        starts, ends = data["starts_at"], data["ends_at"]
        if (starts is None) != (ends is None) or (starts is not None and ends <= starts):
            raise ValidationError("give both or neither, the end after the start", "ends_at")


class AddSession(Step):
    """One more session."""

    session = fields.Nested(SessionIn, required=True)


class OneSession(Step):
    """Which session."""

    session_id = fields.String(required=True, validate=ID)


class ChangeSession(OneSession):
    """What is another about a session."""

    session = fields.Nested(SessionIn(partial=True), required=True)


class IssueCodes(Schema):
    """How many invitation codes, and for how many places each."""

    actor = fields.Dict(required=True)
    event_id = fields.String(required=True, validate=ID)
    number = fields.Integer(required=True, strict=True, validate=validate.Range(1, 200))
    places = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 100))
    idempotency_key = fields.String(required=True, validate=KEY)


class OwnEvents(Schema):
    """Whose events, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))


class OwnEvent(Schema):
    """Which event, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    event_id = fields.String(required=True, validate=ID)


ADD_SESSION = AddSession()
CHANGE_SESSION = ChangeSession()
CREATE_EVENT = CreateEvent()
EDIT_EVENT = EditEvent()
GET_EVENT = GetEvent()
ISSUE_CODES = IssueCodes()
LIST_EVENTS = ListEvents()
ONE_SESSION = OneSession()
OWN_EVENT = OwnEvent()
OWN_EVENTS = OwnEvents()
POSTPONE = Postpone()
STEP = Step()
WRITE_EVENTS = WriteEvents()


def draft_of(data: Mapping[str, Any], new_id: Callable[[], str]) -> Event:
    """A draft from loaded NewEvent data. Raises ValidationError for a rule that gives no dates."""
    event_id = data["id"] or new_id()
    values = values_of(data, new_id) | {"id": event_id, "state": EventState.DRAFT, "version": 1}
    if values["recurrence"] is not None:
        values |= _by_rule(event_id, values)
    return Event(**values)


def values_of(data: Mapping[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    """Values of an event's fields from what staff wrote of them."""
    values = {name: tuple(one) if isinstance(one, list) else one for name, one in data.items()}
    values |= {name: one.astimezone(UTC) for name, one in data.items() if isinstance(one, datetime)}
    if "groups" in data:
        values["groups"] = tuple(Group(**_in_utc(one)) for one in data["groups"])
    if "sessions" in data:
        values["sessions"] = in_order([session_of(one, new_id()) for one in data["sessions"]])
    if "questions" in data:
        values["questions"] = tuple(Question(**one) for one in data["questions"])
    if data.get("recurrence") is not None:
        values["recurrence"] = Recurrence(**data["recurrence"])
    return values


def session_of(data: Mapping[str, Any], session_id: str) -> Session:
    """A session from loaded SessionIn data."""
    return Session(id=session_id, **session_values(data))


def session_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a session's fields from what staff wrote of them."""
    values = _in_utc(data)
    return values | ({"functions": tuple(values["functions"])} if "functions" in values else {})


def _by_rule(event_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A series: each date is a session of its own, so that one can be moved, called off, and registered for."""
    try:
        found = dates(event_id, values["title"], values["starts_at"], values["timezone"], values["recurrence"])
    except BadRule as error:
        raise ValidationError({"event": {"recurrence": {"rrule": [str(error)]}}}) from error
    return {"sessions": in_order(found), "starts_at": found[0].starts_at, "ends_at": found[-1].ends_at}


def _in_utc(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.astimezone(UTC) if isinstance(one, datetime) else one for name, one in data.items()}
