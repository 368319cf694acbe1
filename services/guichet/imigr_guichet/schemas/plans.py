"""Plans, absences, sessions and calendars on the wire, for staff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers.planning import Stranding
from imigr_guichet.schemas.appointments import agenda_row
from imigr_guichet.schemas.fields import CODE, ID, KEY, Instant
from imigr_guichet.written import absence_of, guichet_of, guichet_row
from imigr_kit.fields import LANGUAGE, SLUG, Day, Pattern

TIME = Pattern(r"([01][0-9]|2[0-4]):[0-5][0-9]")


def _text(*, required: bool = False) -> fields.Dict:
    """A text by language."""
    words = fields.String(validate=validate.Length(min=1, max=500))
    return fields.Dict(keys=fields.String(validate=LANGUAGE), values=words, required=required)


def _spans(**more: Any) -> Any:
    """Pairs of wall-clock times."""
    span = fields.List(fields.String(validate=TIME), validate=validate.Length(equal=2))
    return fields.List(span, validate=validate.Length(max=12), **more)


class TopicBody(Schema):
    """See domain.guichet.Topic."""

    code = fields.String(required=True, validate=CODE)
    name = _text(required=True)
    minutes = fields.Integer(required=True, strict=True)
    before = fields.Integer(strict=True)
    after = fields.Integer(strict=True)
    notice_minutes = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 60 * 24 * 60))
    horizon_days = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 400))
    open_to = fields.List(fields.String())
    bring = fields.List(_text(), validate=validate.Length(max=20))
    companion_minutes = fields.Integer(strict=True)
    child_minutes = fields.Integer(strict=True)
    interpreter_minutes = fields.Integer(strict=True)
    confirmed_by_staff = fields.Boolean()
    group = fields.Boolean()


class AssignmentBody(Schema):
    """Who sits at a desk, from when to when."""

    mediator = fields.String(required=True, validate=CODE)
    valid_from = Day(required=True)
    valid_until = Day(allow_none=True, load_default=None)


class MediatorBody(Schema):
    """A mediator by code."""

    code = fields.String(required=True, validate=CODE)
    languages = fields.List(fields.String(validate=LANGUAGE), required=True)
    topics = fields.List(fields.String(validate=CODE), required=True)


class DeskBody(Schema):
    """A desk."""

    code = fields.String(required=True, validate=CODE)
    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list)
    topics = fields.List(fields.String(validate=CODE), load_default=list)
    assignments = fields.List(fields.Nested(AssignmentBody), load_default=list)


class RuleBody(Schema):
    """A recurrence with its hours."""

    rrule = fields.String(required=True, validate=validate.Length(max=200))
    spans = _spans(required=True)
    valid_from = Day(required=True)
    valid_until = Day(allow_none=True, load_default=None)
    breaks = _spans(load_default=list)
    desks = fields.List(fields.String(), load_default=list)


class ExceptionBody(Schema):
    """One date with other hours."""

    date = Day(required=True)
    spans = _spans(load_default=list)


class RegimeBody(Schema):
    """Hours that cut all others in a period."""

    code = fields.String(required=True, validate=CODE)
    first = Day(required=True)
    last = Day(required=True)
    hours = fields.Dict(keys=fields.String(validate=validate.OneOf("0123456")), values=_spans(), required=True)


class PlanBody(Schema):
    """What of a guichet staff may change; what is left out stays."""

    name = _text()
    address = _text()
    accessibility = fields.List(fields.String(validate=CODE))
    timezone = fields.String()
    topics = fields.List(fields.Nested(TopicBody), validate=validate.Length(min=1, max=50))
    desks = fields.List(fields.Nested(DeskBody), validate=validate.Length(max=100))
    mediators = fields.List(fields.Nested(MediatorBody), validate=validate.Length(max=200))
    rules = fields.List(fields.Nested(RuleBody), validate=validate.Length(max=100))
    exceptions = fields.List(fields.Nested(ExceptionBody), validate=validate.Length(max=500))
    regimes = fields.List(fields.Nested(RegimeBody), validate=validate.Length(max=20))
    holidays = fields.String(allow_none=True)
    step_minutes = fields.Integer(strict=True)
    notice_minutes = fields.Integer(strict=True, validate=validate.Range(0, 60 * 24 * 60))
    horizon_days = fields.Integer(strict=True, validate=validate.Range(0, 400))
    walk_in_share = fields.Integer(strict=True)
    interpreters = fields.List(fields.String(validate=LANGUAGE))
    state = fields.String()


class OfGuichet(Schema):
    """Staff ask about a guichet."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    guichet_id = fields.String(required=True, validate=ID)


