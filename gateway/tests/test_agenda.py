"""The agenda in the formats of others: read back with two calendar libraries, a feed reader and by hand."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
import vobject
from dateutil.tz import tzical
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from imigr_gateway.agenda import ics
from imigr_gateway.agenda.entries import Entries, Entry, entry
from imigr_gateway.app import with_cache

from .conftest import FakeClient

ARABIC = (
    "يوم مفتوح للتعريف بخدمات البلدية والقائمين عليها، من التاسعة صباحا إلى منتصف النهار؛ الدخول حر، ومرحبا بالجميع. "
    * 3
)
EVENT: dict[str, Any] = {
    "id": "019348a0-0000-7000-8000-000000000001",
    "municipality": "la-marsa",
    "title": {"fr": "Journée portes ouvertes; entrée libre, à tous", "ar": "يوم مفتوح", "en": "Open day"},
    "summary": {"fr": "Découvrir les services.\nVenez \\ nombreux", "ar": ARABIC},
    "place": {"fr": "Hôtel de ville", "ar": "قصر البلدية"},
    "address": {"fr": "Avenue Habib Bourguiba"},
    "location": {"lat": 36.8793, "lon": 10.3295},
    "starts_at": "2026-12-12T09:00:00Z",
    "ends_at": "2026-12-12T12:00:00Z",
    "timezone": "Africa/Tunis",
    "capacity": 50,
    "free_places": 12,
    "languages": ["ar", "fr"],
    "state": "published",
    "registration": "open",
    "version": 2,
    "themes": ["health", "rights"],
    "changed_at": "2026-11-20T08:00:00Z",
}
FRENCH, ARAB = ("fr", "en", "ar"), ("ar", "fr", "en")


def event(**changes: Any) -> dict[str, Any]:
    """The open day, changed."""
    return EVENT | changes


def made(*events: dict[str, Any], languages: tuple[str, ...] = FRENCH) -> bytes:
    """A calendar of events."""
    return ics.calendar([entry(one, languages) for one in events], "Agenda", languages[0], "https://imigr.example")


def components(raw: bytes) -> list[Any]:
    """The events that icalendar reads."""
    return list(Calendar.from_ical(raw).walk("VEVENT"))


def test_a_calendar_read_back_says_what_the_event_says() -> None:
    """By icalendar: texts with their commas and line breaks, times in their zone, version, place."""
    (one,) = components(made(event()))
    assert str(one["SUMMARY"]) == EVENT["title"]["fr"]
    assert one["SUMMARY"].params["LANGUAGE"] == "fr"
    assert str(one["DESCRIPTION"]) == EVENT["summary"]["fr"]
    assert str(one["LOCATION"]) == "Hôtel de ville, Avenue Habib Bourguiba"
    assert one["DTSTART"].dt.astimezone(UTC) == datetime(2026, 12, 12, 9, tzinfo=UTC)
    assert one["DTSTART"].params["TZID"] == "Africa/Tunis"
    assert one["DTEND"].dt.hour == 13
    assert (one["SEQUENCE"], one["STATUS"]) == (0, "CONFIRMED")
    assert one["DTSTAMP"].dt == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert one["GEO"].to_ical() == "36.8793;10.3295"
    assert [str(theme) for theme in one["CATEGORIES"].cats] == ["health", "rights"]
    assert not one.errors


def test_a_second_library_reads_the_same() -> None:
    """By vobject, in Arabic."""
    calendar = vobject.readOne(made(event(), languages=ARAB).decode())
    one = calendar.vevent
    assert one.summary.value == "يوم مفتوح"
    assert one.description.value == ARABIC
    assert one.dtstart.value.utcoffset() == timedelta(hours=1)
    assert one.dtstart.value.astimezone(UTC) == datetime(2026, 12, 12, 9, tzinfo=UTC)
    assert calendar.vtimezone.tzid.value == "Africa/Tunis"


def test_the_event_written_here_equals_the_one_the_library_would_write() -> None:
    """Unfolded and sorted, every line of ours is a line of icalendar's own writing of the same event."""

    def lines(raw: bytes) -> set[str]:
        return set(raw.decode().replace("\r\n ", "").split("\r\n"))

    ours = made(event(online_url="https://meet.example/x"), languages=ARAB)
    theirs = Calendar.from_ical(ours).to_ical(sorted=False)
    known = {"GEO"}
    differing = {line for line in lines(ours) ^ lines(theirs) if line.partition(":")[0] not in known}
    assert not differing


