"""Translations: their states, files for translators, and readers who never see a stale text unmarked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from imigr_directory import xliff
from imigr_directory.domain import Record
from imigr_directory.domain.records import DRAFT, IN_REVIEW, PUBLISHED
from imigr_directory.domain.translations import MACHINE, OUTDATED, Line
from imigr_directory.errors import InvalidInput, UnknownText, UnreadableFile
from imigr_directory.handlers import Desk, translations
from imigr_directory.handlers import records as handlers
from imigr_directory.handlers.records import New
from imigr_directory.handlers.translations import Words
from imigr_directory.schemas.content import content_in
from imigr_kit.access import NotAllowed

from .test_review import EDITOR, MANAGER, actor, at, desk, key, service

__all__ = ["desk"]
ARTICLE = content_in(
    "article",
    {
        "title": {"fr": "La santé", "ar": "الصحة"},
        "sections": [
            {"id": "s1", "heading": {"fr": "Urgences"}, "steps": [{"id": "t1", "text": {"fr": "Appelez le 190"}}]}
        ],
    },
    "seed",
)
STEP = "sections.s1.steps.t1.text"


@pytest.fixture
def article(desk: Desk) -> Record:
    """A published article of Raoued in French, its title also in Arabic."""
    return handlers.publish_new(desk, MANAGER, New("article", "a1", "raoued", None), ARTICLE, key())


def test_every_text_has_a_path_that_survives_another_order(desk: Desk, article: Record) -> None:
    """Ids of parts, not positions."""
    paths = {one.path for one in translations.list_lines(desk, EDITOR, "article", "a1")}
    assert paths == {"title", "sections.s1.heading", STEP}


def test_a_translation_is_outdated_when_its_source_changes(desk: Desk, article: Record) -> None:
    """Until its words change too, or somebody confirms them."""
    content: dict[str, Any] = {**ARTICLE, "title": {**ARTICLE["title"], "fr": "Se soigner"}}
    changed = handlers.write(desk, MANAGER, at(article), content, key())
    assert changed.translations["title"] == {"ar": OUTDATED}
    words = Words("ar", {"title": "الصحة"}, PUBLISHED)
    confirmed = translations.translate(desk, MANAGER, at(changed), words, key())
    assert confirmed.translations["title"] == {"ar": PUBLISHED}


def test_an_editor_proposes_a_translation_and_a_manager_publishes_it(desk: Desk, article: Record) -> None:
    """Several translations gather in one proposal; readers see none of them before."""
    waiting = translations.translate(desk, EDITOR, at(article), Words("ar", {STEP: "اتصل بـ 190"}, DRAFT), key())
    waiting = translations.translate(desk, EDITOR, at(waiting), Words("en", {STEP: "Call 190"}, IN_REVIEW), key())
    assert "en" not in (waiting.content or {})["sections"][0]["steps"][0]["text"]
    done = handlers.publish(desk, MANAGER, at(waiting), key())
    assert (done.content or {})["sections"][0]["steps"][0]["text"] == {
        "fr": "Appelez le 190",
        "ar": "اتصل بـ 190",
        "en": "Call 190",
    }
    with pytest.raises(NotAllowed):
        translations.translate(desk, EDITOR, at(done), Words("en", {STEP: "x"}, PUBLISHED), key())


def test_what_a_machine_made_stays_marked_until_somebody_reviews_it(desk: Desk, article: Record) -> None:
    """Also while other texts change."""
    made = translations.translate(desk, MANAGER, at(article), Words("en", {"title": "Health"}, MACHINE), key())
    assert made.translations["title"]["en"] == MACHINE
    other = translations.translate(desk, MANAGER, at(made), Words("en", {STEP: "Call 190"}, PUBLISHED), key())
    assert other.translations["title"]["en"] == MACHINE
    reviewed = translations.translate(desk, MANAGER, at(other), Words("en", {"title": "Health"}, PUBLISHED), key())
    assert reviewed.translations["title"]["en"] == PUBLISHED


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (Words("ar", {"sections.nothing.heading": "x"}, IN_REVIEW), UnknownText),
        (Words("ar", {"order": "x"}, IN_REVIEW), UnknownText),
        (Words("ar", {"": "x"}, IN_REVIEW), UnknownText),
        (Words("fr", {"title": "x"}, IN_REVIEW), UnknownText),
        (Words("ar", {"title": "x" * 201}, IN_REVIEW), InvalidInput),
        (Words("arabic", {"title": "x"}, IN_REVIEW), InvalidInput),
    ],
    ids=["unknown part", "no text", "no path", "the source itself", "too long", "no language"],
)
def test_a_translation_that_does_not_fit_changes_nothing(
    desk: Desk, article: Record, words: Words, error: type[Exception]
) -> None:
    """Refused with the path."""
    with pytest.raises(error):
        translations.translate(desk, EDITOR, at(article), words, key())
    assert handlers.get_record(desk, MANAGER, "article", "a1") == article


def file_of(desk: Desk, language: str = "ar") -> bytes:
    """What a translator gets."""
    lines = translations.export_lines(desk, MANAGER, "raoued", ["article", "service"], [])
    return xliff.written(lines, language)


def filled(content: bytes, words: dict[str, str]) -> xliff.Translated:
    """The file as it comes back from the translator."""
    root = etree.fromstring(content)
    for unit in root.iter("{*}trans-unit"):
        if unit.get("id") in words:
            for target in unit.findall("{*}target"):
                unit.remove(target)
            etree.SubElement(unit, f"{{{xliff.NAMESPACE}}}target").text = words[unit.get("id")]
    return xliff.read(etree.tostring(root))


def taken(desk: Desk, file: xliff.Translated, state: str = PUBLISHED) -> translations.Report:
    """The report on a file."""
    return translations.import_units(desk, MANAGER, "raoued", file.language, file.units, state, key())


def test_a_file_goes_out_and_comes_back_and_twice_is_the_same_as_once(desk: Desk, article: Record) -> None:
    """What is there already is told as unchanged."""
    back = filled(file_of(desk), {STEP: "اتصل بـ 190", "sections.s1.heading": "الطوارئ"})
    first = taken(desk, back)
    assert (first.taken, first.unchanged, first.refused, first.records) == (2, 1, [], ["a1"])
    now = handlers.get_record(desk, MANAGER, "article", "a1")
    assert (now.content or {})["sections"][0]["heading"]["ar"] == "الطوارئ"
    second = taken(desk, back)
    assert (second.taken, second.unchanged, second.records) == (0, 3, [])
    assert handlers.get_record(desk, MANAGER, "article", "a1") == now


def test_a_file_can_come_back_as_a_proposal(desk: Desk, article: Record) -> None:
    """One for each record; twice is the same as once."""
    back = filled(file_of(desk), {STEP: "اتصل بـ 190"})
    assert taken(desk, back, IN_REVIEW).taken == 1
    assert taken(desk, back, IN_REVIEW).taken == 0
    now = handlers.get_record(desk, MANAGER, "article", "a1")
    assert (now.version, now.proposal is not None) == (1, True)


def test_a_translation_of_a_source_that_has_changed_is_refused(desk: Desk, article: Record) -> None:
    """Every unit is taken, unchanged or refused with its reason."""
    old = filled(file_of(desk), {"title": "شيء آخر"})
    content: dict[str, Any] = {**ARTICLE, "title": {"fr": "Se soigner", "ar": "الصحة"}}
    handlers.write(desk, MANAGER, at(article), content, key())
    report = taken(desk, old)
    assert (report.taken, report.refused) == (
        0,
        [{"record": "article/a1", "path": "title", "reason": "source_changed"}],
    )


def test_units_of_other_towns_and_of_nothing_are_refused(desk: Desk, article: Record) -> None:
    """And change nothing."""
    away = [
        xliff.Unit("article", "nobody", "title", "x", "y", is_machine=False),
        xliff.Unit("person", "a1", "title", "x", "y", is_machine=False),
        xliff.Unit("article", "a1", "nothing", "x", "y", is_machine=False),
    ]
    report = translations.import_units(desk, MANAGER, "raoued", "ar", away, PUBLISHED, key())
    assert [one["reason"] for one in report.refused] == ["unknown_record", "unknown_record", "unknown_text"]
    with pytest.raises(NotAllowed):
        translations.import_units(desk, actor("manager", "la-marsa"), "raoued", "ar", away, PUBLISHED, key())


BOMB = """<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"""
FILE = """<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">{}</xliff>"""
UNREADABLE = {
    "nothing": "",
    "no XML": "hello",
    "another XML": "<html/>",
    "XLIFF 2": '<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0"/>',
    "no language": FILE.format('<file original="article/a1"><body/></file>'),
    "two languages": FILE.format('<file target-language="ar"/><file target-language="en"/>'),
    "entities": BOMB + FILE.format('<file target-language="ar"/>'),
    "a file of ours": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + FILE.format("&a;"),
    "cut": FILE.format("<file")[:90],
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_is_not_one_is_refused(what: str) -> None:
    """With a reason, and without opening anything."""
    with pytest.raises(UnreadableFile):
        xliff.read(UNREADABLE[what].encode())


@given(st.text(min_size=1, max_size=60).filter(lambda text: bool(xliff.fit(text).strip())))
def test_any_text_survives_the_way_out_and_back(text: str) -> None:
    """But for what XML cannot hold, and for line ends, which it makes one."""
    line = Line("article", "a1", 1, "title", "fr", "source", {"fr": "source", "ar": text}, {"ar": MACHINE})
    [unit] = xliff.read(xliff.written([line], "ar")).units
    assert unit.target == xliff.fit(text)
    assert unit.is_machine


def test_services_are_translated_too(desk: Desk) -> None:
    """Records of every kind are in the file."""
    handlers.publish_new(desk, MANAGER, New("service", "s1", "raoued", None), service(), key())
    assert b"service/s1" in file_of(desk)