class PreviewPlan(OfGuichet):
    """A plan on the version that was read."""

    version = fields.Integer(required=True, strict=True)
    plan = fields.Nested(PlanBody, required=True)


class ChangePlan(PreviewPlan):
    """The same, to be saved."""

    idempotency_key = fields.String(required=True, validate=KEY)


class RegisterAbsence(OfGuichet):
    """A mediator is away; ``dry`` shows what would follow."""

    mediator = fields.String(required=True, validate=CODE)
    start = Instant(required=True)
    end = Instant(required=True)
    dry = fields.Boolean(load_default=False)
    idempotency_key = fields.String(required=True, validate=KEY)

    @validates_schema
    def _forward(self, data: dict[str, Any], **_: Any) -> None:
        if data["end"] <= data["start"]:
            raise ValidationError("ends before it begins", "end")


class WithdrawAbsence(OfGuichet):
    """The mediator is there after all."""

    absence_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=KEY)


class PlanSession(OfGuichet):
    """A group session."""

    desk = fields.String(required=True, validate=ID)
    start = Instant(required=True)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)
    capacity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 200))
    idempotency_key = fields.String(required=True, validate=KEY)


class ChangeSession(Schema):
    """Call a session off."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    session_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=KEY)


class ResizeSession(ChangeSession):
    """Another capacity."""

    capacity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 200))


class OpenFeed(OfGuichet):
    """A private calendar of a mediator, by the hash of its secret."""

    mediator = fields.String(required=True, validate=CODE)
    secret_hash = fields.String(required=True, validate=Pattern(r"[0-9a-f]{64}"))
    idempotency_key = fields.String(required=True, validate=KEY)


class SetCalendar(Schema):
    """Confirmed holidays by year, and regimes."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    years = fields.Dict(
        keys=fields.String(validate=Pattern(r"20[0-9]{2}")),
        values=fields.List(Day(), validate=validate.Length(max=60)),
        required=True,
    )
    regimes = fields.List(fields.Nested(RegimeBody), load_default=list)
    idempotency_key = fields.String(required=True, validate=KEY)


# One instance of each is enough, and making one costs more than a load.
CHANGE_PLAN = ChangePlan()
CHANGE_SESSION = ChangeSession()
OF_GUICHET = OfGuichet()
OPEN_FEED = OpenFeed()
PLAN_SESSION = PlanSession()
PREVIEW_PLAN = PreviewPlan()
REGISTER_ABSENCE = RegisterAbsence()
RESIZE_SESSION = ResizeSession()
SET_CALENDAR = SetCalendar()
WITHDRAW_ABSENCE = WithdrawAbsence()


def changed_plan(current: Guichet, version: int, body: dict[str, Any]) -> Guichet:
    """The plan as it would be, on the version that was read."""
    row = guichet_row(current) | rows(body)
    made = guichet_of(row | {"_id": current.id, "version": version})
    return replace(made, closed=current.closed, town_regimes=current.town_regimes)


def absence_from(wanted: dict[str, Any], absence_id: str) -> Any:
    """The absence in loaded fields."""
    return absence_of({"id": absence_id, **{name: wanted[name] for name in ("mediator", "start", "end")}})


def plan_out(guichet: Guichet) -> dict[str, Any]:
    """The whole plan as staff see and change it."""
    row: dict[str, Any] = rows(guichet_row(guichet))
    return row | {"id": guichet.id, "closed": sorted(day.isoformat() for day in guichet.closed)}


def strandings_out(found: Iterable[Stranding]) -> list[dict[str, Any]]:
    """Whom a change strands, and the desk that could take or took them."""
    return [
        {"appointment": agenda_row(one.appointment), "reason": one.reason, "new_desk": one.new_desk} for one in found
    ]


def rows(value: Any) -> Any:
    """The same with dates and instants as ISO text, at any depth."""
    if isinstance(value, dict):
        return {name: rows(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rows(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