def test_no_line_is_longer_than_75_octets_and_no_character_is_cut() -> None:
    """RFC 5545 3.1, for long Arabic lines: each physical line is valid UTF-8 by itself."""
    for line in made(event(), languages=ARAB).split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=400))
def test_any_text_survives_folding_and_escaping(text: str) -> None:
    """Letters of one to four octets, emoji, commas, backslashes."""
    (one,) = components(made(event(title={"fr": f"x{text}"})))
    assert str(one["SUMMARY"]) == f"x{text}"
    assert all(len(line) <= 75 for line in made(event(title={"fr": f"x{text}"})).split(b"\r\n"))


def test_what_no_format_may_hold_is_left_out() -> None:
    """A text with control characters makes no broken calendar and no broken feed."""
    (one,) = components(made(event(title={"fr": "Jour\x00née\x0b\x1f"})))
    assert str(one["SUMMARY"]) == "Journée"


def test_uid_stays_and_sequence_rises_when_the_event_changes() -> None:
    """Published, then changed, then called off: one UID, 0, 1, 2."""
    versions = [event(), event(version=3, place={"fr": "Mairie"}), event(version=4, state="cancelled")]
    found = [components(made(one))[0] for one in versions]
    assert len({str(one["UID"]) for one in found}) == 1
    assert [one["SEQUENCE"] for one in found] == [0, 1, 2]
    assert [one["STATUS"] for one in found] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_an_imported_event_keeps_the_uid_of_its_partner() -> None:
    """Who subscribes to both calendars sees it once."""
    assert str(components(made(event(uid="abc@cies.example")))[0]["UID"]) == "abc@cies.example"


SATURDAYS = {
    "starts_at": "2026-12-05T09:00:00Z",
    "ends_at": "2026-12-05T12:00:00Z",
    "rule": "FREQ=MONTHLY;BYDAY=1SA;COUNT=6",
}
MOVED = {
    "id": "o1",
    "starts_at": "2027-02-07T09:00:00Z",
    "ends_at": "2027-02-07T12:00:00Z",
    "replaces": "2027-02-06T09:00:00Z",
}


def test_an_exception_of_a_recurring_event_has_its_uid_and_the_start_it_replaces() -> None:
    """Case 36: every first Saturday, the one of February moved to Sunday."""
    series, moved = components(made(event(**SATURDAYS, occurrences=[MOVED])))
    assert series["RRULE"].to_ical().decode() == "FREQ=MONTHLY;COUNT=6;BYDAY=1SA"
    assert str(series["UID"]) == str(moved["UID"])
    assert moved["RECURRENCE-ID"].dt.date() == date(2027, 2, 6)
    assert moved["RECURRENCE-ID"].params["TZID"] == "Africa/Tunis"
    assert moved["DTSTART"].dt.date() == date(2027, 2, 7)


def test_removing_an_exception_calls_off_only_that_one() -> None:
    """Case 36: the series is still confirmed, the one day is cancelled."""
    series, moved = components(made(event(**SATURDAYS, occurrences=[MOVED | {"state": "cancelled"}])))
    assert (series["STATUS"], moved["STATUS"]) == ("CONFIRMED", "CANCELLED")


def test_a_weekly_event_keeps_its_hour_when_clocks_change() -> None:
    """VTIMEZONE of a zone with summer time: 10:00 in winter and 10:00 in summer, as vobject counts them."""
    paris = event(
        timezone="Europe/Paris",
        starts_at="2027-03-20T09:00:00Z",
        ends_at="2027-03-20T10:00:00Z",
        rule="FREQ=WEEKLY;COUNT=3",
    )
    starts = list(vobject.readOne(made(paris).decode()).vevent.getrruleset(addRDate=True))
    assert {start.hour for start in starts} == {10}
    july = event(timezone="Europe/Paris", starts_at="2027-07-01T08:00:00Z", ends_at="2027-07-01T09:00:00Z")
    start = vobject.readOne(made(july).decode()).vevent.dtstart.value
    assert (start.hour, start.utcoffset()) == (10, timedelta(hours=2))


