"""Organizations, locations, articles on rights and alerts."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.directory.blueprint import blueprint
from imigr_gateway.api.directory.services import merged
from imigr_gateway.commands import backends, for_reader
from imigr_gateway.doors import public
from imigr_gateway.shapes import base
from imigr_gateway.shapes.directory import records as shapes


@blueprint.get("/organizations")
@blueprint.arguments(shapes.ByTheme, location="query")
@blueprint.response(200, shapes.Organizations)
@public
def list_organizations(query: dict[str, Any]) -> Any:
    """Organizations, by name."""
    return _listed("organization", query)


@blueprint.get("/organizations/<record_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.OrganizationOut)
@public
def get_organization(query: dict[str, Any], record_id: str) -> Any:
    """One organization."""
    return _one("organization", record_id)


@blueprint.get("/locations")
@blueprint.arguments(base.Paged, location="query")
@blueprint.response(200, shapes.Locations)
@public
def list_locations(query: dict[str, Any]) -> Any:
    """Locations, by name."""
    return _listed("location", query)


@blueprint.get("/locations/<record_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.OpenLocation)
@public
def get_location(query: dict[str, Any], record_id: str) -> Any:
    """One location."""
    return _one("location", record_id)


@blueprint.get("/articles")
@blueprint.arguments(shapes.ByTheme, location="query")
@blueprint.response(200, shapes.Articles)
@public
def list_articles(query: dict[str, Any]) -> Any:
    """Articles on rights: those of a town together with those common to all, in their order."""
    return _listed("article", query)


@blueprint.get("/articles/<record_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.ArticleOut)
@public
def get_article(query: dict[str, Any], record_id: str) -> Any:
    """One article on rights."""
    return _one("article", record_id)


@blueprint.get("/alerts")
@blueprint.arguments(base.Paged, location="query")
@blueprint.response(200, shapes.Alerts)
@public
def list_alerts(query: dict[str, Any]) -> Any:
    """What is to be known just now: closed offices, campaigns."""
    return _listed("alert", query)


@blueprint.get("/alerts/<record_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.AlertOut)
@public
def get_alert(query: dict[str, Any], record_id: str) -> Any:
    """One alert, also before and after its time."""
    return _one("alert", record_id)


def _listed(kind: str, query: dict[str, Any]) -> Any:
    asked = {name: value for name, value in query.items() if name != "lang" and value is not None}
    answers = backends().gather("directory", "list_public_records", query["municipality"], kind=kind, **asked)
    return for_reader(merged(answers, query["page"], query["per_page"]))


def _one(kind: str, record_id: str) -> Any:
    return for_reader(backends().find("directory", "get_public_record", record_id=record_id, kind=kind))
