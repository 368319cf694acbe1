"""Message texts from templates that are data: one JSON file per language, none of them says what for."""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from icalendar import Calendar, Event

from imigr_kit.secret import Secret
from imigr_notifications.domain import Message, Rules
from imigr_notifications.sms_text import ordered, tidy, transliterated

LANGUAGES = ("fr", "ar", "en")
FALLBACK = ("fr", "en", "ar")
KINDS = {
    "appointment": ("confirmation", "moved", "cancelled", "reminder"),
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
PLACEHOLDERS = frozenset({"town", "date", "time", "place", "link", "old_date", "old_time", "until"})
_LOCALES = {"ar": "ar_TN", "fr": "fr_TN", "en": "en_GB"}
_CALENDAR_MINUTES = 30


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


@dataclass(frozen=True)
class Text:
    """A rendered message; subject and calendar entry are for email only. The body holds the person's link."""

    subject: str
    body: Secret[str]
    calendar: bytes | None


def render(message: Message, rules: Rules, link: str | None) -> Text:
    """The text of one message in its language, or in French when there is no template in that language.

    Links and places have lines of their own, so that phones show mixed writing in the right order.
    """
    if message.kind in {"campaign", "test"}:
        return _news(message, link)
    chosen = message.language if message.language in LANGUAGES else FALLBACK[0]
    template = templates(chosen)[message.source][message.kind]
    values = _values(message, rules, chosen) | {"link": link or ""}
    body = tidy("\n".join(_lines(message, template, values, chosen)))
    subject = next(_filled([template.subject], values), "")
    if message.channel == "sms":
        return Text(subject, Secret(ordered(transliterated(body))), None)
    if message.source == "waiting":
        return Text(subject, Secret(body), None)  # nothing is fixed yet that a calendar could hold
    return Text(subject, Secret(body), _calendar(message, subject, values["place"]))


_UNSUBSCRIBE = {"fr": "Se désabonner : {}", "en": "Unsubscribe: {}", "ar": "لإلغاء الاشتراك:\n{}"}


def _news(message: Message, link: str | None) -> Text:
    """What staff wrote, as it is: nothing in it is a placeholder; below, how to end it."""
    language = message.language if message.language in LANGUAGES else FALLBACK[0]
    said = pick(message.values["texts"]["body"], language)
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
        "until": " ".join(_moment(message.values.get("until"), zone, language)).strip(),
    }


def _moment(moment: datetime | None, zone: ZoneInfo, language: str) -> tuple[str, str]:
    """Day and hour on the wall, in words of the language; empty for none."""
    if moment is None:
        return "", ""
    local, locale = moment.astimezone(zone), _LOCALES[language]
    return format_date(local.date(), "EEEE d MMMM", locale=locale), format_time(local, "HH:mm", locale=locale)


def _lines(message: Message, template: Template, values: dict[str, str], language: str) -> Iterator[str]:
    """The lines of the template; after the first, further meetings that the same message tells of; at the end
    how to answer."""
    lines = list(_filled(template.lines, values))
    zone = ZoneInfo(message.values["timezone"])
    yield from lines[:1]
    if message.values.get("also"):
        yield from _filled(["{place}"], values)
    for one in message.values.get("also", ()):
        date, hour = _moment(one["start"], zone, language)
        yield from _filled([template.also], {"date": date, "time": hour, "place": pick(one["place"], language) or "-"})
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
                row = content[source][kind]
                template = Template(row["subject"], tuple(row["lines"]), row.get("also", ""), row.get("ask", ""))
            except KeyError as error:
                raise BrokenTemplate(f"{place}: {error.args[0]} is missing") from None
            for text in (template.subject, *template.lines, template.also, template.ask):
                _check(text, place)
            found.setdefault(source, {})[kind] = template
    return found


def pick(text: Mapping[str, str], language: str) -> str:
    """The text in the language, or along the fallback fr, en, ar, or empty."""
    for one in (language, *FALLBACK):
        if text.get(one):
            return text[one]
    return next(iter(text.values()), "")


def _check(text: str, place: str) -> None:
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise BrokenTemplate(f"{place}: {error}") from None
    for _, name, format_spec, conversion in pieces:
        if name is not None and (name not in PLACEHOLDERS or format_spec or conversion):
            raise BrokenTemplate(f"{place}: {{{name}}} is no placeholder")


def _filled(lines: Iterable[str], values: Mapping[str, str]) -> Iterator[str]:
    for line in lines:
        pieces = list(string.Formatter().parse(line))
        if all(name is None or values[name] for _, name, _, _ in pieces):
            yield "".join(literal + (values[name] if name else "") for literal, name, _, _ in pieces)


def _calendar(message: Message, summary: str, place: str) -> bytes:
    """The meeting as an iCalendar entry (RFC 5545); a later message about it replaces the earlier entry."""
    start: datetime = message.values["start"]
    calendar, entry = Calendar(), Event()
    calendar.add("prodid", "-//I-MIGR//notifications//")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if message.kind == "cancelled" else "PUBLISH")
    entry.add("uid", message.subject)
    entry.add("sequence", message.sequence)
    entry.add("dtstamp", message.due_at)
    entry.add("dtstart", start)
    entry.add("dtend", start + timedelta(minutes=_CALENDAR_MINUTES))
    entry.add("summary", summary)
    entry.add("location", place)
    entry.add(
        "status",
        {"cancelled": "CANCELLED", "waiting": "TENTATIVE", "offer": "TENTATIVE", "postponed": "TENTATIVE"}.get(
            message.kind, "CONFIRMED"
        ),
    )
    calendar.add_component(entry)
    raw: bytes = calendar.to_ical()
    return raw
