"""Partners' calendars on a real database: once for each UID and SEQUENCE, and nobody comes in with them."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from imigr_events import handlers
from imigr_events.cli import cli
from imigr_events.domain import Event
from imigr_events.fetching import NotFetched, fetch
from imigr_events.handlers import Desk, Finder
from imigr_events.handlers.importing import Importer, import_calendar
from imigr_events.partner_calendar import NotACalendar, Source, read
from imigr_events.schemas import entry_out
from imigr_events.schemas.importing import offers
from imigr_events.storage import MongoAgenda, MongoImports
from imigr_kit.access import NotAllowed
from imigr_kit.testing import FrozenClock

from .conftest import MANAGER

SOURCE = Source("la-marsa", "CIES", "fr")
EDITOR = {"id": "e", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "editor"}]}


def vevent(uid: str = "a@cies.example", sequence: int = 0, *lines: str, **changes: str) -> str:
    """A workshop in a partner's words."""
    fields = {
        "UID": uid, "SEQUENCE": str(sequence), "DTSTAMP": "20261101T080000Z", "DTSTART": "20261215T090000Z",
        "DTEND": "20261215T110000Z", "SUMMARY": "Atelier droits\\, ouvert à tous",
        "LOCATION": "Maison des associations",
        "CATEGORIES": "Droits,Santé publique",
    } | changes  # fmt: skip
    return "\r\n".join(
        ["BEGIN:VEVENT", *(f"{name}:{value}" for name, value in fields.items() if value), *lines, "END:VEVENT"]
    )


def calendar(*events: str) -> bytes:
    """A whole calendar."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//CIES//FR", *events, "END:VCALENDAR", ""]).encode()


@pytest.fixture
def importer(desk: Desk, mongo_db: Any) -> Importer:
    """On a fresh database."""
    return Importer(desk, MongoImports(mongo_db))


def bring(importer: Importer, *events: str, is_trial: bool = False, actor: Any = MANAGER) -> dict[str, Any]:
    """Import a calendar."""
    offered, refused = offers(read(calendar(*events), SOURCE))
    return import_calendar(importer, actor, "la-marsa", offered, refused, is_trial=is_trial)


def the_event(importer: Importer, told: dict[str, Any]) -> Event:
    """The event that the first item became."""
    return handlers.get_event(importer.desk, told["items"][0]["event_id"])


def test_a_partners_event_comes_into_the_agenda(importer: Importer, mongo_db: Any, clock: FrozenClock) -> None:
    """Published, with its texts, times, themes and organiser; feeds keep the partner's UID."""
    told = bring(importer, vevent())
    event = the_event(importer, told)
    assert told["counts"] == {"created": 1, "refused": 0}
    assert (event.title, event.state) == ({"fr": "Atelier droits, ouvert à tous"}, "published")
    assert event.starts_at.isoformat() == "2026-12-15T09:00:00+00:00"
    assert (event.organisers, event.themes) == (({"fr": "CIES"},), ("droits", "sante-publique"))
    found = handlers.get_agenda_entry(Finder(MongoAgenda(mongo_db), clock), event.id)
    assert entry_out(found, clock.now())["uid"] == "a@cies.example"


def test_twice_and_then_an_older_one_changes_nothing(importer: Importer, mongo_db: Any) -> None:
    """Case 37: neither the same SEQUENCE nor a smaller one, whatever they say."""
    bring(importer, vevent(sequence=3))
    before = mongo_db["events"].find_one()
    for sequence in (3, 3, 2, 0):
        told = bring(importer, vevent(sequence=sequence, SUMMARY="Autre titre"))
        assert told["counts"] == {"unchanged": 1, "refused": 0}
    assert mongo_db["events"].find_one() == before


def test_a_larger_sequence_changes_once(importer: Importer, mongo_db: Any) -> None:
    """Case 37: one change, one event, also when it is read three times; our own SEQUENCE rises."""
    first = the_event(importer, bring(importer, vevent(sequence=1)))
    later = vevent(sequence=2, DTSTART="20261216T090000Z", DTEND="20261216T110000Z")
    counts = [bring(importer, later)["counts"] for _ in range(3)]
    assert counts == [{"changed": 1, "refused": 0}] + [{"unchanged": 1, "refused": 0}] * 2
    changed = handlers.get_event(importer.desk, first.id)
    assert (changed.starts_at.day, changed.version) == (16, first.version + 1)
    told = [one["type"].split(".")[-2] for one in mongo_db["events"].find_one()["outbox"]]
    assert told == ["published", "changed"]


def test_an_import_that_died_is_simply_done_again(importer: Importer, mongo_db: Any) -> None:
    """The event was written, the memory of it was not."""
    bring(importer, vevent())
    mongo_db["imports"].delete_many({})
    assert bring(importer, vevent())["counts"] == {"created": 1, "refused": 0}
    assert mongo_db["events"].count_documents({}) == 1