@pytest.mark.parametrize("zone", ["Africa/Tunis", "Europe/Paris", "America/St_Johns", "Africa/Casablanca"])
def test_the_zone_written_out_agrees_with_the_iana_database(zone: str) -> None:
    """Read by dateutil from our VTIMEZONE alone, every half day of three years."""
    text = made(event(timezone=zone)).decode().replace("\r\n ", "").replace("\r\n", "\n")
    body = text[text.index("BEGIN:VTIMEZONE") : text.index("BEGIN:VEVENT")]
    told = tzical(io.StringIO(body)).get()
    for half_day in range(2 * 365 * 3):
        local = datetime(2026, 1, 1, 9) + timedelta(hours=12 * half_day)  # noqa: DTZ001  # the zone is what is asked
        assert local.replace(tzinfo=told).utcoffset() == local.replace(tzinfo=ZoneInfo(zone)).utcoffset(), local


def test_a_programme_of_sittings_is_told_sitting_by_sitting() -> None:
    """Each has its own UID below the event's, and the event itself does not block eight days."""
    sittings = [
        {
            "id": f"s{n}",
            "title": {"fr": f"Jour {n}"},
            "room": {"fr": "Salle A"},
            "starts_at": f"2026-12-1{n}T08:00:00Z",
            "ends_at": f"2026-12-1{n}T16:00:00Z",
        }
        for n in range(1, 4)
    ]
    whole, *days = components(made(event(sessions=sittings)))
    assert whole["TRANSP"] == "TRANSPARENT"
    assert [str(day["SUMMARY"]).partition(": ")[2] for day in days] == ["Jour 1", "Jour 2", "Jour 3"]
    assert {str(day["RELATED-TO"]) for day in days} == {str(whole["UID"])}
    assert len({str(day["UID"]) for day in days}) == 3


@pytest.fixture
def agenda(client: FakeClient) -> FakeClient:
    """Services that know the open day and a called-off one."""
    off = event(
        id="off", state="cancelled", version=3, starts_at="2026-12-31T22:30:00Z", ends_at="2026-12-31T23:30:00Z"
    )
    client.answers["search_agenda"] = {"items": [off, event()], "total": 2, "page": 1, "per_page": 20}
    client.answers["calendar_marks"] = lambda **_: {
        "marks": [[one["id"], one["version"], None] for one in client.answers["search_agenda"]["items"]], "items": [],
    }  # fmt: skip
    client.answers["calendar_events"] = lambda ids: {
        "items": [one for one in client.answers["search_agenda"]["items"] if one["id"] in ids]
    }
    client.answers["get_agenda_entry"] = event()
    return client


def test_the_calendar_of_a_town_theme_and_language(app: Flask, agenda: FakeClient) -> None:
    """The filters reach the service; the answer is a calendar by its type, in order of time."""
    answer = app.test_client().get("/api/v1/agenda.ics?municipality=la-marsa&theme=health&language=ar&lang=ar")
    asked = agenda.calls[0][2]
    assert (asked["municipality"], asked["theme"], asked["language"]) == ("la-marsa", "health", "ar")
    assert answer.content_type.startswith("text/calendar; charset=utf-8")
    assert answer.headers["Content-Language"] == "ar"
    assert [one["STATUS"] for one in components(answer.data)] == ["CONFIRMED", "CANCELLED"]


