"""Requests and answers of training pathways and their evaluation."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Localised, Strict, says
from imigr_kit.fields import Day


class NewPathway(Strict):
    """A pathway as staff write it; the service checks it in full."""

    pathway = fields.Dict(
        required=True,
        metadata=says("title, event_ids, places, trainers, focal_points, coaching, questions; functions and numbers"),
    )


class PathwayChange(NewPathway):
    """A pathway planned anew, on the version that was read."""

    version = fields.Integer(required=True, strict=True)


class CoachingDone(Strict):
    """When a coaching day took place."""

    done_on = Day(required=True)
    version = fields.Integer(required=True, strict=True)


class FocalPoints(Schema):
    """Focal points of a role, in numbers."""

    role = fields.String()
    planned = fields.Integer()
    produced = fields.Integer()


class Coaching(Schema):
    """A coaching day."""

    id = fields.String()
    day = fields.String(metadata=says("ISO 8601", format="date"))
    minutes = fields.Integer()
    topic = fields.String()
    state = fields.String(metadata=says("planned or done"))
    done_on = fields.String(allow_none=True, metadata=says("ISO 8601", format="date"))


class Course(Localised):
    """An event of a pathway."""

    event_id = fields.String()
    title = fields.String()
    state = fields.String()
    sessions = fields.Integer(metadata=says("How many take place"))


class Option(Localised):
    """A closed answer."""

    code = fields.String()
    title = fields.String()


class EvaluationQuestion(Localised):
    """A question with closed answers."""

    code = fields.String()
    title = fields.String()
    options = fields.List(fields.Nested(Option))
    required = fields.Boolean()
    several = fields.Boolean()


class PathwayOut(Localised):
    """A training pathway: nobody in it has a name."""

    id = fields.String()
    municipality = fields.String()
    title = fields.String()
    event_ids = fields.List(fields.String())
    courses = fields.List(fields.Nested(Course))
    places = fields.Integer()
    trainers = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=says("Number by function"))
    focal_points = fields.List(fields.Nested(FocalPoints))
    coaching = fields.List(fields.Nested(Coaching))
    questions = fields.List(fields.Nested(EvaluationQuestion))
    version = fields.Integer()


class Pathways(Schema):
    """Pathways of a town."""

    items = fields.List(fields.Nested(PathwayOut))


class EvaluationResult(Localised):
    """Counts of a question."""

    code = fields.String()
    title = fields.String()
    counts = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(allow_none=True),
        metadata=says("By option; null is not shown, since it is small or would give a small one away"),
    )


class EvaluationResults(Schema):
    """Counted answers as of the last multiple of five sheets."""

    pathway_id = fields.String()
    sheets = fields.Integer(allow_none=True)
    questions = fields.List(fields.Nested(EvaluationResult))


class Questionnaire(Localised):
    """What those who took part are asked."""

    pathway_id = fields.String()
    title = fields.String()
    questions = fields.List(fields.Nested(EvaluationQuestion))


class Sheet(Strict):
    """Chosen options by question; they are counted and kept with nobody."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)),
        values=fields.List(fields.String(validate=validate.Length(max=40)), validate=validate.Length(max=12)),
        required=True,
    )


class Counted(Schema):
    """That a sheet is in the counts."""

    counted = fields.Boolean()
    is_first = fields.Boolean(metadata=says("False when this registration had answered before: nothing was counted"))
