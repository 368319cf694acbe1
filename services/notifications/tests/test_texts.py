"""Templates: complete in all languages, neutral, and never sent with a hole in them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from imigr_notifications.domain import Message, State
from imigr_notifications.rules import rules_of
from imigr_notifications.sms_text import Alphabet, cut
from imigr_notifications.texts import KINDS, LANGUAGES, BrokenTemplate, checked, render, templates

LINK = "https://imigr.tn/m/la-marsa.AAAAAAAAAAAAAAAAAAAAAA"
PLACE = {"fr": "Hôtel de ville de La Marsa", "ar": "قصر بلدية المرسى", "en": "La Marsa town hall"}
EVERY_TEXT = [(source, kind, language) for source, kinds in KINDS.items() for kind in kinds for language in LANGUAGES]
TELLING = re.compile(
    r"migr|guichet|réfugi|refug|asil|asyl|legal|légal|papier|paper|permit|séjour|national|étrang|foreign|help|aide"
    r"|CIES|UTSS|ALDA|AESAT|ATCD|مهاجر|هجرة|لاجئ|لجوء|أجنب|قانون|شباك|إقامة|مساعدة|جنسي",
    re.IGNORECASE,
)
"""What a text must not say: who the person is, or what the appointment is for."""


def message(source: str, kind: str, language: str, channel: str = "sms", **changes: Any) -> Message:
    """A message in August, the month whose French name would cost a part."""
    start = datetime(2026, 8, 27, 8, 30, tzinfo=UTC)
    values: dict[str, Any] = {"start": start, "timezone": "Africa/Tunis", "texts": {"place": PLACE}}
    if kind == "postponed":
        values |= {"previous_start": start}
    moment = datetime(2026, 8, 20, 8, 0, tzinfo=UTC)
    return Message(
        id=f"one:{kind}:1", subject="one", source=source, municipality="la-marsa", kind=kind, sequence=1,
        channel=channel, language=language, contact_id="c", state=State.PLANNED, due_at=moment,
        expires_at=start, values=values | changes,
    )  # fmt: skip


def sms(source: str, kind: str, language: str, link: str | None = LINK, **changes: Any) -> str:
    return render(message(source, kind, language, **changes), rules_of("la-marsa"), link).body.reveal()


@pytest.mark.parametrize(("source", "kind", "language"), EVERY_TEXT)
def test_every_text_is_complete_and_neutral(source: str, kind: str, language: str) -> None:
    """Case 12, for every kind, language and channel: no hole, nothing telling, the town and the time."""
    for channel in ("sms", "email"):
        text = render(message(source, kind, language, channel), rules_of("la-marsa"), LINK)
        whole = f"{text.subject}\n{text.body.reveal()}"
        assert not re.search(r"[{}]", whole)
        assert not TELLING.search(whole.replace(LINK, ""))
        assert source == "reply" or rules_of("la-marsa").town[language] in whole
        assert (
            source in {"reply", "subscription"}
            or kind == "changed"
            or (source, kind) == ("waiting", "waiting")
            or "09:30" in text.body.reveal()
        )


@pytest.mark.parametrize(("source", "kind", "language"), EVERY_TEXT)
def test_every_sms_stays_short(source: str, kind: str, language: str) -> None:
    """French and English stay in the cheap alphabet and two parts, also in août; Arabic takes at most three."""
    cost = cut(sms(source, kind, language))
    assert cost.alphabet is (Alphabet.UCS2 if language == "ar" else Alphabet.GSM7)
    assert len(cost.parts) <= (3 if language == "ar" else 2)


@pytest.mark.parametrize(("source", "kind", "language"), EVERY_TEXT)
def test_lines_do_not_mix_writing_directions(source: str, kind: str, language: str) -> None:
    """Case 8: Latin letters and Arabic ones never stand in one line, so no mark is needed."""
    for line in sms(source, kind, language).split("\n"):
        assert not (re.search(r"[a-zA-Z]", line) and re.search(r"[\u0600-\u06ff]", line))
        assert "\u200f" not in line


def test_the_link_has_its_place() -> None:
    """With it the person can change the appointment; without it nothing points nowhere."""
    assert LINK in sms("appointment", "confirmation", "ar").split("\n")
    assert sms("appointment", "confirmation", "fr", link=None).split("\n") == [
        "La Marsa : votre rendez-vous est confirmé, jeudi 27 aout à 09:30.",
        "Hotel de ville de La Marsa",
    ]
    assert LINK not in sms("appointment", "cancelled", "fr")


def test_dates_in_the_words_of_the_country() -> None:
    """Tunisian month names in Arabic, Western digits."""
    assert "الخميس 27 أوت على الساعة 09:30" in sms("appointment", "reminder", "ar")


def test_an_unknown_language_falls_back_and_so_does_a_place() -> None:
    """A person is told in French rather than not at all."""
    assert sms("appointment", "confirmation", "wo") == sms("appointment", "confirmation", "fr")
    only_french = {"place": {"fr": "Mairie"}}
    assert "Mairie" in sms("appointment", "confirmation", "ar", texts=only_french)


def test_values_are_not_templates() -> None:
    """Braces in a place stay braces."""
    hostile = {"place": {"fr": "{link} {0.__class__} %s"}}
    text = render(message("appointment", "confirmation", "fr", texts=hostile), rules_of("la-marsa"), None)
    assert text.body.reveal().split("\n")[1] == "{link} {0.__class__} %s"


def test_an_email_keeps_its_letters_and_carries_the_meeting() -> None:
    """Nothing is transliterated; the calendar entry can be replaced by a later one."""
    text = render(message("appointment", "confirmation", "fr", "email"), rules_of("la-marsa"), LINK)
    assert "jeudi 27 août à 09:30" in text.body.reveal()
    assert text.calendar is not None
    entry = text.calendar.decode()
    assert "UID:one" in entry
    assert "DTSTART:20260827T083000Z" in entry
    assert "METHOD:PUBLISH" in entry
    cancelled = render(message("appointment", "cancelled", "fr", "email"), rules_of("la-marsa"), LINK).calendar
    assert cancelled is not None
    assert b"STATUS:CANCELLED" in cancelled


def test_a_town_that_nobody_has_described_is_called_by_its_slug() -> None:
    """A new municipality works before its rules are written."""
    text = render(message("appointment", "reminder", "fr"), rules_of("sidi-bou-said"), None)
    assert text.body.reveal().startswith("Sidi Bou Said : ")


def written(language: str = "fr") -> dict[str, Any]:
    path = files("imigr_notifications") / "templates" / f"{language}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("line", ["{nme}", "{date!r}", "{date:>9}", "{town.__class__}", "{", "{}"])
def test_a_template_with_a_wrong_placeholder_is_refused(line: str) -> None:
    """Case 10: with the place where it stands."""
    content = written()
    content["appointment"]["moved"]["lines"][0] = line
    with pytest.raises(BrokenTemplate, match=r"fr: appointment\.moved"):
        checked(content, "fr")


def test_a_missing_template_is_refused() -> None:
    """Case 10: in one language only."""
    content = written("ar")
    del content["registration"]["waiting"]
    with pytest.raises(BrokenTemplate, match=r"ar: registration\.waiting"):
        checked(content, "ar")


def test_all_languages_ask_for_the_same_values() -> None:
    """Case 10: a placeholder that only one language has is a mistake."""

    def asked(language: str) -> dict[str, set[str]]:
        return {
            f"{source}.{kind}": set(re.findall(r"{(\w+)}", "\n".join(template.lines)))
            for source, kinds in templates(language).items()
            for kind, template in kinds.items()
        }

    assert asked("fr") == asked("ar") == asked("en")