def test_who_has_the_calendar_already_gets_a_304(app: Flask, agenda: FakeClient) -> None:
    """The bytes follow from the events alone, so the ETag stays while they do."""
    cache = with_cache(app)
    web = app.test_client()
    first = web.get("/api/v1/agenda.ics?lang=fr")
    cache.distrust("events")
    again = web.get("/api/v1/agenda.ics?lang=fr", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    agenda.answers["search_agenda"]["items"][1] = event(version=3)
    cache.distrust("events")
    changed = web.get("/api/v1/agenda.ics?lang=fr", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_page_of_events_is_passed_on_as_it_was_written(app: Flask, client: FakeClient) -> None:
    """By start, in the reader's languages, with the total; whatever else stands in Accept-Language."""
    texts = [[f"2026-12-{day}T09:00:00Z", json.dumps({"id": day, "title": "يوم"})] for day in ("13", "12")]
    client.answers["write_events"] = {"items": texts, "total": 2, "page": 1, "per_page": 20}
    headers = {"Accept-Language": "ar,$where;q=0.5"}
    said: Any = app.test_client().get("/api/v1/events?municipality=la-marsa", headers=headers).json
    assert said == {
        "items": [{"id": "12", "title": "يوم"}, {"id": "13", "title": "يوم"}], "total": 2, "page": 1, "per_page": 20,
    }  # fmt: skip
    assert client.calls[-1][2]["languages"] == ["ar", "fr", "en"]


def test_an_event_is_read_once_for_each_mark(app: Flask, agenda: FakeClient) -> None:
    """The second calendar, in another language, asks for marks only; a changed event is read again, alone."""
    web = app.test_client()

    def read(language: str) -> list[Any]:
        agenda.calls.clear()
        assert web.get(f"/api/v1/agenda.ics?lang={language}").status_code == 200
        return [payload.get("ids") for _, _, payload in agenda.calls]

    first = event()["id"]
    assert read("fr") == [None, ["off", first]]
    assert read("ar") == [None]
    agenda.answers["search_agenda"]["items"][1] = event(version=3, title={"fr": "Fête"})
    assert read("fr") == [None, [first]]
    assert "SUMMARY;LANGUAGE=fr:Fête" in web.get("/api/v1/agenda.ics?lang=fr").text


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_feed_readers_read_the_feed(app: Flask, agenda: FakeClient, ending: str) -> None:
    """By feedparser: well formed, in the reader's language, the state before the title, stable ids."""
    answer = app.test_client().get(f"/api/v1/agenda.{ending}?municipality=la-marsa&lang=ar")
    assert answer.content_type == f"application/{ending}+xml; charset=utf-8"
    feed = feedparser.parse(answer.data)
    assert not feed.bozo
    assert feed.feed.title == "أجندة التظاهرات - la-marsa"
    first, second = feed.entries
    assert first.title == "يوم مفتوح"
    assert second.title == "ملغاة: يوم مفتوح"
    assert first.id == f"http://127.0.0.1:8080/e/{EVENT['id']}"
    assert [tag.term for tag in first.tags] == ["health", "rights"]
    assert "12/12/2026 10:00 - 13:00" in first.summary


def test_a_month_by_days_as_the_zone_counts_them(app: Flask, agenda: FakeClient) -> None:
    """23:30 in UTC on the 31st is the next year in Tunis; each day names its events, each event is told once."""
    answer = app.test_client().get("/api/v1/agenda/month?month=2026-12&municipality=la-marsa").json
    assert len(answer["days"]) == 31
    by_date = {day["date"]: day["events"] for day in answer["days"]}
    assert by_date["2026-12-12"] == [EVENT["id"]]
    assert by_date["2026-12-31"] == ["off"]
    asked = agenda.calls[-1][2]
    assert (asked["since"], asked["until"]) == ("2026-11-30T23:00:00+00:00", "2026-12-31T23:00:00+00:00")
    assert len(answer["items"]) == 2


def test_a_series_stands_on_each_of_its_dates(app: Flask, agenda: FakeClient) -> None:
    """And a programme on each of its days, with nothing in between."""
    dates = [{"starts_at": f"2026-12-{day}T09:00:00Z", "ends_at": f"2026-12-{day}T12:00:00Z"} for day in ("05", "19")]
    agenda.answers["search_agenda"]["items"] = [event(dates=dates, ends_at="2027-05-01T12:00:00Z")]
    answer = app.test_client().get("/api/v1/agenda/month?month=2026-12").json
    assert [day["date"] for day in answer["days"] if day["events"]] == ["2026-12-05", "2026-12-19"]


@pytest.mark.parametrize(
    "path",
    [
        "agenda/month",
        "agenda/month?month=2026-13",
        "agenda/month?month=2026-12&timezone=Mars",
        "agenda.ics?teme=x",
        "agenda?per_page=1000",
        "agenda?from_time=tomorrow",
        "agenda.rss?municipality=La%20Marsa",
    ],
)
def test_a_wrong_question_is_told_field_by_field(app: Flask, agenda: FakeClient, path: str) -> None:
    """422 and nothing asked of the service."""
    answer = app.test_client().get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json["code"]) == (422, "gateway.invalid_input")
    assert answer.json["errors"]
    assert not agenda.calls


def test_schema_org_says_what_search_engines_ask_for(app: Flask, agenda: FakeClient) -> None:
    """Type, name, start, place with coordinates, status, and that it costs nothing."""
    found = app.test_client().get(f"/api/v1/events/{EVENT['id']}/schema.json?lang=fr").json
    assert (found["@context"], found["@type"]) == ("https://schema.org", "Event")
    assert found["startDate"] == "2026-12-12T10:00:00+01:00"
    assert found["eventStatus"] == "https://schema.org/EventScheduled"
    assert found["location"][0]["geo"] == {"@type": "GeoCoordinates", "latitude": 36.8793, "longitude": 10.3295}
    assert found["isAccessibleForFree"] is True


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"state": "cancelled"}, "EventCancelled"),
        ({"state": "postponed"}, "EventPostponed"),
        ({"previous_starts_at": "2026-12-05T09:00:00Z"}, "EventRescheduled"),
    ],
)
def test_schema_org_says_what_became_of_it(
    app: Flask, agenda: FakeClient, changes: dict[str, Any], status: str
) -> None:
    """Called off, postponed, moved."""
    agenda.answers["get_agenda_entry"] = event(**changes)
    found = app.test_client().get(f"/api/v1/events/{EVENT['id']}/schema.json").json
    assert found["eventStatus"] == f"https://schema.org/{status}"


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_page_of_an_event_can_be_passed_on(app: Flask, agenda: FakeClient, language: str) -> None:
    """Readable without a script, with OpenGraph, alternates and the same JSON-LD in it."""
    answer = app.test_client().get(f"/e/{EVENT['id']}?lang={language}")
    page = answer.text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    og = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', page))
    assert og["title"] == EVENT["title"][language]
    assert og["url"].endswith(f"/e/{EVENT['id']}?lang={language}")
    assert og["locale"].startswith(language)
    inside = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    assert inside is not None
    assert json.loads(inside[1])["name"] == EVENT["title"][language]
    assert page.count('rel="alternate" hreflang=') == 3
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["langue des signes", "femmes", "Garde d’enfants", "Affiche de la journée", "10/12/2026 18:00"]),
        ("ar", ["لغة الإشارة", "النساء", "رعاية الأطفال", "ትግርኛ", "ملصق اليوم"]),
        ("en", ["sign language", "women", "Childcare", "Registration until"]),
    ],
)
def test_the_page_says_who_it_is_for_and_what_was_moved(
    app: Flask, agenda: FakeClient, language: str, words: list[str]
) -> None:
    """Case 33: the old date is struck out; languages, accessibility, childcare, a text for the picture, the end of
    registration."""
    agenda.answers["get_agenda_entry"] = event(
        languages=["ar", "ti"], audience=["women"], accessibility=["sign_language"], childcare=True,
        closes_at="2026-12-10T17:00:00Z", previous_starts_at="2026-12-05T09:00:00Z", picture="https://x.example/a.png",
        illustration_alt={"fr": "Affiche de la journée", "ar": "ملصق اليوم"},
    )  # fmt: skip
    page = app.test_client().get(f"/e/{EVENT['id']}?lang={language}").text
    assert "<del><bdi>05/12/2026 10:00</bdi></del>" in page
    assert [one for one in words if one not in page] == []


