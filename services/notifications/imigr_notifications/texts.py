"""Message texts from templates that are data: one JSON file per language, none of them says what for."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from imigr_kit.demonstration import announced
from imigr_kit.secret import Secret
from imigr_kit.texts import FALLBACK
from imigr_kit.texts import pick as picked
from imigr_notifications.calendar_entry import calendar_entry
from imigr_notifications.domain import Message, Rules
from imigr_notifications.icu import BrokenMessage, missing_categories, names, parse, say
from imigr_notifications.sms_text import ordered, tidy, transliterated

LANGUAGES = ("fr", "ar", "en")
KINDS = {
    "appointment": ("confirmation", "moved", "cancelled", "reminder", "to_move", "kept"),
    "registration": (
        "confirmation",
        "waiting",
        "cancelled",
        "reminder",
        "moved",
        "postponed",
        "changed",
        "offer",
    ),
    "waiting": ("waiting", "offer"),
    "reply": ("stopped", "started", "noted", "subscribed", "help"),
    "subscription": ("opt_in",),
}
"""Every text that must exist, in every language."""
CHANNELS = ("sms", "email")
MOST_LINES, MOST_LETTERS = 12, 400
FREE = frozenset({"link", "place", "old_date", "old_time", "until", "documents"})
"""Placeholders that a published text may leave out; what else the built-in text says it must say as well."""
PLACEHOLDERS = frozenset({"town", "date", "time", "place", "link", "old_date", "old_time", "until", "documents"})
_LOCALES = {"ar": "ar_TN", "fr": "fr_TN", "en": "en_GB"}


class BrokenTemplate(Exception):
    """A template asks for what does not exist, or is missing; the text says where."""


@dataclass(frozen=True)
class Template:
    """``lines`` are put one under the other; a line whose placeholder has no value is left out. ``also`` says one
    more meeting in a reminder of several, ``ask`` how to answer."""

    subject: str
    lines: tuple[str, ...]
    also: str = ""
    ask: str = ""
    transliterate: bool = True
    """In an SMS, letters outside GSM-7 without their marks; off: the text as it is, in UCS-2."""


@dataclass(frozen=True)
class TemplateId:
    """Which text: of an appointment or a registration, its kind, its channel."""

    source: str
    kind: str
    channel: str


@dataclass(frozen=True)
class Text:
    """A rendered message; subject and calendar entry are for email only. The body holds the person's link."""

    subject: str
    body: Secret[str]
    calendar: bytes | None


def id_of(message: Message) -> TemplateId:
    """The text that a message needs."""
    return TemplateId(message.source, message.kind, message.channel)


def language_of(message: Message) -> str:
    """The language a message is written in: French when there are no texts in the person's."""
    return message.language if message.language in LANGUAGES else FALLBACK[0]


def render(message: Message, rules: Rules, link: str | None, own: Template | None = None) -> Text:
    """The text of one message in its language, by the municipality's ``own`` template or the built-in one.

    Links and places have lines of their own, so that phones show mixed writing in the right order.
    """
    if message.kind in {"campaign", "test"}:
        return _news(message, link)
    chosen = language_of(message)
    template = own or templates(chosen)[message.source][message.kind]
    values = _values(message, rules, chosen) | {"link": link or ""}
    body = tidy("\n".join([*_lines(message, template, values, chosen), *_standing(message, chosen)]))
    subject = next(_filled([template.subject], values, chosen), "")
    if message.values.get("demonstration"):
        body, subject = announced(chosen, body), announced(chosen, subject)
    if message.channel == "sms":
        return Text(subject, Secret(ordered(transliterated(body) if template.transliterate else body)), None)
    if message.source == "waiting":
        return Text(subject, Secret(body), None)  # nothing is fixed yet that a calendar could hold
    return Text(subject, Secret(body), calendar_entry(message, subject, values["place"]))


