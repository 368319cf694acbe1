"""Offline packs: small, exact, searched without a network, told as differences, made again after a kill."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imigr_directory.editions.entries import Published, Town
from imigr_directory.errors import EditionNotReady, UnknownEdition
from imigr_directory.packs import handlers
from imigr_directory.packs.codec import applied, compressed, difference, name_of, packed, text_of
from imigr_directory.packs.domain import KEPT
from imigr_directory.packs.handlers import build_packs, manifest
from imigr_directory.packs.lines import lines_of, parsed
from imigr_directory.packs.reading import find
from imigr_directory.packs.storage import INDEXES, PACK_HEADS, PACKS, MongoPacks
from imigr_directory.press.state import LEASE, MongoPress
from imigr_directory.press.tending import BROCHURE_QUIET_SECONDS, QUIET_SECONDS, REST_SECONDS, Tender
from imigr_directory.testing.towns import hours_of, town_of
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock, wait_until

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MOST_ON_THE_WIRE = 60_000
MOST_FOR_ONE_CHANGE = 5_000


@cache
def large() -> Town:
    """300 services, 8 articles."""
    return town_of(300)


def text(town: Town, language: str = "fr") -> str:
    """Its pack."""
    return lines_of(town, language, hours_of).text()


def changed(town: Town, number: int, **content: Any) -> Town:
    """One record says something else."""
    old = town.records[number]
    new = replace(old, version=old.version + 1, content={**old.content, **content})
    return replace(town, records=(*town.records[:number], new, *town.records[number + 1 :]))


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_three_hundred_services_fit_into_sixty_kilobytes(language: str) -> None:
    """With names, texts, addresses, phones, hours and what the search needs, and eight articles on top."""
    pack = packed(text(large(), language))
    assert len(pack.br) <= MOST_ON_THE_WIRE
    assert len(pack.gz) <= MOST_ON_THE_WIRE
    records = json.loads(text_of(pack))["records"]
    assert sum(one["kind"] == "service" for one in records) == 300
    for name in ("name", "description", "address", "phones", "hours", "at"):
        assert all(one.get(name) for one in records if one["kind"] == "service"), name
    assert len({one["description"] for one in records}) == len(records)


def test_a_change_of_one_service_moves_little() -> None:
    """All its texts are new, and another one is gone: still far under five kilobytes."""
    old, fresh = text(large()), town_of(1, seed=9).records[0].content
    new = text(replace(changed(large(), 7, **fresh), records=changed(large(), 7, **fresh).records[:-1]))
    told = difference(old, new)
    assert len(compressed(told.encode())) < MOST_FOR_ONE_CHANGE
    assert applied(old, told) == new


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=12))
@settings(max_examples=25, deadline=None)
def test_any_row_of_changes_can_be_told_as_differences(steps: list[tuple[int, int]]) -> None:
    """Records changed, dropped and added in any order: old text and difference make exactly the new text."""
    town = town_of(10, articles=1)
    now = text(town)
    for number, what in steps:
        if what == 0 and len(town.records) > number:
            town = changed(town, number, name={"fr": f"Nom {number}\n{what}"})
        elif what == 1:
            town = replace(town, records=town.records[:number])
        elif what == 2:
            town = replace(town, records=(*town.records, *town_of(1, seed=number + 50, articles=0).records))
        else:
            town = replace(town, name={"fr": f"Ville {number}"})
        new = text(town)
        assert applied(now, difference(now, new)) == new
        assert parsed(new).text() == new
        now = new


def test_a_difference_of_another_pack_is_refused() -> None:
    """A client sees by the names that it has the wrong one."""
    one, two, three = (text(town_of(3, seed=seed)) for seed in (1, 2, 3))
    with pytest.raises(ValueError, match="another pack"):
        applied(three, difference(one, two))


def test_the_same_content_has_the_same_name() -> None:
    """Whatever the order in which it was read."""
    turned = replace(large(), records=tuple(reversed(large().records)), themes=tuple(reversed(large().themes)))
    assert name_of(text(turned)) == name_of(text(large()))


def test_texts_that_are_missing_come_in_another_language_and_say_so() -> None:
    """Never an empty name."""
    town = changed(town_of(1, articles=0), 0, name={"ar": "دار الشباب"}, description={})
    record = json.loads(text(town))["records"][0]
    assert (record["name"], record["in"]["name"]) == ("دار الشباب", "ar")
    assert "description" not in record


def test_markup_and_line_ends_stay_text() -> None:
    """A record is one line whatever is in it."""
    town = changed(town_of(1, articles=0), 0, name={"fr": 'a\n]}\n"<script>\u2028'})
    assert json.loads(text(town))["records"][0]["name"] == 'a\n]}\n"<script>\u2028'
    assert len(parsed(text(town)).records) == 1


@pytest.mark.parametrize(
    ("typed", "language"), [("marsa", "ar"), ("المرسى", "fr"), ("Mars", "fr"), ("marsa", "fr"), ("مرسي", "ar")]
)
def test_a_pack_is_searched_across_scripts_without_a_network(typed: str, language: str) -> None:
    """By beginning of a word, in the other script, in the other spelling."""
    town = town_of(20)
    wanted = Published("x", "service", {"name": {"ar": "بلدية المرسى"}, "taxonomy": []})
    also = Published("y", "service", {"name": {"fr": "Mairie de La Marsa", "ar": "بلدية المرسى"}, "taxonomy": []})
    found = find(text(replace(town, records=(*town.records, wanted, also)), language), typed)
    assert {"x", "y"} <= {one["id"] for one in found[:3]}


def test_a_theme_finds_what_is_below_it() -> None:
    """By the theme's name in any language."""
    town = large()
    name = town.themes[0].name["en"]
    found = find(text(town), name)
    about = {one.id for one in town.records if "health" in one.content["taxonomy"]}
    assert about
    assert about <= {one["id"] for one in found}


