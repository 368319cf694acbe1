"""The public agenda for people and for other programs: search, month view, iCalendar, RSS, Atom, schema.org."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, current_app, request

from imigr_gateway.agenda import feeds, ics, jsonld, month
from imigr_gateway.agenda.entries import Entries, Entry, entry
from imigr_gateway.agenda.words import spoken
from imigr_gateway.api.directory import merged
from imigr_gateway.commands import backends, for_reader, here
from imigr_gateway.doors import public
from imigr_gateway.languages import chain
from imigr_gateway.shapes import agenda as shapes
from imigr_gateway.shapes import base
from imigr_gateway.strict import StrictBlueprint

blueprint = StrictBlueprint("agenda", __name__, url_prefix="/api/v1", description="The public agenda and its feeds")

KEPT_DAYS = 60
"""How long a calendar still holds what is over, so that it does not vanish from the calendars of others."""
MOST = 1_000
CALENDAR = "text/calendar; charset=utf-8; component=VEVENT"


@blueprint.get("/agenda")
@blueprint.arguments(shapes.AgendaSearch, location="query")
@blueprint.response(200, shapes.Agenda)
@public
def search_agenda(query: dict[str, Any]) -> Any:
    """Search the agenda by words, theme, language and time; called-off events are in it with their state."""
    page, per_page = query["page"], query["per_page"]
    answers = _ask(query, query["from_time"], query["until"], page, per_page)
    found = merged(answers, page, per_page)
    found["items"].sort(key=lambda item: item["starts_at"])
    return for_reader(found)


@blueprint.get("/agenda/month")
@blueprint.arguments(shapes.Month, location="query")
@blueprint.response(200, shapes.MonthOut)
@public
def month_view(query: dict[str, Any]) -> Any:
    """A month by days, each with the ids of its events, and the events once."""
    since, until = month.bounds(query["month"], query["timezone"])
    items = merged(_ask(query, since, until, 1, MOST), 1, MOST)["items"]
    days = month.by_days(query["month"], items)
    return for_reader({"month": query["month"], "timezone": query["timezone"], "days": days, "items": items})


@blueprint.get("/agenda.ics")
@blueprint.arguments(shapes.Feed, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/calendar", description="RFC 5545")
@public
def calendar(query: dict[str, Any]) -> Response:
    """The agenda as a calendar to subscribe to (iCalendar), per municipality, theme and language."""
    languages = _languages()
    since = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=KEPT_DAYS)
    made = ics.calendar(_entries(query, since, languages), _title(query, languages), languages[0], here().public_url)
    return Response(made, content_type=CALENDAR)


@blueprint.get("/agenda.atom")
@blueprint.arguments(shapes.Feed, location="query")
@blueprint.response(200, {"type": "string"}, content_type="application/atom+xml", description="RFC 4287")
@public
def atom(query: dict[str, Any]) -> Response:
    """The next events as an Atom feed."""
    return _feed(query, feeds.atom, "application/atom+xml")


@blueprint.get("/agenda.rss")
@blueprint.arguments(shapes.Feed, location="query")
@blueprint.response(200, {"type": "string"}, content_type="application/rss+xml", description="RSS 2.0")
@public
def rss(query: dict[str, Any]) -> Response:
    """The next events as an RSS feed."""
    return _feed(query, feeds.rss, "application/rss+xml")


@blueprint.get("/events/<event_id>/calendar.ics")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/calendar", description="RFC 5545")
@public
def event_calendar(query: dict[str, Any], event_id: str) -> Response:
    """One event as a calendar file."""
    one = find(event_id)
    made = ics.calendar([one], one.title, one.language, here().public_url)
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return Response(made, content_type=CALENDAR, headers=headers)


@blueprint.get("/events/<event_id>/schema.json")
@blueprint.arguments(base.Read, location="query")
@blueprint.response(200, description="schema.org Event as JSON-LD")
@public
def event_schema(query: dict[str, Any], event_id: str) -> Any:
    """One event as schema.org Event (JSON-LD)."""
    return jsonld.event(find(event_id), here().public_url)


def find(event_id: str) -> Entry:
    """One public event in the reader's language. Raises UnknownEvent's family."""
    return entry(backends().find("events", "get_agenda_entry", event_id=event_id), _languages())


def _feed(query: dict[str, Any], write: Any, kind: str) -> Response:
    languages = _languages()
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    entries = _entries(query, since, languages, feeds.MOST)
    address = request.full_path.removesuffix("?")
    made = write(entries, _title(query, languages), languages[0], here().public_url, address)
    return Response(made, content_type=f"{kind}; charset=utf-8")


def _entries(query: dict[str, Any], since: datetime, languages: tuple[str, ...], most: int = MOST) -> list[Entry]:
    """Marks are asked for, and only those events that this process has not read at their mark."""
    answers = _ask(query, since, None, 1, most, "calendar_marks")
    marks = [one for answer in answers for one in answer["marks"]]
    entries: Entries = current_app.extensions.setdefault("imigr_entries", Entries())
    unread = entries.unread(marks)
    for start in range(0, len(unread), MOST):
        read = backends().gather("events", "calendar_events", query["municipality"], ids=unread[start : start + MOST])
        entries.note([one for answer in read for one in answer["items"]])
    found = [*entries.read(marks), *(one for answer in answers for one in answer["items"])]
    return sorted((entries.of(one, languages) for one in found), key=lambda one: (one.starts_at, one.id))[:most]


def _ask(
    query: dict[str, Any],
    since: datetime | None,
    until: datetime | None,
    page: int,
    per_page: int,
    method: str = "search_agenda",
) -> list[Any]:
    return backends().gather(
        "events",
        method,
        query["municipality"],
        municipality=query["municipality"],
        theme=query["theme"],
        language=query["language"],
        q=query.get("q", ""),
        since=since.isoformat() if since else None,
        until=until.isoformat() if until else None,
        page=page,
        per_page=per_page,
    )


def _languages() -> tuple[str, ...]:
    return chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))


def _title(query: dict[str, Any], languages: tuple[str, ...]) -> str:
    parts = [spoken(languages[0])["agenda"], query["municipality"] or "I-MIGR", query["theme"] or ""]
    return " - ".join(part for part in parts if part)
