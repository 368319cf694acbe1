"""Guichets, their slots, and appointments."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from imigr_gateway.commands import as_calendar, as_json, backends, client_key, for_reader
from imigr_gateway.doors import public
from imigr_gateway.languages import chain
from imigr_gateway.people import split_token
from imigr_gateway.shapes import base
from imigr_gateway.shapes import guichet as shapes
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint("guichet", __name__, url_prefix="/api/v1", description="Guichets and their free slots")
EXTRAS = ("companion", "child", "interpreter")


@blueprint.get("/guichets")
@blueprint.arguments(base.OfMunicipality, location="query")
@blueprint.response(200, shapes.Guichets)
@public
def list_guichets(query: dict[str, Any]) -> Any:
    """Guichets that are open to the public."""
    answers = backends().gather("guichet", "list_guichets", query["municipality"], municipality=query["municipality"])
    mine = {item["id"]: item for answer in answers for item in answer["items"]}
    return for_reader({"items": sorted(mine.values(), key=lambda item: (item["municipality"], item["id"]))})


@blueprint.get("/guichets/<guichet_id>")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.GuichetOut)
@public
def get_guichet(query: dict[str, Any], guichet_id: str) -> Any:
    """One guichet."""
    return for_reader(backends().find("guichet", "get_guichet", guichet_id=guichet_id))


@blueprint.get("/guichets/<guichet_id>/slots")
@blueprint.arguments(shapes.SlotSearch(), location="query")
@blueprint.response(200, shapes.Slots)
@public
def list_slots(query: dict[str, Any], guichet_id: str) -> Any:
    """Free slots for a topic, in a language or any; times are UTC, days are the guichet's."""
    first = query["from_date"]
    asked = {name: query[name] for name in ("topic", "language", "days", "limit", *EXTRAS)}
    written = backends().call(
        "guichet",
        "write_slots",
        home_of(guichet_id),
        guichet_id=guichet_id,
        from_date=first.isoformat() if first else None,
        **asked,
    )
    return Response(written["text"], content_type="application/json")


@blueprint.get("/slots")
@blueprint.arguments(shapes.SlotsAnywhere(), location="query")
@blueprint.response(200, shapes.FoundSlots)
@public
def search_slots(query: dict[str, Any]) -> Any:
    """The next free slot of every guichet that treats the topic in one of the languages: the soonest first, at the
    same time the nearest."""
    asked = {name: value for name, value in query.items() if name not in ("lang", "languages")}
    languages = [one.strip() for one in query["languages"].split(",") if one.strip()]
    answers = backends().gather("guichet", "search_slots", query["municipality"], languages=languages, **asked)
    found = [one for answer in answers for one in answer["items"]]
    found.sort(key=lambda one: (one["slot"]["start"], one["distance_km"] or 0.0, one["guichet_id"]))
    return as_json(for_reader({"items": found[: query["limit"]]}))


@blueprint.get("/guichets/<guichet_id>/sessions")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, shapes.Sessions)
@public
def list_sessions(query: dict[str, Any], guichet_id: str) -> Any:
    """Group sessions to come, with the seats that are left."""
    return backends().call("guichet", "list_sessions", home_of(guichet_id), guichet_id=guichet_id)


@blueprint.get("/feeds/<feed_token>.ics")
@blueprint.response(200, content_type="text/calendar")
@public
def read_feed(feed_token: str) -> Any:
    """A mediator's agenda as iCalendar, by its private address; nobody is named in it."""
    municipality, secret_hash = split_token(feed_token)
    languages = list(chain(request.headers.get("Accept-Language", ""), request.args.get("lang", "")))
    answer = backends().call(
        "guichet", "read_feed", municipality, secret_hash=secret_hash, client_key=client_key(), languages=languages
    )
    return as_calendar(answer["text"])


def home_of(guichet_id: str) -> str:
    """The municipality of a guichet; it never changes, so it is asked once per process."""
    return backends().municipality_of("guichet", "get_guichet", guichet_id=guichet_id)
