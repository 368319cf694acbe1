"""Municipalities, themes and local services."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.directory.blueprint import blueprint
from imigr_gateway.commands import backends, for_reader
from imigr_gateway.doors import public
from imigr_gateway.languages import chain
from imigr_gateway.shapes import base
from imigr_gateway.shapes import directory as shapes


@blueprint.get("/municipalities")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Municipalities)
@public
def list_municipalities(query: dict[str, Any]) -> Any:
    """Municipalities that take part."""
    return for_reader(backends().call("directory", "list_municipalities", None))


@blueprint.get("/taxonomy")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Taxonomy)
@public
def list_taxonomy(query: dict[str, Any]) -> Any:
    """Themes of services, with their parents."""
    return for_reader(backends().call("directory", "list_taxonomy", None))


@blueprint.get("/services")
@blueprint.arguments(shapes.ServiceSearch, location="query")
@blueprint.response(200, shapes.Services)
@public
def search_services(query: dict[str, Any]) -> Any:
    """Search local services by words, theme, municipality and distance."""
    asked = {name: value for name, value in query.items() if name != "lang" and value is not None}
    languages = list(chain("", query["lang"]))[:3]
    answers = backends().gather("directory", "search_services", query["municipality"], **asked, languages=languages)
    return for_reader(merged(answers, query["page"], query["per_page"]))


@blueprint.get("/services/<service_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.ServiceOut)
@public
def get_service(query: dict[str, Any], service_id: str) -> Any:
    """One local service."""
    return for_reader(backends().find("directory", "get_service", service_id=service_id))


def merged(answers: list[dict[str, Any]], page: int, per_page: int) -> dict[str, Any]:
    """The pages of several backends as one: items side by side, totals added."""
    items = [item for answer in answers for item in answer["items"]]
    total = sum(answer.get("total", len(answer["items"])) for answer in answers)
    return {
        "items": items[:per_page] if len(answers) > 1 else items,
        "total": total,
        "page": page,
        "per_page": per_page,
    }
