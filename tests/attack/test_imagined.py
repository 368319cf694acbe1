"""Nothing imagined in a real town, and in a demonstration nothing without its mark (promise 10)."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from icalendar import Calendar

from imigr_kit.demonstration import BEGINNINGS, ENDINGS
from imigr_kit.testing import wait_until
from tests import sites
from tests.attack import questions

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("fr", "ar", "en")
REAL = {"towns": "/api/v1/municipalities", "themes": "/api/v1/taxonomy"}
NAMES = ("name", "title", "guichet_name")


def compose() -> dict[str, Any]:
    """What runs without a profile, and what each service of the file is."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return services


def test_without_the_profile_nothing_imagined_is_brought_in() -> None:
    """Of all that runs by default, one seed: towns, themes and places of OpenStreetMap. And nothing that runs by
    default waits for what does not."""
    services = compose()
    default = {name: one for name, one in services.items() if "profiles" not in one}
    seeds = {name: one["command"] for name, one in default.items() if "seed" in (one.get("command") or ())}
    assert list(seeds) == ["directory-seed"]
    assert "--demonstration" not in seeds["directory-seed"]
    for name, one in default.items():
        assert set(one.get("depends_on") or ()) <= set(default), name


def records(answer: Any) -> Iterator[dict[str, Any]]:
    """Every object of an answer that has a name of its own and is no part of another record."""
    if isinstance(answer, list):
        for one in answer:
            yield from records(one)
    elif isinstance(answer, dict):
        if "municipality" in answer and any(name in answer for name in NAMES):
            yield answer
        for inner in answer.values():
            yield from records(inner)


def seeded() -> frozenset[str]:
    """Every text of the data that the seeds bring in; what other attacks make is not imagined."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.add(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    for path in (ROOT / "data").glob("*.json"):
        walk(json.loads(path.read_text(encoding="utf-8")))
    return frozenset(found)


def plain(name: str) -> str:
    """A name without the mark at its end."""
    return next((name.removesuffix(ending).rstrip() for ending in ENDINGS.values() if name.endswith(ending)), name)


PUBLIC = (
    "/api/v1/guichets",
    "/api/v1/slots?topic=information",
    "/api/v1/events",
    "/api/v1/agenda",
    "/api/v1/organizations",
    "/api/v1/articles",
    "/api/v1/services?per_page=100",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_imagined_record_says_so_in_every_answer(platform: Any, language: str) -> None:
    """By its field and in its name, in the reader's language; what comes from OpenStreetMap says neither."""
    found, known = 0, seeded()
    for path in PUBLIC:
        more = "&" if "?" in path else "?"
        for one in records(sites.patient(platform, f"{path}{more}lang={language}").body):
            is_real = (one.get("source") or {}).get("name", "").startswith("OpenStreetMap")
            name = str(next(one[name] for name in NAMES if name in one))
            if not is_real and not {name, plain(name)} & known:
                continue
            assert one.get("demonstration") is not is_real, (path, one)
            assert name.endswith(tuple(ENDINGS.values())) is not is_real, (path, name)
            found += not is_real
    assert found > 20


def test_pages_and_calendars_say_so(platform: Any) -> None:
    """The page of a guichet, of an event and of a service; the agenda as iCalendar, RSS and Atom."""
    site = sites.site(platform)
    items = site.get("/api/v1/events?lang=fr").body["items"]
    event = next(one["id"] for one in items if one["demonstration"])
    services = site.get("/api/v1/services?q=demonstration&per_page=5&lang=en").body["items"]
    imagined = site.get(f"/api/v1/services/{next(one['id'] for one in services if one['demonstration'])}").body
    pages = ("/g?lang=fr", f"/g/{sites.guichet_id(platform, 'la-marsa')}?lang=fr", f"/e/{event}?lang=fr")
    for path in (
        *pages,
        f"/s/{imagined['share_url'].rpartition('/')[2]}?lang=fr",
        "/api/v1/agenda.rss",
        "/api/v1/agenda.atom",
    ):
        text = site.raw(path).decode()
        assert any(ending in text for ending in ENDINGS.values()) or "Démonstration" in text, path
    calendar = Calendar.from_ical(site.raw("/api/v1/agenda.ics?lang=ar"))
    events = calendar.walk("VEVENT")
    assert events
    marked = [one for one in events if ENDINGS["ar"] in str(one["SUMMARY"])]
    assert len(marked) >= len([one for one in items if one["demonstration"]]) > 0
    assert marked == [one for one in events if str(one.get("X-IMIGR-DEMONSTRATION")) == "TRUE"]