_STANDING = {
    "fr": "Rappel : le vôtre est maintenu {} à {}. Cette demande n'est pas de vous ? Annulez-la par le lien.",
    "en": "Yours still stands: {} at {}. This request is not from you? Cancel it by the link.",
    "ar": "موعدكم السابق قائم: {} على الساعة {}.\nهذا الطلب ليس منكم؟ ألغوه عبر الرابط.",
}


def _standing(message: Message, language: str) -> Iterator[str]:
    """What stands already with the same phone or email, below a confirmation of something more."""
    zone = ZoneInfo(message.values["timezone"])
    for start in message.values.get("standing", ()):
        yield _STANDING[language].format(*_moment(start, zone, language))


_UNSUBSCRIBE = {"fr": "Se désabonner : {}", "en": "Unsubscribe: {}", "ar": "لإلغاء الاشتراك:\n{}"}


def _news(message: Message, link: str | None) -> Text:
    """What staff wrote, as it is: nothing in it is a placeholder; below, how to end it."""
    language = message.language if message.language in LANGUAGES else FALLBACK[0]
    said = pick(message.values["texts"]["body"], language)
    if message.values.get("is_whole"):  # a rendered text that is tried out
        return Text(pick(message.values["texts"]["subject"], language), Secret(said), None)
    end = _UNSUBSCRIBE[language].format(link) if link else ""
    subject = " ".join(pick(message.values["texts"]["subject"], language).split())
    body = tidy("\n".join(part for part in (said, end) if part))
    if message.channel == "sms":
        return Text(subject, Secret(ordered(transliterated(body))), None)
    return Text(subject, Secret(body), None)


def _values(message: Message, rules: Rules, language: str) -> dict[str, str]:
    zone = ZoneInfo(message.values["timezone"])
    date, hour = _moment(message.values["start"], zone, language)
    old_date, old_hour = _moment(message.values.get("previous_start"), zone, language)
    return {
        "town": pick(rules.town, language),
        "date": date,
        "time": hour,
        "place": pick(message.values["texts"].get("place", {}), language),
        "old_date": old_date,
        "old_time": old_hour,
        "until": _until(message.values.get("until"), zone, language),
        "documents": str(message.values.get("documents") or ""),
    }


_AT = {"fr": "à", "en": "at", "ar": "على الساعة"}


def _until(moment: datetime | None, zone: ZoneInfo, language: str) -> str:
    """Day and hour as one value."""
    return "" if moment is None else f" {_AT[language]} ".join(_moment(moment, zone, language))


def _moment(moment: datetime | None, zone: ZoneInfo, language: str) -> tuple[str, str]:
    """Day and hour on the wall, in words of the language; empty for none."""
    if moment is None:
        return "", ""
    return _in_words(moment, zone, _LOCALES[language])


@lru_cache(1_024)
def _in_words(moment: datetime, zone: ZoneInfo, locale: str) -> tuple[str, str]:
    local = moment.astimezone(zone)
    return format_date(local.date(), "EEEE d MMMM", locale=locale), format_time(local, "HH:mm", locale=locale)


def _lines(message: Message, template: Template, values: dict[str, str], language: str) -> Iterator[str]:
    """The lines of the template; after the first, further meetings that the same message tells of; at the end
    how to answer."""
    lines = list(_filled(template.lines, values, language))
    zone = ZoneInfo(message.values["timezone"])
    yield from lines[:1]
    if message.values.get("also"):
        yield from _filled(["{place}"], values, language)
    for one in message.values.get("also", ()):
        date, hour = _moment(one["start"], zone, language)
        more = {"date": date, "time": hour, "place": pick(one["place"], language) or "-"}
        yield from _filled([template.also], more, language)
    rest = lines[1:]
    yield from (line for line in rest if not (message.values.get("also") and line == values["place"]))
    if message.asks and not message.values.get("also") and template.ask:
        yield template.ask


@cache
def templates(language: str) -> dict[str, dict[str, Template]]:
    """All templates of a language, checked: by source, then kind. Raises BrokenTemplate."""
    path = files("imigr_notifications") / "templates" / f"{language}.json"
    return checked(json.loads(path.read_text(encoding="utf-8")), language)