def test_the_newest_of_one_uid_in_a_file_counts(importer: Importer) -> None:
    """Whatever their order."""
    told = bring(importer, vevent(sequence=2, SUMMARY="Nouveau"), vevent(sequence=1, SUMMARY="Ancien"))
    assert the_event(importer, told).title == {"fr": "Nouveau"}


def test_what_the_partner_calls_off_is_called_off_here(importer: Importer) -> None:
    """What never came in stays out."""
    event = the_event(importer, bring(importer, vevent()))
    told = bring(importer, vevent(sequence=1, STATUS="CANCELLED"), vevent("new@x", STATUS="CANCELLED"))
    assert told["counts"] == {"cancelled": 1, "refused": 1}
    assert handlers.get_event(importer.desk, event.id).state == "cancelled"


PEOPLE = (
    "ORGANIZER;CN=Amina Ben Salah:mailto:amina@cies.example",
    "ATTENDEE;CN=Fatou Diallo:mailto:fatou@x.example",
    "ATTENDEE;CN=Awa Koné:mailto:awa@x.example",
    "CONTACT:Amina\\, +216 20 123 456",
    "DESCRIPTION:Inscription auprès de amina@cies.example ou au +216 20 123 456.",
)


def test_people_stay_outside_and_the_report_says_so(importer: Importer, mongo_db: Any) -> None:
    """Neither names nor addresses of organizers, attendees and contacts; numbers in texts are taken out."""
    dropped = read(calendar(vevent("a@x", 0, *PEOPLE)), SOURCE).dropped
    assert dropped == {"ORGANIZER": 1, "ATTENDEE": 2, "CONTACT": 1, "addresses and numbers in texts": 2}
    bring(importer, vevent("a@x", 0, *PEOPLE))
    kept = str(list(mongo_db["events"].find())) + str(list(mongo_db["imports"].find()))
    assert not any(word in kept for word in ("Amina", "Fatou", "Awa", "cies.example", "20 123 456"))
    assert "Inscription auprès de" in kept


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (vevent(uid=""), "no_uid"),
        (vevent("x.la-marsa.imigr.tn"), "own_event"),
        (vevent(SUMMARY=""), "no_title"),
        (vevent(LOCATION=""), "no_place"),
        (vevent(DTSTART=""), "no_time"),
        (vevent(DTEND="20261215T080000Z"), "ends_before_it_starts"),
        (vevent(DTSTART="20200101T080000Z", DTEND="20200101T090000Z"), "over"),
        (vevent("a@x", 0, "RECURRENCE-ID:20261215T090000Z"), "series_not_in_calendar"),
        (vevent("a@x", 0, "RECURRENCE-ID;RANGE=THISANDFUTURE:20261215T090000Z"), "range_of_a_series"),
        (vevent("a@x", 0, "RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:20270105T090000Z"), "dates_beside_the_rule"),
        (vevent(SUMMARY="x" * 201), "invalid"),
        (vevent("a@x", 0, "RRULE:FREQ=SECONDLY"), "invalid"),
    ],
)
def test_what_cannot_come_in_is_named_with_its_reason(
    importer: Importer, event: str, reason: str, mongo_db: Any
) -> None:
    """And the others do come in."""
    told = bring(importer, event, vevent("good@x"))
    assert [one["reason"] for one in told["refused"]] == [reason]
    assert told["counts"] == {"created": 1, "refused": 1}
    assert mongo_db["events"].count_documents({}) == 1


def test_a_series_comes_in_with_its_dates(importer: Importer) -> None:
    """Every week, six times; a newer SEQUENCE changes its texts, not its dates."""
    rule = "RRULE:FREQ=WEEKLY;COUNT=6"
    event = the_event(importer, bring(importer, vevent("a@x", 0, rule)))
    assert len(event.sessions) == 6
    told = bring(importer, vevent("a@x", 1, rule, SUMMARY="Nouveau"))
    assert told["counts"] == {"changed": 1, "refused": 0}
    assert bring(importer, vevent("a@x", 2, "RRULE:FREQ=DAILY;COUNT=6"))["refused"][0]["reason"] == "series_changed"


RULE = "RRULE:FREQ=WEEKLY;COUNT=4"


def other(sequence: int, day: str, *lines: str, **changes: str) -> str:
    """What is another about one date of the series."""
    return vevent("a@x", sequence, f"RECURRENCE-ID:{day}T090000Z", *lines, **changes)


def shown(event: Event) -> list[tuple[str, str]]:
    """Its dates."""
    return [(f"{one.starts_at:%m-%d %H:%M}", str(one.state)) for one in event.sessions]


