"""Brochures: tagged, right in three languages, numbered, printed only when something changed, whole after a kill."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from pypdf import PdfReader

from imigr_directory.brochure.domain import KEPT, Changes, Edition, changes_between
from imigr_directory.brochure.handlers import PART, get_edition, next_edition, read_file
from imigr_directory.brochure.model import Content, content_of, words_of
from imigr_directory.brochure.printing import pdf
from imigr_directory.brochure.rendering import page, text
from imigr_directory.brochure.storage import BROCHURES, INDEXES, MongoBrochures
from imigr_directory.editions.entries import Town
from imigr_directory.editions.hours import hours_lines
from imigr_directory.errors import EditionNotReady, UnknownEdition
from imigr_directory.testing.towns import hours_of, town_of
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
MONDAY = "Mon \u206609:00–12:00\u2069"
RULE: dict[str, Any] = {"rrule": "FREQ=WEEKLY;BYDAY=MO", "spans": [["09:00", "12:00"]]}
WEEK = {
    "rules": [
        {"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "spans": [["08:30", "12:30"], ["13:30", "17:30"]]},
        {"rrule": "FREQ=WEEKLY;BYDAY=FR", "spans": [["08:00", "13:00"]]},
    ],
    "regimes": {"ramadan": [{"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "spans": [["08:00", "14:30"]]}]},
}


@cache
def small() -> Town:
    """Four services, one article."""
    return town_of(4, articles=1)


def edition(content: Content, number: int = 2) -> Edition:
    """A second edition."""
    changes = Changes(added=("Nouveau centre",)) if number > 1 else Changes()
    return Edition(content.municipality, content.language, number, TODAY, content.hash, content.digests(), changes)


def letters(told: str) -> str:
    """Letters only, one after the other: where a line ends, and how figures are set among Arabic, is left out."""
    return re.sub(r"[\W\d_]+", "", told)


@cache
def printed(language: str) -> tuple[bytes, int, Content]:
    """The file of a language."""
    content = content_of(small(), language, hours_of)
    return *pdf(page(content, edition(content))), content


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_file_is_tagged_and_says_what_the_source_says_in_order(language: str) -> None:
    """PDF/UA: language, structure, title. Every text comes out as it went in, letter by letter in logical order."""
    made, pages, content = printed(language)
    reader = PdfReader(io.BytesIO(made))
    root: Any = reader.trailer["/Root"]
    assert (root["/Lang"], bool(root["/MarkInfo"]["/Marked"])) == (language, True)
    assert root["/StructTreeRoot"]
    assert b"pdfuaid" in reader.xmp_metadata.stream.get_data()  # type: ignore[union-attr]  # there is one
    assert len(reader.pages) == pages
    found = letters(" ".join(one.extract_text() for one in reader.pages))
    wanted = [words_of(language)["notice"], content.town]
    wanted += [one.title for one in content.articles] + [one.summary for one in content.articles]
    wanted += [part for one in content.articles for _, body, steps in one.sections for part in (body, *steps)]
    wanted += [part for each in content.chapters for one in each.entries for part in (one.name, one.text)]
    missing = [one for one in wanted if letters(one) not in found]
    assert len(wanted) > 15
    assert len(missing) <= len(wanted) // 8, missing
    assert not [one for one in missing if len(one) < 60], "only a text that runs over a page's foot may be parted"


def test_arabic_words_and_figures_come_out_whole() -> None:
    """No blank within a word, no letters turned round, telephone numbers and hours in the order they are dialled."""
    town = replace(small(), records=tuple(_with_hours(one) for one in small().records))
    content = content_of(town, "ar", hours_lines)
    made, _ = pdf(page(content, edition(content)))
    pages = PdfReader(io.BytesIO(made)).pages
    found = re.sub(r"[\u2066-\u2069\u200e\u200f]", "", " ".join(one.extract_text() for one in pages))
    words = re.findall(r"[\u0620-\u064a]{2,}", text(content, edition(content)))
    there = set(re.findall(r"[\u0620-\u064a]{2,}", found))
    missing = [one for one in words if one not in there]
    assert any("لا" in one for one in words)
    assert len(missing) <= len(words) // 100, missing
    for one in small().records:
        assert all(phone in found for phone in one.content.get("phones", ()))
    assert "08:30–12:30, 13:30–17:30" in found


def test_plain_text_and_page_hold_everything() -> None:
    """Names, hours, phones, the place on a map, number and date, what changed."""
    town = replace(small(), records=tuple(_with_hours(one) for one in small().records))
    content = content_of(town, "fr", hours_lines)
    for made in (text(content, edition(content)), page(content, edition(content))):
        for words in ("Édition 2", "23 novembre 2026", "Nouveau centre", "lun.–jeu.", "08:30–12:30, 13:30–17:30"):
            assert words in made, words
        assert "Ramadan : lun.–ven." in made
        for entry in content.chapters[0].entries:
            assert entry.name in made
            assert entry.map is not None
            assert entry.map.replace("&", "&amp;") in made or entry.map in made


def _with_hours(record: Any) -> Any:
    return replace(record, content={**record.content, "schedules": [WEEK]}) if record.kind == "service" else record


def test_markup_in_a_text_stays_text() -> None:
    """On the page it is escaped."""
    record = replace(small().records[0], content={**small().records[0].content, "name": {"fr": "<script>x</script>"}})
    content = content_of(replace(small(), records=(record,)), "fr", hours_of)
    assert "<script>" not in page(content, edition(content))
    assert "<script>x</script>" in text(content, edition(content))


def test_changes_are_told_by_name() -> None:
    """Added, changed, removed."""
    old = {"a": ("A", "1"), "b": ("B", "1"), "c": ("C", "1")}
    new = {"a": ("A", "1"), "b": ("B2", "2"), "d": ("D", "1")}
    assert changes_between(old, new) == Changes(("D",), ("B2",), ("C",))


@pytest.fixture
def brochures(mongo_db: Any) -> MongoBrochures:
    """Brochures on a fresh database."""
    ensure_indexes(mongo_db, INDEXES)
    return MongoBrochures(mongo_db, Stamp("directory", "test", FrozenClock(NOW), new_id))


def forms(content: Content, edition: Edition) -> tuple[dict[str, bytes], int]:
    """A file that is made fast."""
    return {"pdf": b"%PDF" + bytes(PART), "txt": text(content, edition).encode()}, 3


def following(brochures: MongoBrochures, town: Town) -> Edition | None:
    """The next edition in French, if any."""
    return next_edition(brochures, town, "fr", hours_of, TODAY, forms)


def test_only_another_content_makes_another_edition(brochures: MongoBrochures, mongo_db: Any) -> None:
    """With its number, its event in the same write, and what changed."""
    first = following(brochures, small())
    assert first is not None
    assert (first.number, first.changes) == (1, Changes())
    assert following(brochures, small()) is None
    second = following(brochures, replace(small(), records=small().records[1:]))
    assert second is not None
    gone = small().records[0].content["name"]["fr"]
    assert (second.number, second.changes.removed) == (2, (gone,))
    row = mongo_db[BROCHURES].find_one({"number": 2})
    assert [(one["sequence"], one["data"]["removed"]) for one in row["outbox"]] == [(2, 1)]


def test_two_presses_publish_an_edition_once(brochures: MongoBrochures, mongo_db: Any) -> None:
    """The slower one leaves no file behind."""
    content = content_of(small(), "fr", hours_of)
    threads = [
        threading.Thread(target=lambda: brochures.publish(edition(content, 1), {"pdf": b"%PDF"})) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert mongo_db[BROCHURES].count_documents({}) == 1
    assert mongo_db["brochure_files.files"].count_documents({}) == 1


def test_files_of_a_press_that_was_killed_are_swept(brochures: MongoBrochures, mongo_db: Any) -> None:
    """After an hour; those of an edition stay."""
    assert following(brochures, small()) is not None
    brochures._files.upload_from_stream("lost", b"x")
    assert brochures.sweep(datetime.now(UTC)) == 0
    assert brochures.sweep(datetime.now(UTC) + timedelta(hours=2)) == 1
    assert mongo_db["brochure_files.files"].count_documents({}) == 2


def test_old_editions_keep_their_story_but_no_files(brochures: MongoBrochures, mongo_db: Any) -> None:
    """So the database does not grow with every change."""
    for number in range(KEPT + 2):
        assert following(brochures, replace(small(), name={"fr": f"Ville {number}"})) is not None
    assert mongo_db["brochure_files.files"].count_documents({}) == 2 * KEPT
    assert [one.number for one in brochures.editions("essai", "fr", 10)] == list(range(KEPT + 2, 0, -1))


def test_a_file_is_read_in_parts(brochures: MongoBrochures) -> None:
    """Of a size that a message bears; past its end there is nothing."""
    made = following(brochures, small())
    assert made is not None
    parts, offset = [], 0
    while True:
        part, size = read_file(brochures, made, "pdf", offset)
        parts.append(part)
        offset += len(part)
        if offset >= size:
            break
    assert b"".join(parts) == b"%PDF" + bytes(PART)
    assert len(parts) == 2
    with pytest.raises(UnknownEdition):
        read_file(brochures, made, "exe", 0)


def test_what_is_not_there_is_told_apart_from_what_is_not_there_yet(brochures: MongoBrochures) -> None:
    """Come back later, or never."""
    with pytest.raises(EditionNotReady):
        get_edition(brochures, {"essai"}, "essai", "fr", None)
    with pytest.raises(UnknownEdition):
        get_edition(brochures, {"essai"}, "essai", "fr", 7)


def test_hours_are_written_as_people_read_them() -> None:
    """In three languages, by runs of days."""
    assert [line.replace("\u2066", "").replace("\u2069", "") for line in hours_lines({"schedules": [WEEK]}, "en")] == [
        "Mon–Thu 08:30–12:30, 13:30–17:30", "Fri 08:00–13:00", "Ramadan: Mon–Fri 08:00–14:30",
        "Closed on public holidays",
    ]  # fmt: skip
    assert hours_lines({"schedules": [WEEK]}, "ar")[1].startswith("الجمعة")
    assert date(2026, 11, 23) == TODAY


@pytest.mark.parametrize(
    ("schedule", "lines"),
    [
        ({"rules": [RULE], "holidays": "usual"}, [MONDAY]),
        (
            {"rules": [RULE], "holidays": [["10:00", "11:00"]]},
            [MONDAY, "Public holidays: \u206610:00–11:00\u2069"],
        ),
        (
            {"rules": [{"rrule": "FREQ=DAILY", "spans": [["00:00", "24:00"]]}], "holidays": "usual"},
            ["Every day round the clock"],
        ),
        (
            {"rules": [RULE | {"valid_from": "2026-06-01", "valid_until": "2026-08-31"}], "holidays": "usual"},
            [f"{MONDAY} (from June 1, 2026 until August 31, 2026)"],
        ),
        (
            {"rules": [], "pause": {"first": "2026-11-01", "last": None, "reason": None}, "by_appointment": True},
            ["Temporarily closed", "By appointment"],
        ),
        (
            {"rules": [{"rrule": "FREQ=MONTHLY;BYDAY=1MO", "spans": [["09:00", "12:00"]]}], "holidays": "usual"},
            ["Other days: ask on site"],
        ),
        ({"rules": [{"rrule": "nonsense"}]}, []),
    ],
)
def test_every_layer_of_hours_has_its_line(schedule: dict[str, Any], lines: list[str]) -> None:
    """Also hours of the places a service is at; what cannot be read is left out."""
    assert hours_lines({"schedules": [schedule]}, "en") == lines
    assert hours_lines({"schedules": [], "at": [{"schedules": [schedule]}]}, "en") == lines