def test_texts_fall_back_each_by_itself(app: Flask, agenda: FakeClient) -> None:
    """Arabic where there is Arabic; the address exists in French only, and the answer says so."""
    agenda.answers["get_event"] = event()
    said = app.test_client().get(f"/api/v1/events/{EVENT['id']}?lang=ar").json
    assert (said["title"], said["address"]) == ("يوم مفتوح", "Avenue Habib Bourguiba")
    assert (said["text_languages"]["title"], said["text_languages"]["address"]) == ("ar", "fr")


def test_a_hostile_text_stays_text_on_the_page(app: Flask, agenda: FakeClient) -> None:
    """Neither the page nor the JSON in it can be broken out of."""
    agenda.answers["get_agenda_entry"] = event(title={"fr": '</script><script>alert(1)</script>"'})
    assert "<script>alert" not in app.test_client().get(f"/e/{EVENT['id']}?lang=fr").text


def test_an_unknown_event_has_a_page_that_says_so(app: Flask, agenda: FakeClient) -> None:
    """404, in words."""
    from imigr_kit.errors import NotFound

    agenda.answers["get_agenda_entry"] = NotFound()
    answer = app.test_client().get("/e/none?lang=en")
    assert answer.status_code == 404
    assert "No event answers to this address." in answer.text