def test_a_series_comes_in_with_its_exceptions(importer: Importer, mongo_db: Any, clock: FrozenClock) -> None:
    """A date that the series leaves out (EXDATE), one that is moved and one that is called off (RECURRENCE-ID), in
    whatever order; our own feed says of them what the partner's does."""
    moved = other(0, "20261222", DTSTART="20261223T140000Z", DTEND="20261223T150000Z", LOCATION="Salle 2")
    event = the_event(
        importer,
        bring(
            importer,
            moved,
            vevent("a@x", 0, RULE, "EXDATE;TZID=Africa/Tunis:20261229T100000"),
            other(0, "20270105", STATUS="CANCELLED"),
        ),
    )
    assert shown(event) == [
        ("12-15 09:00", "planned"), ("12-23 14:00", "planned"), ("12-29 09:00", "cancelled"),
        ("01-05 09:00", "cancelled"),
    ]  # fmt: skip
    assert event.sessions[1].room == {"fr": "Salle 2"}
    found = entry_out(handlers.get_agenda_entry(Finder(MongoAgenda(mongo_db), clock), event.id), clock.now())
    replaced = {one["replaces"]: one["state"] for one in found["occurrences"]}
    assert replaced == {
        "2026-12-22T09:00:00Z": "planned", "2026-12-29T09:00:00Z": "cancelled", "2027-01-05T09:00:00Z": "cancelled",
    }  # fmt: skip


def test_one_date_changes_once_by_its_own_sequence(importer: Importer, mongo_db: Any) -> None:
    """The series has the same SEQUENCE; twice or older changes nothing, and the other dates stay."""
    series = vevent("a@x", 3, RULE)
    event = the_event(importer, bring(importer, series))
    later = other(1, "20261222", DTSTART="20261222T150000Z", DTEND="20261222T170000Z")
    counts = [bring(importer, series, later)["counts"] for _ in range(3)]
    assert counts == [{"dates_changed": 1, "refused": 0}] + [{"unchanged": 1, "refused": 0}] * 2
    assert shown(handlers.get_event(importer.desk, event.id))[1] == ("12-22 15:00", "planned")
    older = other(0, "20261222", DTSTART="20261222T080000Z", DTEND="20261222T090000Z")
    assert bring(importer, series, older)["counts"] == {"unchanged": 1, "refused": 0}
    called_off = bring(importer, series, other(2, "20261222", STATUS="CANCELLED"))
    assert called_off["counts"] == {"dates_changed": 1, "refused": 0}
    assert shown(handlers.get_event(importer.desk, event.id))[1] == ("12-22 15:00", "cancelled")
    told = [one["type"].split(".", 3)[3] for one in mongo_db["events"].find_one()["outbox"]]
    assert told == ["event.published.v1", "session.changed.v1", "session.cancelled.v1"]


def test_a_newer_series_tells_a_date_anew_under_its_old_sequence(importer: Importer) -> None:
    """Some calendars count the series only; what they say then counts."""
    first = other(1, "20261222", DTSTART="20261222T150000Z", DTEND="20261222T170000Z")
    event = the_event(importer, bring(importer, vevent("a@x", 0, RULE), first))
    again = other(1, "20261222", DTSTART="20261222T160000Z", DTEND="20261222T170000Z")
    assert bring(importer, vevent("a@x", 1, RULE), again)["counts"] == {"changed": 1, "refused": 0}
    third = other(1, "20261222", DTSTART="20261222T140000Z", DTEND="20261222T170000Z")
    assert bring(importer, vevent("a@x", 2, RULE), third)["counts"] == {"changed": 1, "refused": 0}
    assert shown(handlers.get_event(importer.desk, event.id))[1] == ("12-22 14:00", "planned")


def test_a_newer_series_calls_a_date_off(importer: Importer) -> None:
    """By EXDATE under a larger SEQUENCE; a date that the rule never gave is named, and the rest comes in."""
    event = the_event(importer, bring(importer, vevent("a@x", 0, RULE)))
    told = bring(importer, vevent("a@x", 1, RULE, "EXDATE:20261222T090000Z", "EXDATE:20261223T090000Z"))
    assert told["counts"] == {"changed": 1, "refused": 1}
    assert [one["reason"] for one in told["refused"]] == ["unknown_date"]
    assert [state for _, state in shown(handlers.get_event(importer.desk, event.id))][1] == "cancelled"


def test_a_trial_changes_nothing(importer: Importer, mongo_db: Any) -> None:
    """It says what would happen."""
    told = bring(importer, vevent(), vevent("", SUMMARY="x"), is_trial=True)
    assert (told["is_trial"], told["counts"]) == (True, {"created": 1, "refused": 1})
    assert mongo_db["events"].count_documents({}) + mongo_db["imports"].count_documents({}) == 0


