"""Municipalities, themes and local services."""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from typing import Any

from flask import Response, request

from imigr_gateway.api.directory.blueprint import blueprint
from imigr_gateway.commands import backends, for_reader, here
from imigr_gateway.directory import jsonld
from imigr_gateway.doors import public
from imigr_gateway.languages import FALLBACK, chain
from imigr_gateway.shapes import base
from imigr_gateway.shapes import directory as shapes

MOST_LANGUAGES = 5


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
    """Search local services by words, theme, municipality, distance, language spoken, accessibility, cost, hours."""
    asked = {name: value for name, value in query.items() if name not in ("lang", "speaks") and value is not None}
    asked |= {"languages": list(speakable(_reader(query["lang"]))), "spoken": query["speaks"]}
    if query["open_at"] is not None:
        asked["open_at"] = query["open_at"].isoformat()
    answers = backends().gather("directory", "write_services", query["municipality"], **asked)
    return Response(written(answers, query["page"], query["per_page"]), content_type="application/json")


@blueprint.get("/services/<service_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.OpenService)
@public
def get_service(query: dict[str, Any], service_id: str) -> Any:
    """One local service; as JSON-LD (schema.org) when that is what is accepted."""
    found = backends().find("directory", "get_service", service_id=service_id)
    if request.accept_mimetypes.best_match(("application/json", jsonld.MEDIA_TYPE)) == jsonld.MEDIA_TYPE:
        return _linked(found, query["lang"])
    return for_reader(_with_link(found))


@blueprint.get("/services/<service_id>.jsonld")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.LinkedService, content_type=jsonld.MEDIA_TYPE)
@public
def get_service_as_jsonld(query: dict[str, Any], service_id: str) -> Any:
    """One local service as JSON-LD in the words of schema.org."""
    return _linked(backends().find("directory", "get_service", service_id=service_id), query["lang"])


def _linked(found: dict[str, Any], lang: str) -> Response:
    written = json.dumps(jsonld.service(found, _reader(lang), here().public_url), ensure_ascii=False)
    return Response(written, 200, {"Vary": "Accept, Accept-Language"}, content_type=jsonld.MEDIA_TYPE)


def _with_link(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"share_url": f"{here().public_url}/s/{found['code']}"} if "code" in found else found


def _reader(lang: str) -> tuple[str, ...]:
    return chain(request.headers.get("Accept-Language", ""), lang)


@lru_cache(maxsize=1024)
def speakable(languages: tuple[str, ...]) -> tuple[str, ...]:
    """The first of the reader's languages, and those that every text falls back to."""
    return tuple(dict.fromkeys((*languages[:MOST_LANGUAGES], *FALLBACK)))


def written(answers: list[dict[str, Any]], page: int, per_page: int) -> str:
    """The pages of several backends as the JSON of one. Items come as the text of their JSON and are passed on so:
    to look at every field once more would cost more than the search."""
    found = merged(answers, page, per_page)
    items = ",".join(found.pop("items"))
    rest = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return f'{{"items":[{items}],{rest[1:]}'


def merged(answers: list[dict[str, Any]], page: int, per_page: int) -> dict[str, Any]:
    """The pages of several backends as one: items side by side, totals and facets added."""
    items = [item for answer in answers for item in answer["items"]]
    found: dict[str, Any] = {
        "items": items[:per_page] if len(answers) > 1 else items,
        "total": sum(answer.get("total", len(answer["items"])) for answer in answers),
        "page": page,
        "per_page": per_page,
    }
    facets = [answer["facets"] for answer in answers if "facets" in answer]
    if facets:
        found["facets"] = _added(facets)
    if not found["total"]:
        helped = [answer["help"] for answer in answers if "help" in answer]
        found |= {"help": helped[0]} if helped else {}
    return found


def _added(facets: list[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    if len(facets) == 1:
        return facets[0]
    groups = dict.fromkeys(group for one in facets for group in one)
    return {group: dict(sum((Counter(one.get(group, {})) for one in facets), Counter())) for group in groups}
