"""The questionnaire of a training, for those who took part: closed answers, counted and kept with nobody."""

from __future__ import annotations

from typing import Any

from imigr_gateway.commands import backends, for_reader
from imigr_gateway.doors import public
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import pathways as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint("evaluations", __name__, url_prefix="/api/v1", description="Evaluation of trainings")


@blueprint.get("/registrations/<manage_token>/evaluation")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Questionnaire)
@public
def get_evaluation(query: dict[str, Any], manage_token: str) -> Any:
    """The questionnaire of the training behind a manage link."""
    return for_reader(_call("get_evaluation", manage_token))


@blueprint.post("/registrations/<manage_token>/evaluation")
@blueprint.arguments(shapes.Sheet)
@blueprint.response(200, shapes.Counted)
@public
def answer_evaluation(data: dict[str, Any], manage_token: str) -> Any:
    """Answer it once; a repetition is harmless."""
    return _call("answer_evaluation", manage_token, answers=data["answers"])


def _call(method: str, manage_token: str, **more: Any) -> Any:
    municipality, manage_hash = split_token(manage_token)
    return backends().call("events", method, municipality, municipality=municipality, manage_hash=manage_hash, **more)