@pytest.fixture
def packs(mongo_db: Any) -> MongoPacks:
    """Packs on a fresh database."""
    ensure_indexes(mongo_db, INDEXES)
    return MongoPacks(mongo_db, Stamp("directory", "test", FrozenClock(NOW), new_id))


def test_only_what_is_another_one_is_published(packs: MongoPacks, mongo_db: Any) -> None:
    """With its event in the same write; number and name say which."""
    town = town_of(3)
    assert [one.language for one in build_packs(packs, town, hours_of, NOW, {})] == ["fr", "ar", "en"]
    assert build_packs(packs, town, hours_of, NOW, {}) == []
    made = build_packs(packs, changed(town, 0, name={"fr": "Autre"}), hours_of, NOW, {})
    assert {one.number for one in made} == {2}
    row = mongo_db[PACK_HEADS].find_one({"_id": "essai:fr"})
    assert [(one["sequence"], one["data"]["pack"] == row["name"]) for one in row["outbox"]] == [(1, False), (2, True)]


def test_writers_at_once_publish_one_after_the_other(packs: MongoPacks, mongo_db: Any) -> None:
    """Eight presses with eight contents: numbers without gap, each with one event, the head is one that is kept."""
    threads = [
        threading.Thread(target=lambda seed=seed: packs.publish("essai", "fr", packed(text(town_of(2, seed))), NOW))
        for seed in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    row = mongo_db[PACK_HEADS].find_one({"_id": "essai:fr"})
    assert [one["sequence"] for one in row["outbox"]] == list(range(1, row["number"] + 1))
    assert packs.pack(row["name"]) is not None


def test_so_many_are_kept(packs: MongoPacks, mongo_db: Any) -> None:
    """A client with a very old one fetches it whole."""
    names = [packed(text(town_of(1, seed, articles=0))) for seed in range(KEPT + 3)]
    for pack in names:
        packs.publish("essai", "fr", pack, NOW)
    assert mongo_db[PACKS].count_documents({}) == KEPT
    assert manifest(packs, {"essai"}, "essai", "fr", names[-2].name).have == names[-2].name
    assert manifest(packs, {"essai"}, "essai", "fr", names[0].name).have is None
    with pytest.raises(UnknownEdition):
        handlers.change(packs, names[0].name, names[-1].name)


def test_a_pack_of_another_town_is_no_base(packs: MongoPacks) -> None:
    """Nor is one that is quite different."""
    here, there = packed(text(town_of(3, 1))), packed(text(town_of(3, 2, slug="autre")))
    packs.publish("essai", "fr", here, NOW)
    packs.publish("autre", "fr", there, NOW)
    assert manifest(packs, {"essai"}, "essai", "fr", there.name).have is None
    with pytest.raises(UnknownEdition):
        handlers.change(packs, there.name, here.name)


def test_what_is_not_there_is_told_apart_from_what_is_not_there_yet(packs: MongoPacks) -> None:
    """Come back later, or never."""
    with pytest.raises(EditionNotReady):
        manifest(packs, {"essai"}, "essai", "fr", None)
    with pytest.raises(UnknownEdition):
        manifest(packs, {"essai"}, "elsewhere", "fr", None)


def _still_working(tender: Tender) -> bool:
    tender.tend(4)
    return tender.is_working


def test_the_press_waits_for_the_end_of_a_row_of_changes_and_rests_after_a_failure(mongo_db: Any) -> None:
    """One process for many changes; after one that failed another one is started, a while later."""
    press, now = MongoPress(mongo_db), [0.0]
    tender = Tender(press, command=("false",), monotonic=lambda: now[0])
    started = []
    for version in range(5):
        now[0] += QUIET_SECONDS / 2
        tender.tend(version)
        started.append(tender.is_working)
    assert not any(started)
    for _ in range(2):
        now[0] += QUIET_SECONDS
        tender.tend(4)
        assert tender.is_working
        wait_until(lambda: not _still_working(tender), 10, "it has failed")
        tender.tend(4)
        assert not tender.is_working
        now[0] += REST_SECONDS


def test_brochures_are_printed_when_it_has_been_quiet_for_longer_or_when_staff_ask(mongo_db: Any) -> None:
    """Packs at once, an edition with a number only after a minute without a change."""
    press, now = MongoPress(mongo_db), [0.0]
    tender = Tender(press, command=("true",), monotonic=lambda: now[0])

    def wanted(version: int) -> list[str] | None:
        tender.tend(version)
        return tender._wanted(version, now[0])

    press.note(packs_as_of=1)
    assert wanted(1) is None
    now[0] += BROCHURE_QUIET_SECONDS
    assert tender._wanted(1, now[0]) == ["--brochures"]
    press.note(brochures_as_of=1)
    assert tender._wanted(1, now[0]) is None
    press.wish()
    assert tender._wanted(1, now[0]) == ["--brochures"]
    press.note(met=1)
    assert tender._wanted(1, now[0]) is None


def test_two_presses_take_turns(mongo_db: Any) -> None:
    """And one that died is followed after its lease."""
    press, clock = MongoPress(mongo_db), FrozenClock(NOW)
    assert press.take("a", clock.now())
    assert not press.take("b", clock.now())
    assert press.take("a", clock.now())
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert press.take("b", clock.now())
    press.leave("a")
    assert not press.take("a", clock.now())
