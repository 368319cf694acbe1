"""Texts that municipalities publish: plurals, checks, previews, versions (acceptance: notifications 1 to 12)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from imigr_kit.commands import Command
from imigr_kit.errors import Forbidden
from imigr_notifications import handlers
from imigr_notifications.domain import Matter
from imigr_notifications.errors import BrokenText, KeyReused, VersionConflict
from imigr_notifications.handlers import Desk
from imigr_notifications.icu import BrokenMessage, parse, say
from imigr_notifications.preview import preview
from imigr_notifications.rules import rules_of
from imigr_notifications.senders.mail import page
from imigr_notifications.storage import MongoTemplates
from imigr_notifications.testing import FakeSender
from imigr_notifications.texts import TemplateId, id_of, language_of, template_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
REMINDER = TemplateId("appointment", "reminder", "sms")
MANAGER = {"id": "staff-1", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
EDITOR = {"id": "staff-2", "roles": [{"municipality": "la-marsa", "role": "editor"}]}
ARABIC = (
    "{documents, plural, zero {لا وثائق} one {وثيقة واحدة} two {وثيقتان} few {# وثائق} many {# وثيقة} other {# وثيقة}}"
)
FRENCH = "{documents, plural, one {# pièce} many {# pièces} other {# pièces}}"
ENGLISH = "{documents, plural, one {# paper} other {# papers}}"
GOOD: dict[str, Any] = {
    "fr": {"subject": "{town}", "lines": ["{town} : {date} à {time}", FRENCH]},
    "ar": {"subject": "{town}", "lines": ["{town}: {date} {time}", ARABIC]},
    "en": {"subject": "{town}", "lines": ["{town}: {date} at {time}", ENGLISH]},
}


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "لا وثائق"), (1, "وثيقة واحدة"), (2, "وثيقتان"), (3, "3 وثائق"), (10, "10 وثائق"), (11, "11 وثيقة"),
        (99, "99 وثيقة"), (100, "100 وثيقة"), (102, "102 وثيقة"), (103, "103 وثائق"), (111, "111 وثيقة"),
    ],
)  # fmt: skip
def test_arabic_has_six_forms(count: int, words: str) -> None:
    """Case 11: zero, one, two, few, many, other, by CLDR."""
    assert say(parse(ARABIC), {"documents": count}, "ar") == words


def test_an_exact_number_goes_before_its_category() -> None:
    """ICU's ``=n``."""
    text = parse("{documents, plural, =0 {none} one {one} other {#}}")
    assert [say(text, {"documents": count}, "en") for count in (0, 1, 5)] == ["none", "one", "5"]


@pytest.mark.parametrize(
    "text",
    ["{", "}", "{}", "{a b}", "{A}", "{0}", "{x!r}", "{x.y}", "{x[0]}", "{x:>9}", "{x, select, a {b} other {c}}",
     "{n, plural, one {a}}", "{n, plural, one {a} one {b} other {c}}", "{n, plural, other {a}", "{{x}}",
     "{n, plural, other {{n, plural, other {{n, plural, other {{n, plural, other {x}}}}}}}}"],
)  # fmt: skip
def test_what_is_no_message_is_refused(text: str) -> None:
    """Template injection: no formats, no attributes, no look inside a value."""
    with pytest.raises(BrokenMessage):
        parse(text)


@pytest.mark.parametrize("value", ["{date}", "{link}", "{0.__class__}", "%s", "{{", "#", "${7*7}", "<script>"])
def test_a_value_is_never_read_as_a_message(value: str) -> None:
    """A place named like a placeholder stays a name."""
    assert say(parse("{place}: {time}"), {"place": value, "time": "09:30"}, "fr") == f"{value}: 09:30"


def publish(book: MongoTemplates, texts: Any, version: int = 0, key: str = "k-1", **changes: Any) -> int:
    values: dict[str, Any] = {
        "actor": MANAGER,
        "municipality": "la-marsa",
        "which": REMINDER,
    } | changes
    command = Command(key, str(texts))
    return handlers.publish_template(book, texts=texts, version=version, at=NOW, command=command, **values)


@pytest.fixture
def book(mongo_db: Any) -> MongoTemplates:
    """What municipalities published."""
    return MongoTemplates(mongo_db)


def test_a_published_text_is_what_the_town_s_people_get(
    desk: Desk, book: MongoTemplates, give: Callable[..., None], matter: Callable[..., Matter], sender: FakeSender
) -> None:
    """From the next message on; other towns and other kinds keep the built-in text."""
    which = TemplateId("appointment", "confirmation", "sms")
    own = replace(desk, own_text=lambda one: book.own(one.municipality, id_of(one), language_of(one)))
    publish(book, GOOD, which=which)
    give()
    handlers.plan(own, matter(), "booked", 1, None)
    handlers.plan(own, matter(subject="two", municipality="raoued"), "booked", 1, None)
    handlers.deliver_due(own, "sms")
    assert sender.taken[0].body.reveal() == "La Marsa : jeudi 26 novembre à 09:30"
    assert "confirmé" in sender.taken[1].body.reveal()


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    texts = deepcopy(GOOD)
    change(texts)
    return texts