def checked(content: Mapping[str, Any], language: str) -> dict[str, dict[str, Template]]:
    """Templates from their written form; raises BrokenTemplate naming the first that is missing, or asks for
    an unknown value, or tries to look inside one."""
    found: dict[str, dict[str, Template]] = {}
    for source, kinds in KINDS.items():
        for kind in kinds:
            place = f"{language}: {source}.{kind}"
            try:
                template = template_of(content[source][kind])
            except KeyError as error:
                raise BrokenTemplate(f"{place}: {error.args[0]} is missing") from None
            for words in wrong(template, language):
                raise BrokenTemplate(f"{place}: {words}")
            found.setdefault(source, {})[kind] = template
    return found


def pick(text: Mapping[str, str], language: str) -> str:
    """The text in the language, or along the fallback fr, en, ar, or empty."""
    return picked(text, (language, *FALLBACK))[0]


def template_of(row: Mapping[str, Any]) -> Template:
    """A template from its written form."""
    more = {name: row[name] for name in ("also", "ask", "transliterate") if name in row}
    return Template(row["subject"], tuple(row["lines"]), **more)


def wrong(template: Template, language: str) -> Iterator[str]:
    """What is wrong with one variant, each with its place."""
    texts = {"subject": template.subject, "also": template.also, "ask": template.ask}
    texts |= {f"line {number}": line for number, line in enumerate(template.lines, 1)}
    if not 1 <= len(template.lines) <= MOST_LINES:
        yield f"must have 1 to {MOST_LINES} lines"
    if "\n" in template.subject:
        yield "subject: holds a character that cannot be sent"
    for place, text in texts.items():
        yield from (f"{place}: {words}" for words in _wrong_text(text, language))


def checked_variants(which: TemplateId, texts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a text in all its languages, by language: a language that is missing, a placeholder that
    does not exist, one that the built-in text has and this one must not lose, one that only some variants have,
    a plural without a text for one of the language's categories."""
    if which.kind not in KINDS.get(which.source, ()) or which.channel not in CHANNELS:
        return [("*", f"there is no text {which.source}.{which.kind} by {which.channel}")]
    broken = [(language, "this language is missing") for language in LANGUAGES if language not in texts]
    broken += [(language, "this language is not known") for language in texts if language not in LANGUAGES]
    used: dict[str, set[str]] = {}
    for language in (one for one in LANGUAGES if one in texts):
        template = template_of(texts[language])
        faults = list(wrong(template, language))
        broken += [(language, words) for words in faults]
        if not faults:
            used[language] = _names_of(template)
    needed = _names_of(templates(FALLBACK[0])[which.source][which.kind]) - FREE
    everywhere: set[str] = set().union(needed, *used.values())
    broken += [
        (language, f"{{{name}}} is missing") for language, own in used.items() for name in sorted(everywhere - own)
    ]
    return broken


def _names_of(template: Template) -> set[str]:
    return set().union(*(names(parse(text)) for text in (template.subject, *template.lines)))


def _wrong_text(text: str, language: str) -> Iterator[str]:
    if len(text) > MOST_LETTERS:
        yield f"has more than {MOST_LETTERS} letters"
    elif any(unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"} for letter in text.replace("\n", "")):
        yield "holds a character that cannot be sent"
    else:
        try:
            nodes = parse(text)
        except BrokenMessage as error:
            yield str(error)
            return
        yield from (f"{{{name}}} is no placeholder" for name in sorted(names(nodes) - PLACEHOLDERS))
        yield from (f"a plural has no text for {one}" for one in sorted(missing_categories(nodes, language)))


def _filled(lines: Iterable[str], values: Mapping[str, str], language: str) -> Iterator[str]:
    """Lines with their values; one whose placeholder has no value is left out."""
    for line in lines:
        nodes = parse(line)
        if all(values[name] for name in names(nodes)):
            yield say(nodes, values, language)
