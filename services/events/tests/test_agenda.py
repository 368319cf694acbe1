"""The agenda searched on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event
from imigr_events.domain.words import holds
from imigr_events.errors import UnknownEvent
from imigr_events.handlers import Desk, Finder, Turns
from imigr_events.known import Known
from imigr_events.ports import Command
from imigr_events.schemas import (
    SEARCH_AGENDA,
    WrittenEvents,
    agenda_out,
    calendar_events_out,
    calendar_marks_out,
    entry_out,
    event_out,
)
from imigr_events.sealing import ContactSeal
from imigr_events.storage import MongoAgenda, MongoEvents
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.testing import FrozenClock
from imigr_kit.texts import localised

from .conftest import KEY, MANAGER, NOW, make_event, wanted

Publish = Callable[..., Event]


@pytest.fixture
def finder(mongo_db: Any, clock: FrozenClock) -> Finder:
    """The search on the same database."""
    return Finder(MongoAgenda(mongo_db), clock)


def ids(finder: Finder, **asked: Any) -> list[str]:
    """Ids of what a question finds."""
    return [one.event.id for one in handlers.search_agenda(finder, SEARCH_AGENDA.load(asked))[0]]


def test_drafts_and_past_events_are_not_in_the_agenda(desk: Desk, finder: Finder, publish: Publish) -> None:
    """Only what everyone may know and what is still to come, by start."""
    desk.events.add(make_event(id="draft"), Command("d", "d"))
    past = datetime(2026, 11, 1, 9, tzinfo=UTC)
    publish(id="past", starts_at=past, ends_at=past + timedelta(hours=2))
    publish(id="later", starts_at=datetime(2027, 1, 5, 9, tzinfo=UTC), ends_at=datetime(2027, 1, 5, 12, tzinfo=UTC))
    publish(id="soon")
    assert ids(finder) == ["soon", "later"]
    assert ids(finder, since="2026-10-01T00:00:00Z") == ["past", "soon", "later"]
    assert ids(finder, until="2026-12-31T00:00:00Z") == ["soon"]


def test_called_off_events_stay_in_the_agenda(desk: Desk, finder: Finder, publish: Publish) -> None:
    """Who has noted one must learn it; the change is dated."""
    event = publish()
    before = handlers.get_agenda_entry(finder, event.id)
    handlers.cancel_event(desk, MANAGER, event.id, event.version, Command("c", "c"))
    after = handlers.get_agenda_entry(finder, event.id)
    assert (before.event.state, after.event.state) == ("published", "cancelled")
    assert after.changed_at >= before.changed_at
    assert after.event.version == before.event.version + 1


def test_filters_combine(finder: Finder, publish: Publish) -> None:
    """Town and language."""
    publish(id="a", languages=("ar", "fr"))
    publish(id="b", languages=("fr",))
    publish(id="c", languages=("ar",), municipality="raoued")
    assert ids(finder, language="ar") == ["a", "c"]
    assert ids(finder, language="ar", municipality="la-marsa") == ["a"]


@pytest.mark.parametrize("words", ["ecole", "ÉCOLE ouverte", "اولياء", "أَوْلِيَاء المدرسه"])
def test_words_are_found_without_accents_case_or_vowel_signs(finder: Finder, publish: Publish, words: str) -> None:
    """In any language of the event; all of them must be there."""
    publish(id="a", title={"fr": "École ouverte", "ar": "يوم مفتوح"}, summary={"ar": "لقاء الأولياء في المدرسة"})
    publish(id="b", title={"fr": "Portes ouvertes"})
    assert ids(finder, q=words) == ["a"]


def test_a_word_is_no_pattern(finder: Finder, publish: Publish) -> None:
    """What would be a pattern finds nothing."""
    publish()
    assert ids(finder, q=".*") == []
    assert not holds(["Journée"], ["J.*"])


def test_pages_and_total(finder: Finder, publish: Publish) -> None:
    """The total counts all pages."""
    for number in range(5):
        publish(id=f"e{number}")
    wanted = SEARCH_AGENDA.load({"page": 2, "per_page": 2})
    answer = agenda_out(*handlers.search_agenda(finder, wanted), wanted, NOW)
    assert ([one["id"] for one in answer["items"]], answer["total"]) == (["e2", "e3"], 5)
    assert answer["items"][0]["changed_at"].endswith("Z")


def test_an_unknown_event_or_a_draft_has_no_entry(desk: Desk, finder: Finder) -> None:
    """Both alike."""
    desk.events.add(make_event(id="draft"), Command("d", "d"))
    for event_id in ("draft", "none"):
        with pytest.raises(UnknownEvent):
            handlers.get_agenda_entry(finder, event_id)


def test_a_calendar_says_what_the_agenda_says(finder: Finder, publish: Publish, clock: FrozenClock) -> None:
    """But for what is counted: the short way and the long way agree."""
    publish(id="a", title={"fr": "Jour", "ar": "يوم"}, summary={"fr": "Tout"}, themes=("health",))
    publish(id="b", municipality="raoued")
    wanted = SEARCH_AGENDA.load({"municipality": "la-marsa"})
    told = calendar_marks_out(*handlers.calendar_marks(finder, wanted), clock.now())
    assert told == {"marks": [["a", 2, None]], "items": []}
    (short,) = calendar_events_out(handlers.calendar_events(finder, ["a", "none"]))["items"]
    long = entry_out(handlers.get_agenda_entry(finder, "a"), clock.now())
    assert "free_places" not in short
    same = (
        "title",
        "summary",
        "place",
        "id",
        "uid",
        "municipality",
        "version",
        "location",
        "timezone",
        "state",
        "registration",
        "themes",
        "picture",
    )
    assert {name: short[name] for name in same} == {name: long[name] for name in same}
    for name in ("starts_at", "ends_at", "changed_at"):
        assert short[name][:19] == long[name][:19]


def test_what_a_process_remembers_is_never_older_than_the_database(
    desk: Desk, finder: Finder, publish: Publish, mongo_db: Any, clock: FrozenClock
) -> None:
    """Another process edits it, somebody takes a place, an import gives it a UID: lists and calendars say so at
    once."""
    publish(10)
    events = MongoEvents(mongo_db, Stamp("events", "test", clock, new_id), ContactSeal(KEY))
    elsewhere = replace(desk, events=events, turns=Turns(events, clock))

    def shown() -> tuple[str, int, str | None]:
        (listed,), _ = handlers.list_events(desk, "la-marsa", None, 1, 20)
        marks, _ = handlers.calendar_marks(finder, SEARCH_AGENDA.load({}))
        (entry,) = calendar_events_out(handlers.calendar_events(finder, ["event-1"]))["items"]
        assert (entry["title"], entry["version"]) == (listed.title, marks[0]["version"])
        return listed.title["fr"], listed.taken, marks[0].get("uid")

    assert shown() == shown() == ("Journée portes ouvertes", 0, None)
    handlers.register(elsewhere, *wanted("a"))
    assert shown()[1] == 1
    handlers.edit_event(elsewhere, MANAGER, "event-1", 2, {"title": {"fr": "Fête"}}, Command("e", "x"))
    mongo_db["events"].update_one({}, {"$set": {"uid": "a@partner"}})
    assert shown() == ("Fête", 1, "a@partner")


def test_an_event_written_for_readers_is_what_a_list_says(desk: Desk, publish: Publish, clock: FrozenClock) -> None:
    """In their language, with the numbers of this moment: a place taken, registration that is over by time alone."""
    written = WrittenEvents()
    publish(10, title={"fr": "Jour", "ar": "يوم"})

    def shown(language: str) -> dict[str, Any]:
        (event,), _ = handlers.list_events(desk, "la-marsa", None, 1, 20)
        text = written.text(event, (language, "fr"), clock.now())
        assert json.loads(text) == json.loads(json.dumps(localised(event_out(event, clock.now()), (language, "fr"))))
        found: dict[str, Any] = json.loads(text)
        return found

    assert [shown(one)["title"] for one in ("ar", "fr", "ar")] == ["يوم", "Jour", "يوم"]
    handlers.register(desk, *wanted("a", 3))
    assert (shown("fr")["free_places"], shown("ar")["is_open"]) == (7, True)
    clock.advance(days=19, hours=1, minutes=30)
    assert shown("fr")["is_open"] is False


def test_what_is_remembered_is_bounded() -> None:
    """The first is forgotten first; another mark is another thing."""
    known: Known[str] = Known(2)
    for name in "abc":
        known.keep(name, 1, name.upper())
    assert [known.get(name, 1) for name in "abc"] == [None, "B", "C"]
    assert known.get("b", 2) is None