def test_the_calendar_file_of_one_event(app: Flask, agenda: FakeClient) -> None:
    """To be kept: an attachment with one event."""
    answer = app.test_client().get(f"/api/v1/events/{EVENT['id']}/calendar.ics?lang=en")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [str(one["SUMMARY"]) for one in components(answer.data)] == ["Open day"]


def test_an_entry_without_the_newer_fields_is_told_too() -> None:
    """An events service of an earlier version beside a newer gateway."""
    few = {name: value for name, value in EVENT.items() if name not in {"themes", "summary", "address"}}
    one = entry(few, FRENCH)
    assert isinstance(one, Entry)
    assert (one.themes, one.summary, one.where) == ((), "", "Hôtel de ville")


def test_a_manager_brings_a_partners_calendar_in(
    app: Flask, client: FakeClient, bearer: Callable[..., dict[str, str]]
) -> None:
    """The report comes back as it is; an editor may not, since it publishes."""
    refused = [{"uid": "b@x", "reason": "invalid", "fields": ["title"]}]
    report = {"is_trial": True, "counts": {"created": 1, "refused": 1}, "refused": refused, "dropped": {"ATTENDEE": 2}}
    client.answers["import_calendar"] = report | {"items": []}
    path, body = "/api/v1/staff/la-marsa/events/import", {"calendar": "BEGIN:VCALENDAR", "organiser": "CIES"}
    web = app.test_client()
    told = web.post(path, json=body | {"is_trial": True}, headers=bearer("manager", "la-marsa")).json
    assert told["refused"] == [{"uid": "b@x", "reason": "invalid", "paths": ["title"]}]
    assert (told["dropped"], client.calls[-1][2]["is_trial"]) == ({"ATTENDEE": 2}, True)
    assert web.post(path, json=body, headers=bearer("editor", "la-marsa")).status_code == 403
    assert web.post(path, json={"calendar": ""}, headers=bearer("manager", "la-marsa")).status_code == 422


def test_an_entry_of_a_calendar_is_made_once_for_each_version() -> None:
    """Another version, another language or another last change is another entry; where places are counted it is made
    each time, and the oldest are forgotten."""
    plain = {name: value for name, value in EVENT.items() if name not in {"free_places", "capacity"}}
    kept = Entries()
    assert kept.of(plain, FRENCH) is kept.of(dict(plain), FRENCH)
    assert kept.of(plain | {"version": 3, "title": {"fr": "Autre"}}, FRENCH).title == "Autre"
    assert kept.of(plain, ARAB).title == "يوم مفتوح"
    assert kept.of(event(free_places=3), FRENCH).free_places == 3
    assert kept.of(event(free_places=2), FRENCH).free_places == 2
