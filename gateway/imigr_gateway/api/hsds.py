"""The directory in the Human Services Data Specification 3.1 (Open Referral), with our declared profile. No key, open
to every origin."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from flask import Response, request, stream_with_context

from imigr_gateway import costly
from imigr_gateway.commands import as_json, backends, client_key, here
from imigr_gateway.doors import public
from imigr_gateway.shapes import hsds as shapes
from imigr_gateway.strict import StrictBlueprint

VERSION = "3.1"
STREAMED = 100
"""Objects to a call while all are streamed."""

blueprint = StrictBlueprint("hsds", __name__, url_prefix="/hsds/v3", description="Open Referral HSDS 3.1")


@blueprint.after_request
def _open(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers.setdefault("Cache-Control", "public, max-age=30, stale-if-error=86400")
    return response


@blueprint.get("/")
@blueprint.response(200, shapes.Root)
@public
def get_root() -> Any:
    """Which version this is, its profile, and its description."""
    url = here().public_url
    return {"version": VERSION, "profile": f"{url}/hsds/v3/profile", "openapi_url": f"{url}/api/v1/openapi.json"}


@blueprint.get("/profile")
@blueprint.response(200)
@public
def get_profile() -> Any:
    """What our profile adds to HSDS, as JSON Merge Patches."""
    return as_json(json.loads(files("imigr_gateway").joinpath("hsds_profile.json").read_text(encoding="utf-8")))


@blueprint.get("/services")
@blueprint.arguments(shapes.Services, location="query")
@blueprint.response(200, shapes.Page)
@public
def list_hsds_services(query: dict[str, Any]) -> Any:
    """Services; `full` with all that hangs on each, `minimal` only ids and times, all in one page."""
    return _list("services", query)


@blueprint.get("/services/<object_id>")
@blueprint.response(200)
@public
def get_hsds_service(object_id: str) -> Any:
    """One service with all that hangs on it."""
    return _one("services", object_id)


@blueprint.get("/organizations")
@blueprint.arguments(shapes.Organizations, location="query")
@blueprint.response(200, shapes.Page)
@public
def list_hsds_organizations(query: dict[str, Any]) -> Any:
    """Organizations; `full_service` with their services in full."""
    return _list("organizations", query)


@blueprint.get("/organizations/<object_id>")
@blueprint.arguments(shapes.Organization, location="query")
@blueprint.response(200)
@public
def get_hsds_organization(query: dict[str, Any], object_id: str) -> Any:
    """One organization with its services, whose ids alone are given unless `full_service`."""
    return _one("organizations", object_id, **query)


@blueprint.get("/service_at_locations")
@blueprint.arguments(shapes.ServiceAtLocations, location="query")
@blueprint.response(200, shapes.Page)
@public
def list_hsds_service_at_locations(query: dict[str, Any]) -> Any:
    """Services where they are offered; `postcode` with `proximity` in metres around its centre."""
    return _list("service_at_locations", query)


@blueprint.get("/service_at_locations/<object_id>")
@blueprint.response(200)
@public
def get_hsds_service_at_location(object_id: str) -> Any:
    """One service at one location, with both."""
    return _one("service_at_locations", object_id)


@blueprint.get("/taxonomies")
@blueprint.arguments(shapes.Listed, location="query")
@blueprint.response(200, shapes.Page)
@public
def list_hsds_taxonomies(query: dict[str, Any]) -> Any:
    """Taxonomies: that of our themes."""
    return _list("taxonomies", query)


@blueprint.get("/taxonomies/<object_id>")
@blueprint.response(200)
@public
def get_hsds_taxonomy(object_id: str) -> Any:
    """One taxonomy."""
    return _one("taxonomies", object_id)


@blueprint.get("/taxonomy_terms")
@blueprint.arguments(shapes.Terms, location="query")
@blueprint.response(200, shapes.Page)
@public
def list_hsds_taxonomy_terms(query: dict[str, Any]) -> Any:
    """Terms; `top_only` those without a parent, `parent_id` those right below one."""
    return _list("taxonomy_terms", query)


@blueprint.get("/taxonomy_terms/<object_id>")
@blueprint.response(200)
@public
def get_hsds_taxonomy_term(object_id: str) -> Any:
    """One term."""
    return _one("taxonomy_terms", object_id)


def _list(kind: str, query: dict[str, Any]) -> Response:
    asked = {name: value for name, value in query.items() if value is not None and name != "format"}
    if "modified_after" in asked:
        asked["modified_after"] = asked["modified_after"].isoformat()
    if query["format"] == "ndjson":
        return _stream(kind, asked)
    with costly.big_search.place(client_key()):
        return as_json(backends().call("directory", "list_hsds", None, kind=kind, **asked)["page"])


def _one(kind: str, object_id: str, **more: Any) -> Response:
    return as_json(backends().call("directory", "get_hsds", None, kind=kind, id=object_id, **more))


def _stream(kind: str, asked: dict[str, Any]) -> Response:
    """All that matches, an object to a line. The first call is made before the answer begins, so that what is wrong is
    still told as a problem; a later one that fails breaks the connection, which no reader takes for the end."""
    wanted = {name: value for name, value in asked.items() if name not in ("page", "per_page")}
    first = _part(kind, wanted, "")
    tag = hashlib.blake2b(f"{first['version']} {kind} {sorted(wanted.items())}".encode(), digest_size=12).hexdigest()
    headers = {"ETag": f'"{tag}"'}
    if request.headers.get("If-None-Match") == f'"{tag}"':
        return Response(status=304, headers=headers)
    lines = stream_with_context(_lines(kind, wanted, first))
    return Response(lines, 200, headers, content_type="application/x-ndjson")


def _part(kind: str, wanted: dict[str, Any], after: str) -> Any:
    return backends().call("directory", "list_hsds", None, kind=kind, per_page=STREAMED, after=after, **wanted)


def _lines(kind: str, wanted: dict[str, Any], part: Any) -> Iterator[str]:
    while True:
        contents = part["page"]["contents"]
        for one in contents:
            yield json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n"
        if part["page"]["last_page"]:
            return
        part = _part(kind, wanted, contents[-1]["id"])
