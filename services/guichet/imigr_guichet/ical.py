"""Appointments as iCalendar (RFC 5545, 5546): one UID for life, SEQUENCE counts the changes, CANCEL takes it away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from icalendar import Calendar, Event

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.states import OCCUPYING
from imigr_kit.demonstration import marked_in
from imigr_kit.texts import FALLBACK, pick

PRODUCT = "-//I-MIGR//guichet//EN"


def appointment_file(one: Appointment, guichet: Guichet, languages: Sequence[str], now: datetime) -> str:
    """A file for a phone's calendar: METHOD PUBLISH, or CANCEL when the appointment does not take place. A moved one
    has the same UID and a higher SEQUENCE, so it replaces the old entry. It says where and when, not what for."""
    calendar = _calendar("PUBLISH" if one.state in OCCUPYING else "CANCEL")
    event = _event(one, guichet, languages, now)
    event.add("summary", _pick(guichet.name, languages))
    calendar.add_component(event)
    return _text(calendar)


def feed(found: Sequence[Appointment], guichet: Guichet, mediator: str, languages: Sequence[str], now: datetime) -> str:
    """The agenda of a mediator: topic and language of each visit; nobody is named."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", f"{_pick(guichet.name, languages)} - {mediator}")
    names = {topic.code: topic.name for topic in guichet.topics}
    for one in found:
        event = _event(one, guichet, languages, now)
        about = f"{_pick(names.get(one.topic, {}), languages) or one.topic} ({one.language})"
        event.add("summary", marked_in(languages[0] if languages else "fr", about) if guichet.demonstration else about)
        calendar.add_component(event)
    return _text(calendar)


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _event(one: Appointment, guichet: Guichet, languages: Sequence[str], now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{one.id}@imigr.tn")
    event.add("sequence", max(0, one.version - 1))
    event.add("dtstamp", now)
    event.add("dtstart", one.start)
    event.add("dtend", one.end)
    event.add("location", _pick(guichet.address, languages))
    event.add("status", "CONFIRMED" if one.state in OCCUPYING else "CANCELLED")
    if guichet.demonstration:
        event.add("x-imigr-demonstration", "TRUE")
    return event


def _text(calendar: Calendar) -> str:
    made: bytes = calendar.to_ical()
    return made.decode()


def _pick(text: Mapping[str, str], languages: Sequence[str]) -> str:
    return pick(text, (*languages, *FALLBACK))[0]