def test_messages_and_entries_of_an_appointment_say_so(platform: Any) -> None:
    """The SMS begins with the mark in the person's language; the file for a phone's calendar holds it twice."""
    start = sites.slots(platform, "la-marsa", "fr")[-1]
    body = {
        "guichet_id": sites.guichet_id(platform, "la-marsa"),
        "start": start,
        "topic": "information",
        "language": "fr",
        "phone": "+21622731313",
        "message_language": "ar",
    }
    made = sites.site(platform).post("/api/v1/appointments", body, Idempotency_Key=str(uuid.uuid4())).body
    assert made["demonstration"] is True
    (entry,) = Calendar.from_ical(
        sites.site(platform).raw(f"/api/v1/appointments/{made['manage_token']}/calendar.ics?lang=ar")
    ).walk("VEVENT")
    assert str(entry["SUMMARY"]).endswith(ENDINGS["ar"])
    assert str(entry["X-IMIGR-DEMONSTRATION"]) == "TRUE"

    def texts() -> list[str]:
        items = sites.received(platform).get("/api/messages?to=%2B21622731313").body["items"]
        return [one["text"] for one in items]

    wait_until(texts, 60, "an SMS")
    assert all(BEGINNINGS["ar"] in text.splitlines()[0] for text in texts())


def test_an_editor_cannot_make_a_demonstration(platform: Any) -> None:
    """The field is in answers only: whoever creates or changes a record is not asked, and may not say it."""
    spec = questions.description(platform)
    asked = {
        path: questions.body_schema(spec, operation).get("properties", {})
        for _, path, operation in questions.operations(spec)
    }
    assert [path for path, taken in asked.items() if "demonstration" in taken] == []


@pytest.fixture(scope="module")
def empty() -> Iterator[Any]:
    """The installation that a real town begins with."""
    from imigr_local.options import Options
    from imigr_local.platform import Platform

    running = Platform("empty", Options(any_ports=True, owner=os.getpid(), demonstration=False), say=lambda line: None)
    running.forget()
    try:
        running.up()
        yield running
    finally:
        running.forget()


def test_an_empty_installation_answers_honestly(empty: Any) -> None:
    """Every public read without a name in its path is answered with what there is: towns, themes, real places; no
    guichet, no event, no article. No fault anywhere, pages included."""
    spec = questions.description(empty)
    asker = questions.Asker(empty)
    plain = {path for method, path, _ in questions.operations(spec) if method == "GET" and "{" not in path}
    pages = {"/", "/g", "/g/slots", "/api/v1/docs", "/sitemap.xml"}
    for path in sorted((plain | pages) - {one for one in plain if "/staff/" in one or "<" in one}):
        status, told = asker.ask("GET", path)
        assert status in (200, 404, 422), (path, status, told[:300])
    site = sites.site(empty)
    for path in ("/api/v1/guichets", "/api/v1/events", "/api/v1/agenda", "/api/v1/articles", "/api/v1/organizations"):
        answer = sites.patient(empty, path)
        assert answer.body["items"] == [], path
    assert len(sites.patient(empty, "/api/v1/municipalities").body["items"]) == 2
    found = sites.patient(empty, "/api/v1/services?per_page=100").body
    assert found["total"] > 100
    assert not any(one["demonstration"] for one in found["items"])
    assert not re.search(rb"BEGIN:VEVENT", site.raw("/api/v1/agenda.ics"))
