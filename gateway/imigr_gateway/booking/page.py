"""Book a slot, or choose another one for an appointment, without an account and without scripts.

When many book from one network a booking costs a proof of work, which a script on the page works out, or a wait:
whoever has no script sends the same form again when the time is over. The ticket of the wait is the key that the form
carries: the guichet has settled the price under it, and it makes one booking only.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Blueprint, Response, make_response, redirect, request
from marshmallow import ValidationError

from imigr_gateway.api import appointments
from imigr_gateway.booking.words import BOOK
from imigr_gateway.commands import backends
from imigr_gateway.doors import public
from imigr_gateway.languages import chain, localised
from imigr_gateway.problems import title as problem_title
from imigr_gateway.shapes.guichet import BookAppointment
from imigr_gateway.waiting_pages import page, reader_language
from imigr_gateway.waiting_words import DAYS
from imigr_kit.errors import ImigrError

blueprint = Blueprint("booking-pages", __name__)

SHOWN_DAYS, SHOWN_SLOTS = 28, 60
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; form-action 'self'; base-uri 'none'"
PROOF_NEEDED = "kit.effort_needed"
STATUS = {"invalid": 422, "conflict": 409, "not_found": 404, "gone": 410, "too_many": 429}
TYPED = ("topic", "language", "phone", "key")


@blueprint.get("/g")
@public
def guichets() -> Response:
    """Where one can book: every open guichet, by town."""
    language = reader_language()
    answers = backends().gather("guichet", "list_guichets", None, municipality=None)
    found = {one["id"]: localised(one, chain(language)) for answer in answers for one in answer["items"]}
    items = sorted(found.values(), key=lambda one: (one["municipality"], one["id"]))
    return _told("guichets.html", language, 200, items=items, title=BOOK[language]["title"])


@blueprint.get("/g/<guichet_id>")
@public
def choose(guichet_id: str) -> Response:
    """Free slots of a guichet for a topic and a language; looking holds nothing."""
    return _choosing(guichet_id, {name: request.args.get(name, "") for name in TYPED})


@blueprint.post("/g/<guichet_id>")
@public
def book(guichet_id: str) -> Response:
    """Book the chosen slot. What was typed stays when it cannot be had; a proof that is wanted is worked out by the
    page and the same form sent again, under the same key."""
    typed = {name: request.form.get(name, "")[:200] for name in TYPED}
    start, proof = request.form.get("start", "")[:40], request.form.get("proof", "")[:100]
    try:
        key = str(uuid.UUID(typed["key"]))
        wanted = {"guichet_id": guichet_id, "start": start, "topic": typed["topic"], "language": typed["language"]}
        told = {"phone": typed["phone"].strip()} if typed["phone"].strip() else {}
        data = BookAppointment().load(wanted | told | {"message_language": reader_language()})
    except (ValueError, ValidationError):
        return _choosing(guichet_id, typed, problem_title("gateway.invalid_input", (reader_language(),)), status=422)
    try:
        made = appointments.claim("book_appointment", data, key, proof or None)
    except ImigrError as error:
        if error.code == PROOF_NEEDED:
            return _choosing(guichet_id, typed, proof={"start": start, **error.params})
        return _choosing(guichet_id, typed, problem_title(error.code, (reader_language(),)), **_refusal(error))
    return make_response(redirect(f"/m/{made['manage_token']}?lang={reader_language()}", 303))


@blueprint.get("/m/<manage_token>/move")
@public
def choose_another(manage_token: str) -> Response:
    """Free slots for the same visit."""
    return _moving(manage_token)


@blueprint.post("/m/<manage_token>/move")
@public
def move(manage_token: str) -> Response:
    """Move to the chosen slot, or keep the old one and see what else is free."""
    try:
        appointments.move(manage_token, request.form.get("start", "")[:40], request.form.get("key", "")[:100])
    except ImigrError as error:
        return _moving(manage_token, problem_title(error.code, (reader_language(),)), **_refusal(error))
    return make_response(redirect(f"/m/{manage_token}?lang={reader_language()}", 303))


@blueprint.get("/proof.js")
@public
def proof_script() -> Response:
    """Works a proof out on the visitor's device."""
    return Response(_script(), content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "max-age=3600"})