@pytest.mark.parametrize(
    ("change", "language", "words"),
    [
        (lambda t: t.pop("ar"), "ar", "this language is missing"),
        (lambda t: t["en"]["lines"].append("{name}"), "en", "line 3: {name} is no placeholder"),
        (lambda t: t["ar"].update(subject="{town}{hour}"), "ar", "subject: {hour} is no placeholder"),
        (lambda t: t["fr"]["lines"].pop(0), "fr", "{date} is missing"),
        (lambda t: t["en"]["lines"].append("{place}"), "fr", "{place} is missing"),
        (lambda t: t["ar"]["lines"].__setitem__(1, "{documents, plural, one {a} other {b}}"), "ar", "no text for few"),
        (lambda t: t["fr"]["lines"].append("{"), "fr", "line 3: a name is missing"),
        (lambda t: t["fr"].update(lines=[]), "fr", "must have 1 to 12 lines"),
        (lambda t: t["fr"].update(lines=["x" * 100_000]), "fr", "more than 400 letters"),
        (lambda t: t["fr"].update(subject="a\r\nBcc: x@y.z"), "fr", "subject: holds a character"),
        (lambda t: t["fr"].update(subject="\ud83d"), "fr", "subject: holds a character"),
        (lambda t: t.update(de=t["fr"]), "de", "this language is not known"),
    ],
)
def test_a_broken_variant_stops_the_publication_and_says_where(
    book: MongoTemplates, change: Any, language: str, words: str
) -> None:
    """Case 10: missing, unknown, or in one language only; nothing is published."""
    with pytest.raises(BrokenText) as caught:
        publish(book, broken(change))
    assert any(one.path == f"texts.{language}" and words in one.message for one in caught.value.fields)
    assert book.published("la-marsa") == []


def test_versions_stay_and_two_editors_do_not_overwrite_each_other(book: MongoTemplates) -> None:
    """On the version that was read; the same command again is the same answer; none goes back to the built-in."""
    assert publish(book, GOOD) == 1
    assert publish(book, GOOD) == 1
    with pytest.raises(KeyReused):
        publish(book, {}, 1)
    with pytest.raises(VersionConflict):
        publish(book, GOOD, 0, "k-2")
    assert publish(book, {}, 1, "k-3") == 2
    (row,) = book.published("la-marsa")
    assert [one["version"] for one in row["versions"]] == [1, 2]
    assert book.own("la-marsa", REMINDER, "fr") is None


@pytest.mark.parametrize(("actor", "town"), [(EDITOR, "la-marsa"), (MANAGER, "raoued")])
def test_who_may_publish(book: MongoTemplates, actor: Any, town: str) -> None:
    """Managers, in their town; editors prepare and look."""
    with pytest.raises(Forbidden):
        publish(book, GOOD, actor=actor, municipality=town)


def look(language: str, line: str, **more: Any) -> Any:
    text = {"subject": "x", "lines": [line], **more}
    return preview(REMINDER, language, template_of(text), rules_of("la-marsa"), "la-marsa", 40)


def test_the_preview_says_what_it_costs() -> None:
    """Cases 2 and 6: the letters that cost, the parts, the price."""
    found = look("fr", "a" * 159 + "€")
    assert (found.alphabet, found.units, len(found.parts), found.price) == ("gsm7", 161, 2, 80)
    assert found.letters == (("€", "double"),)
    wide = look("fr", "Ça va, ça ? Fête", transliterate=False)
    assert (wide.alphabet, dict(wide.letters)) == ("ucs2", {"ç": "forces", "ê": "forces"})
    plain = look("fr", "Ça va, ça ? Fête")
    assert (plain.alphabet, plain.body) == ("gsm7", "Ça va, ca ? Fete")


def test_the_preview_fills_the_plural() -> None:
    """Three documents."""
    assert look("ar", ARABIC).body == "3 وثائق"


def test_an_email_is_previewed_as_a_page() -> None:
    """Right to left in Arabic, everything that is no link only text."""
    which = TemplateId("appointment", "reminder", "email")
    template = template_of({"subject": "س", "lines": ["<b>{date}</b> & {time}", "{link}"]})
    found = preview(which, "ar", template, rules_of("la-marsa"), "la-marsa", 0)
    assert '<html lang="ar" dir="rtl">' in found.html
    assert "&lt;b&gt;" in found.html
    assert 'href="https://example.tn/m/la-marsa.a-' in found.html
    assert "<script" not in page("<script>alert(1)</script>", "<script>", "fr")