def test_only_a_manager_brings_a_calendar_in(importer: Importer) -> None:
    """It publishes."""
    with pytest.raises(NotAllowed):
        bring(importer, vevent(), actor=EDITOR)


@pytest.mark.parametrize("raw", [b"", b"hello", b"BEGIN:VCALENDAR", b"\xff\xfe", b"x" * 2_000_001])
def test_what_is_no_calendar_is_refused_whole(raw: bytes) -> None:
    """Also one that is too large."""
    with pytest.raises(NotACalendar):
        read(raw, SOURCE)


def test_days_floating_times_and_languages(importer: Importer) -> None:
    """A day is a day of the town, a time without a zone is the town's, a text may say its language."""
    lines = ("SUMMARY;LANGUAGE=ar:يوم مفتوح", "DTSTART;VALUE=DATE:20261220")
    (day,) = read(calendar(vevent("d@x", 0, *lines, SUMMARY="", DTSTART="", DTEND="")), SOURCE).incoming
    assert day.values["title"] == {"ar": "يوم مفتوح"}
    assert (day.values["starts_at"], day.values["ends_at"]) == (
        "2026-12-19T23:00:00+00:00",
        "2026-12-20T23:00:00+00:00",
    )
    (floating,) = read(calendar(vevent("f@x", DTSTART="20261220T090000", DTEND="")), SOURCE).incoming
    assert floating.values["starts_at"] == "2026-12-20T08:00:00+00:00"


class Partner(http.server.BaseHTTPRequestHandler):
    """A partner's web server with good and bad habits."""

    def do_GET(self) -> None:
        """By path."""
        self.send_response(302 if self.path == "/moved" else 200)
        if self.path == "/moved":
            self.send_header("Location", "http://169.254.169.254/")
        self.end_headers()
        self.wfile.write(b"x" * 2_100_000 if self.path == "/large" else calendar(vevent()))

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@pytest.fixture
def partner() -> Iterator[str]:
    """Its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Partner) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_is_fetched_within_limits(partner: str) -> None:
    """Its body; neither a redirect nor too much."""
    assert fetch(f"{partner}/agenda.ics", allow_private=True) == calendar(vevent())
    for path, reason in (("/moved", "status_302"), ("/large", "too_large")):
        with pytest.raises(NotFetched, match=reason):
            fetch(partner + path, allow_private=True)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:27017/", "private_address"),
        ("http://localhost/", "private_address"),
        ("http://169.254.169.254/latest/", "private_address"),
        ("http://[::1]/", "private_address"),
        ("http://10.0.0.1/", "private_address"),
        ("http://0.0.0.0/", "private_address"),
        ("file:///etc/passwd", "not_an_http_address"),
        ("ftp://example.org/", "not_an_http_address"),
        ("http://user:secret@example.org/", "not_an_http_address"),
        ("http:///x", "not_an_http_address"),
    ],
)
def test_what_must_not_be_fetched_is_not(url: str, reason: str) -> None:
    """Neither our own network nor anything but http."""
    with pytest.raises(NotFetched, match=reason):
        fetch(url)


def test_the_command_brings_it_in_twice_and_says_what_it_did(
    events_env: dict[str, str], tmp_path: Path, mongo_db: Any
) -> None:
    """From a file: dry, then for real, then again."""
    file = tmp_path / "agenda.ics"
    file.write_bytes(calendar(vevent("a@x", 0, *PEOPLE, DTSTART="20401215T090000Z", DTEND="20401215T110000Z")))
    command = ["import-calendar", str(file), "--municipality", "la-marsa", "--organiser", "CIES"]
    run: Callable[..., Any] = lambda *more: CliRunner().invoke(cli, [*command, *more], env=events_env)  # noqa: E731
    told = [json.loads(run(*more).output) for more in (["--dry-run"], [], [])]
    assert [one["counts"] for one in told] == [
        {"created": 1, "refused": 0}, {"created": 1, "refused": 0}, {"unchanged": 1, "refused": 0},
    ]  # fmt: skip
    assert told[0]["dropped"]["ATTENDEE"] == 2
    assert mongo_db["events"].count_documents({}) == 1
    wrong = CliRunner().invoke(cli, [command[0], str(tmp_path / "none.ics"), *command[2:]], env=events_env)
    assert (wrong.exit_code, "cannot be read" in wrong.output) == (1, True)


def test_the_other_commands_answer_in_json(events_env: dict[str, str], mongo_db: Any) -> None:
    """Keys for devices, pathways of a town."""
    keys = json.loads(CliRunner().invoke(cli, ["keys"], env=events_env).output)
    assert len(keys["keys"]) == 1
    listed = CliRunner().invoke(cli, ["pathways", "--municipality", "la-marsa"], env=events_env)
    assert json.loads(listed.output) == {"items": []}