@cache
def _script() -> str:
    return files("imigr_gateway.booking").joinpath("proof.js").read_text(encoding="utf-8")


def _refusal(error: ImigrError) -> dict[str, Any]:
    return {"status": STATUS.get(error.family, 503), "instead": error.params.get("next_slots")}


def _choosing(
    guichet_id: str,
    typed: Mapping[str, str],
    problem: str = "",
    *,
    proof: Mapping[str, Any] | None = None,
    instead: Sequence[Any] | None = None,
    status: int = 200,
) -> Response:
    language = reader_language()
    guichet = localised(backends().find("guichet", "get_guichet", guichet_id=guichet_id), chain(language))
    topics = [one for one in guichet["topics"] if "public" in one.get("open_to", ["public"]) and not one.get("group")]
    spoken = [(code, _language_name(code, language)) for code in guichet["languages"]]
    chosen = dict(typed) | {"key": typed["key"] or str(uuid.uuid4())}
    is_asked = any(one["code"] == typed["topic"] for one in topics) and typed["language"] in guichet["languages"]
    found = _days(guichet, typed, language, instead) if is_asked and not proof else None
    return _told(
        "book.html", language, status, guichet=guichet, topics=topics, spoken=spoken, typed=chosen, days=found,
        problem=problem, proof=proof, instead=bool(instead), title=BOOK[language]["title"],
    )  # fmt: skip


def _moving(
    manage_token: str, problem: str = "", *, instead: Sequence[Any] | None = None, status: int = 200
) -> Response:
    language = reader_language()
    words = BOOK[language]
    try:
        record = appointments.read(manage_token)
    except ImigrError as error:
        told = problem_title(error.code, (language,))
        return _told("move.html", language, STATUS.get(error.family, 503), problem=told, days=None,
                     title=words["move_title"], token=manage_token)  # fmt: skip
    guichet = localised(backends().find("guichet", "get_guichet", guichet_id=record["guichet_id"]), chain(language))
    return _told(
        "move.html", language, status, guichet=guichet, days=_days(guichet, record, language, instead),
        problem=problem, instead=bool(instead), token=manage_token, key=str(uuid.uuid4()), title=words["move_title"],
    )  # fmt: skip


def _days(
    guichet: Mapping[str, Any], asked: Mapping[str, Any], language: str, instead: Sequence[Any] | None
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Slots by local day: what is said about the day, and for each slot its start and its local time."""
    slots = instead
    if not slots:
        answer = backends().call(
            "guichet", "list_slots", guichet["municipality"], guichet_id=guichet["id"], topic=asked["topic"],
            language=asked["language"], days=SHOWN_DAYS, limit=SHOWN_SLOTS, from_date=None,
        )  # fmt: skip
        slots = [one for day in answer["days"] for one in day["slots"]]
    zone = ZoneInfo(guichet["timezone"])
    by_day: dict[date, list[tuple[str, str]]] = {}
    for one in slots:
        local = datetime.fromisoformat(one["start"].replace("Z", "+00:00")).astimezone(zone)
        by_day.setdefault(local.date(), []).append((one["start"], f"{local:%H:%M}"))
    return [(f"{DAYS[language][day.weekday()]} {day:%d/%m/%Y}", times) for day, times in sorted(by_day.items())]


def _language_name(code: str, language: str) -> str:
    """In the reader's language, with its own name beside it; a tag that nobody knows stays as it is."""
    try:
        spoken = Locale.parse(code)
    except (ValueError, LookupError):
        return code
    names = [spoken.get_display_name(language), spoken.get_display_name(code)]
    return " · ".join(dict.fromkeys(name for name in names if name)) or code


def _told(template: str, language: str, status: int, **values: Any) -> Response:
    made = page(template, language, words=BOOK[language], **values)
    made.headers["Content-Security-Policy"] = POLICY
    made.status_code = status
    return made
