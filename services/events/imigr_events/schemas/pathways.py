"""Training pathways on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from imigr_events.domain import Event
from imigr_events.domain.parts import Question
from imigr_events.domain.pathways import ROLES, TOPICS, TRAINERS, CoachingDay, FocalPoints, Pathway
from imigr_events.domain.sittings import sittings
from imigr_events.schemas.base import ID, KEY, Manage, text_by_language
from imigr_kit.fields import SLUG, Day, Pattern
from imigr_kit.ids import NewId

CODE = Pattern(r"[a-z0-9]+([_-][a-z0-9]+)*")
COUNT = validate.Range(0, 500)


class CoachingShape(Schema):
    """A coaching day."""

    id = fields.String(load_default=None, allow_none=True, validate=ID)
    day = Day(required=True)
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(15, 1440))
    topic = fields.String(required=True, validate=validate.OneOf(TOPICS))


class FocalPointsShape(Schema):
    """Focal points of a role, in numbers."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    planned = fields.Integer(required=True, strict=True, validate=COUNT)
    produced = fields.Integer(load_default=0, strict=True, validate=COUNT)


class QuestionShape(Schema):
    """A question with closed answers."""

    code = fields.String(required=True, validate=validate.And(CODE, validate.Length(max=40)))
    text = text_by_language(300)
    options = fields.Dict(
        keys=fields.String(validate=validate.And(CODE, validate.Length(max=40))),
        values=fields.Dict(keys=fields.String(), values=fields.String(validate=validate.Length(1, 200))),
        required=True,
        validate=validate.Length(2, 12),
    )
    required = fields.Boolean(load_default=False)
    several = fields.Boolean(load_default=False)


class PathwayShape(Schema):
    """A pathway as staff write it."""

    title = text_by_language(200)
    event_ids = fields.List(fields.String(validate=ID), load_default=list, validate=validate.Length(max=20))
    places = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    trainers = fields.Dict(
        keys=fields.String(validate=validate.OneOf(TRAINERS)),
        values=fields.Integer(strict=True, validate=validate.Range(1, 100)),
        load_default=dict,
    )
    focal_points = fields.List(fields.Nested(FocalPointsShape), load_default=list, validate=validate.Length(max=20))
    coaching = fields.List(fields.Nested(CoachingShape), load_default=list, validate=validate.Length(max=100))
    questions = fields.List(fields.Nested(QuestionShape), load_default=list, validate=validate.Length(max=30))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Nothing is there twice."""
        lists = {
            "event_ids": data.get("event_ids", []),
            "focal_points": [one["role"] for one in data.get("focal_points", [])],
            "questions": [one["code"] for one in data.get("questions", [])],
            "coaching": [one["id"] for one in data.get("coaching", []) if one["id"]],
        }
        twice = {name: ["the same twice"] for name, found in lists.items() if len(set(found)) < len(found)}
        if twice:
            raise ValidationError(twice)


class CreatePathway(Schema):
    """Who plans what."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    pathway = fields.Nested(PathwayShape, required=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class ChangePathway(Schema):
    """Who plans what anew, on which version."""

    actor = fields.Dict(required=True)
    pathway_id = fields.String(required=True, validate=ID)
    version = fields.Integer(required=True, strict=True)
    pathway = fields.Nested(PathwayShape, required=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class NoteCoaching(Schema):
    """Which coaching day took place, and when."""

    actor = fields.Dict(required=True)
    pathway_id = fields.String(required=True, validate=ID)
    coaching_id = fields.String(required=True, validate=ID)
    done_on = Day(required=True)
    version = fields.Integer(required=True, strict=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class OfTown(Schema):
    """Whose pathways, and who asks."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)


class OnePathway(OfTown):
    """Which one."""

    pathway_id = fields.String(required=True, validate=ID)


class Evaluate(Manage):
    """A sheet: chosen options by question."""

    answers = fields.Dict(
        keys=fields.String(validate=CODE),
        values=fields.List(fields.String(validate=CODE), validate=validate.Length(max=12)),
        required=True,
    )


CREATE_PATHWAY = CreatePathway()
CHANGE_PATHWAY = ChangePathway()
NOTE_COACHING = NoteCoaching()
PATHWAYS_OF_TOWN = OfTown()
ONE_PATHWAY = OnePathway()
EVALUATE = Evaluate()


def pathway_values(data: dict[str, Any], new_id: NewId) -> dict[str, Any]:
    """Values of a Pathway from loaded PathwayShape data."""
    return {
        "title": data["title"],
        "event_ids": tuple(data["event_ids"]),
        "places": data["places"],
        "trainers": data["trainers"],
        "focal_points": tuple(FocalPoints(**one) for one in data["focal_points"]),
        "coaching": tuple(CoachingDay(**one | {"id": one["id"] or new_id()}) for one in data["coaching"]),
        "questions": tuple(Question(**one) for one in data["questions"]),
    }


def pathway_of(data: dict[str, Any], municipality: str, new_id: NewId) -> Pathway:
    """A new pathway."""
    return Pathway(id=new_id(), municipality=municipality, version=1, **pathway_values(data, new_id))


def pathway_out(pathway: Pathway) -> dict[str, Any]:
    """A pathway for staff."""
    return {
        "id": pathway.id,
        "municipality": pathway.municipality,
        "title": dict(pathway.title),
        "event_ids": list(pathway.event_ids),
        "places": pathway.places,
        "trainers": dict(pathway.trainers),
        "focal_points": [
            {"role": one.role, "planned": one.planned, "produced": one.produced} for one in pathway.focal_points
        ],
        "coaching": [
            {"id": one.id, "day": one.day.isoformat(), "minutes": one.minutes, "topic": one.topic}
            | {"state": "done" if one.done_on else "planned", "done_on": _day(one.done_on)}
            for one in pathway.coaching
        ],
        "questions": questions_out(pathway.questions),
        "version": pathway.version,
    }


def pathway_in_full(pathway: Pathway, events: Sequence[Event]) -> dict[str, Any]:
    """A pathway with its courses and how much there is of them."""
    courses = [
        {
            "event_id": one.id,
            "title": dict(one.title),
            "state": str(one.state),
            "sessions": len([sitting for sitting in sittings(one) if not sitting.is_cancelled]),
        }
        for one in events
    ]
    return pathway_out(pathway) | {"courses": courses}


def questions_out(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """A questionnaire."""
    return [
        {
            "code": one.code,
            "title": dict(one.text),
            "options": [{"code": code, "title": dict(text)} for code, text in one.options.items()],
            "required": one.required,
            "several": one.several,
        }
        for one in questions
    ]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
