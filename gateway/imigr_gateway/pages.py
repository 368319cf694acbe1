"""Plain pages: what runs here, the readable API documentation, and what a manage link opens."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request

from imigr_gateway.api import appointments, subscriptions
from imigr_gateway.api import events as registrations
from imigr_gateway.api.contact_of import forget_contact_of
from imigr_gateway.attending import registration_page
from imigr_gateway.booking.words import BOOK
from imigr_gateway.commands import backends, here
from imigr_gateway.doors import public, rule_of
from imigr_gateway.languages import chain, localised
from imigr_gateway.people import split_token
from imigr_gateway.words import HOME, LABELS, MANAGE, NEWS
from imigr_kit.errors import Conflict, NotFound

blueprint = Blueprint("pages", __name__)

_CHANGEABLE = frozenset({"confirmed", "to_confirm", "waiting"})
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


@blueprint.get("/")
@public
def home() -> Response:
    """What runs here."""
    language = _language()
    words = HOME[language]
    links = [
        (BOOK[language]["title"], "/g"),
        (words["docs"], "/api/v1/docs"),
        (words["openapi"], "/api/v1/openapi.json"),
        (words["services"], "/api/v1/services"),
        (words["guichets"], "/api/v1/guichets"),
        (words["events"], "/api/v1/events"),
    ]
    if here().received_url:
        links.append((words["received"], here().received_url))
    return _page("home.html", language, words=words, title=words["title"], links=links)


@blueprint.get("/api/v1/docs")
@public
def docs() -> Response:
    """The API for people to read, made from openapi.json; works without any other host."""
    spec = current_app.extensions["imigr_spec"]()
    return _page("docs.html", "en", languages=(), title=spec["info"]["title"], spec=spec, groups=list(_groups(spec)))


@blueprint.get("/m/<manage_token>")
@public
def manage(manage_token: str) -> Response:
    """What a manage link shows. Looking changes nothing, so link previews are harmless."""
    if manage_token.partition(".")[2].startswith("w-"):
        # Messages to who waits carry the link of the waiting list in the same place as all others.
        return make_response(redirect(f"/w/{manage_token}"))
    if is_subscription(manage_token):
        return _subscription(manage_token)
    return _manage(manage_token, "")


@blueprint.post("/m/<manage_token>")
@public
def manage_change(manage_token: str) -> Response:
    """Cancel, answer an offer, or forget, by button."""
    if is_subscription(manage_token):
        method = "confirm_subscription" if request.form.get("action") == "confirm" else "end_subscription"
        return _subscription(manage_token, method)
    words = MANAGE[_language()]
    municipality, manage_hash = split_token(manage_token)
    registration = _is_registration(manage_token)
    try:
        if request.form.get("action") == "forget":
            receipt = _forget(registration, manage_token)
            return _manage(manage_token, f"{words['forgotten']} {receipt}".rstrip())
        payload = {"municipality": municipality, "manage_hash": manage_hash, "idempotency_key": str(uuid.uuid4())}
        if registration:
            return _registration_change(manage_token, municipality, payload)
        backends().call("guichet", "cancel_appointment", municipality, **payload)
    except (NotFound, Conflict):
        return _manage(manage_token, "")
    return _manage(manage_token, words["cancelled"])


def _registration_change(manage_token: str, municipality: str, payload: dict[str, str]) -> Response:
    action = request.form.get("action", "")
    if action not in registration_page.METHODS:
        return _manage(manage_token, "")
    try:
        backends().call("events", registration_page.METHODS[action], municipality, **payload)
    except Conflict:
        pass  # what the registration is now says whether it was pressed twice or came too late
    return _manage(manage_token, registration_page.told(action, registrations.read(manage_token), _language()))


def is_subscription(manage_token: str) -> bool:
    """Links of subscriptions have their letter."""
    return manage_token.partition(".")[2].startswith("s-")


def _subscription(manage_token: str, method: str = "get_subscription") -> Response:
    language = _language()
    words = NEWS[language]
    try:
        record = subscriptions.ask(method, manage_token)
    except NotFound:
        page = _page("news.html", language, words=words, title=words["heading"], record=None)
        page.status_code = 404
        return page
    return _page("news.html", language, words=words, title=words["heading"], record=record)


def _manage(manage_token: str, done: str) -> Response:
    language = _language()
    words = MANAGE[language]
    is_registration = _is_registration(manage_token)
    try:
        read = registrations.read if is_registration else appointments.read
        record = localised(read(manage_token), chain(language))
    except NotFound:
        page = _page("manage.html", language, words=words, title=words["heading"], record=None, done="")
        page.status_code = 404
        return page
    return _page(
        "manage.html",
        language,
        words=words,
        title=words["heading"],
        record=record,
        rows=list(_rows(record, language)),
        changeable=not is_registration and record["state"] in _CHANGEABLE,
        links=[] if is_registration else list(_links(record, manage_token, language)),
        registration=registration_page.view(record, language, manage_token) if is_registration else None,
        reachable=record["contact_id"] is not None,
        done=done,
    )


def _links(record: dict[str, Any], manage_token: str, language: str) -> Iterator[tuple[str, str]]:
    if record["state"] in _CHANGEABLE:
        words = MANAGE[language]
        yield f"/m/{manage_token}/move?lang={language}", words["move"]
        yield f"/m/{manage_token}/slip?lang={language}", words["slip"]
        yield f"/api/v1/appointments/{manage_token}/calendar.ics?lang={language}", words["calendar"]


def _rows(record: dict[str, Any], language: str) -> Iterator[tuple[str, str]]:
    labels = LABELS[language]
    about = record.get("event", record)
    start = datetime.fromisoformat((about.get("starts_at") or about["start"]).replace("Z", "+00:00"))
    local = start.astimezone(ZoneInfo(about["timezone"]))
    if "title" in about:
        yield labels["event"], about["title"]
    yield labels["when"], f"{local:%d/%m/%Y} {local:%H:%M}"
    yield labels["where"], about.get("place") or f"{record['guichet_name']}, {record['address']}"
    if "event" in record:
        yield from registration_page.rows(record, language)
    else:
        yield labels["state"], labels.get(record["state"], record["state"])
    yield labels["reference"], record["reference"]


def _forget(registration: bool, manage_token: str) -> str:
    """The receipt; empty when there was no contact."""
    service, part = ("events", registrations) if registration else ("guichet", appointments)
    answer = forget_contact_of(service, part.read(manage_token), manage_token, str(uuid.uuid4()))
    return str(answer.get("receipt", ""))


def _is_registration(manage_token: str) -> bool:
    return manage_token.partition(".")[2].startswith("r-")


def _language() -> str:
    found = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    return next(one for one in found if one in HOME)


def _page(template: str, language: str, **values: Any) -> Response:
    languages = values.pop("languages", (("fr", "Français"), ("ar", "العربية"), ("en", "English")))
    response = make_response(render_template(template, language=language, languages=languages, **values))
    response.headers["Content-Language"] = language
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _groups(spec: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    views = {rule.rule: current_app.view_functions[rule.endpoint] for rule in current_app.url_map.iter_rules()}
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "delete", "patch"}:
                view = views.get(path.replace("{", "<").replace("}", ">"))
                row = _operation(spec, path, method, operation, item.get("parameters", []))
                rule = rule_of(view)
                row["access"] = f"Staff: {', '.join(rule.roles)}" if rule and rule.roles else "Open to everyone"
                by_tag.setdefault(operation["tags"][0], []).append(row)
    yield from by_tag.items()


def _operation(
    spec: dict[str, Any], path: str, method: str, operation: dict[str, Any], shared: list[Any]
) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {
        "id": f"{method}-{path}".replace("/", "-"),
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "parameters": [_parameter(_resolved(spec, one)) for one in [*shared, *operation.get("parameters", [])]],
        "body": list(_properties(spec, content.get("schema", {}))),
        "answers": ", ".join(sorted(str(code) for code in operation.get("responses", {}))),
    }


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": one["name"],
        "in": one["in"],
        "required": one.get("required", False),
        "type": _type(one.get("schema", {})),
        "description": one.get("description", ""),
    }


def _properties(spec: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = _resolved(spec, schema)
    for name, shape in found.get("properties", {}).items():
        yield {
            "name": name,
            "required": name in found.get("required", []),
            "type": _type(shape),
            "description": shape.get("description", ""),
        }


def _resolved(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Any = spec
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    resolved: dict[str, Any] = found
    return resolved


def _type(shape: dict[str, Any]) -> str:
    kind = shape.get("type", "object")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({shape['format']})" if "format" in shape else words
