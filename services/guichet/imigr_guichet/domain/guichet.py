"""A guichet: its topics, desks, mediators and opening plan, in wall-clock time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zlib import crc32

from imigr_guichet.domain.text import Interval, Text
from imigr_guichet.errors import LanguageNotOffered, TopicNotOffered
from imigr_kit.demonstration import marked
from imigr_kit.facts import Fact

CELL_MINUTES = 5
"""Everything in a plan lies on this grid: a place is claimed cell by cell (docs/adr on claims by cell)."""


class Channel(StrEnum):
    """Who books: a visitor, staff at the desk or by phone, a partner on behalf of somebody."""

    PUBLIC = "public"
    STAFF = "staff"
    PARTNER = "partner"


@dataclass(frozen=True)
class Extras:
    """What changes the length of a visit; asked at booking, kept only as the length and the need of an interpreter."""

    companion: bool = False
    child: bool = False
    interpreter: bool = False


@dataclass(frozen=True)
class Topic:
    """A reason to come. Minutes are multiples of CELL_MINUTES; notice and horizon None: the guichet's own.

    ``bring`` are papers to bring, each a text; ``confirmed_by_staff``: a request holds its place until staff confirm.
    ``group``: only in planned sessions with a capacity.
    """

    code: str
    name: Text
    minutes: int
    before: int = 0
    after: int = 0
    notice_minutes: int | None = None
    horizon_days: int | None = None
    open_to: tuple[str, ...] = ("public", "staff", "partner")
    bring: tuple[Text, ...] = ()
    companion_minutes: int = 0
    child_minutes: int = 0
    interpreter_minutes: int = 0
    confirmed_by_staff: bool = False
    group: bool = False

    def length(self, extras: Extras) -> timedelta:
        """How long the visit takes."""
        minutes = self.minutes
        minutes += self.companion_minutes if extras.companion else 0
        minutes += self.child_minutes if extras.child else 0
        minutes += self.interpreter_minutes if extras.interpreter else 0
        return timedelta(minutes=minutes)

    def busy(self, start: datetime, end: datetime) -> Interval:
        """What a visit occupies: the visit and its buffers."""
        return start - timedelta(minutes=self.before), end + timedelta(minutes=self.after)


@dataclass(frozen=True)
class Span:
    """Hours of one day in wall-clock time; ``end`` at or before ``start`` lies on the next day, so ``00:00`` as end
    means midnight at the end of the day."""

    start: time
    end: time


@dataclass(frozen=True)
class OpeningRule:
    """A recurrence (RFC 5545 RRULE without COUNT and UNTIL) with its hours, the dates it is valid for, and the desks
    it opens (none named: all)."""

    rrule: str
    spans: tuple[Span, ...]
    valid_from: date
    valid_until: date | None = None
    breaks: tuple[Span, ...] = ()
    desks: tuple[str, ...] = ()


@dataclass(frozen=True)
class DayException:
    """One date with other hours than the rules say (also an extra day); no spans means closed."""

    date: date
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Regime:
    """Hours that cut every span within a period (summer, Ramadan): by weekday, Monday is 0; a weekday that is not
    named is left as planned."""

    code: str
    first: date
    last: date
    hours: Mapping[int, tuple[Span, ...]]


@dataclass(frozen=True)
class Assignment:
    """Which mediator sits at a desk from one date to another (included)."""

    mediator: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True)
class Mediator:
    """What a mediator speaks and treats; a code, no name of a person."""

    code: str
    languages: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Absence:
    """A mediator is away, from one instant to another (half open)."""

    id: str
    mediator: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Desk:
    """One place of work. Without assignments it is always staffed by somebody who speaks ``languages`` and treats
    ``topics``, called by the desk's own code; with assignments, by the mediator of the day or by nobody."""

    code: str
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True)
class Place:
    """A desk as it is staffed on one opening day."""

    desk: str
    mediator: str
    languages: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Guichet:
    """A service point with its opening plan."""

    id: str
    municipality: str
    name: Text
    address: Text
    location: Mapping[str, float] | None
    timezone: str
    accessibility: tuple[str, ...]
    topics: tuple[Topic, ...]
    desks: tuple[Desk, ...]
    rules: tuple[OpeningRule, ...]
    exceptions: tuple[DayException, ...]
    step_minutes: int
    notice_minutes: int
    horizon_days: int
    state: str
    version: int
    mediators: tuple[Mediator, ...] = ()
    absences: tuple[Absence, ...] = ()
    regimes: tuple[Regime, ...] = ()
    holidays: str | None = None
    """Country (ISO 3166-1) whose public holidays close the guichet; None: none do."""
    closed: frozenset[date] = frozenset()
    """Holidays as known now, from the calendar of the municipality or worked out; an exception overrules them."""
    town_regimes: tuple[Regime, ...] = ()
    """Regimes from the calendar of the municipality; they cut as the guichet's own do."""
    walk_in_share: int = 0
    """Percent of each opening kept, at its end, for people who come without appointment: not open to the public."""
    interpreters: tuple[str, ...] = ()
    """Languages for which an interpreter can be called to any mediator."""
    demonstration: bool = False
    """Imagined: its name says so everywhere, whoever changes it. Only a seed file can say it, nobody by mistake."""

    def __post_init__(self) -> None:
        """The name of an imagined guichet carries the mark from here on."""
        if self.demonstration:
            object.__setattr__(self, "name", marked(self.name))

    @property
    def languages(self) -> tuple[str, ...]:
        """All languages spoken at any desk, in alphabetical order."""
        desks = {language for desk in self.desks for language in desk.languages}
        return tuple(sorted(desks | {language for one in self.mediators for language in one.languages}))

    def topic(self, code: str) -> Topic:
        """The topic of that code; raises TopicNotOffered."""
        for topic in self.topics:
            if topic.code == code:
                return topic
        raise TopicNotOffered(params={"topic": code})

    def places(self, day: date) -> tuple[Place, ...]:
        """The staffed desks of a day, in the order of the plan."""
        return _places(self.desks, self.mediators, day)

    def places_for(self, topic: str, languages: Collection[str], day: date) -> tuple[Place, ...]:
        """Places of a day that treat the topic and speak one of the languages (none given: any), those with the
        rarest other languages last, so that these stay free."""
        return _ranked(self.places(day), topic, tuple(languages))

    def must_speak(self, topic: str, language: str) -> None:
        """Raise LanguageNotOffered unless somebody who treats the topic ever speaks the language; the error says
        whether an interpreter can be called."""
        if not self._ever(topic, language):
            raise LanguageNotOffered(params={"language": language, "interpreter": language in self.interpreters})

    def _ever(self, topic: str, language: str) -> bool:
        everybody: tuple[Desk | Mediator, ...] = (*self.desks, *self.mediators)
        return any(language in one.languages and topic in one.topics for one in everybody)


@lru_cache(maxsize=4096)
def _places(desks: tuple[Desk, ...], mediators: tuple[Mediator, ...], day: date) -> tuple[Place, ...]:
    known = {one.code: one for one in mediators}
    found = []
    for desk in desks:
        if not desk.assignments:
            found.append(Place(desk.code, desk.code, desk.languages, desk.topics))
            continue
        for one in desk.assignments:
            if one.valid_from <= day and (one.valid_until is None or day <= one.valid_until):
                mediator = known[one.mediator]
                found.append(Place(desk.code, mediator.code, mediator.languages, mediator.topics))
                break
    return tuple(found)


@lru_cache(maxsize=4096)
def _ranked(places: tuple[Place, ...], topic: str, languages: tuple[str, ...]) -> tuple[Place, ...]:
    able = [p for p in places if topic in p.topics and (not languages or set(languages) & set(p.languages))]
    return tuple(sorted(able, key=lambda place: rarity(places, place, languages)))


@lru_cache(maxsize=65_536)
def rarity(places: tuple[Place, ...], place: Place, wanted: tuple[str, ...]) -> float:
    """How much is lost for others when this place is given: each other language weighs as it is rare that day."""
    others = [one for one in place.languages if one not in wanted]
    return sum(1 / sum(one in other.languages for other in places) for one in others)


def shared(places: tuple[Place, ...], able: Sequence[Place], language: str, spread: str) -> list[Place]:
    """Able places by rarity; equals in an order that follows from ``spread`` (any text), so that the work is shared
    and rushes do not meet at one desk."""
    if len(able) < 2:
        return list(able)
    order = [(rarity(places, one, (language,)), crc32(f"{spread}{one.desk}".encode()), one.desk, one) for one in able]
    return [one for *_, one in sorted(order, key=lambda row: row[:3])]


def opened(guichet: Guichet, *, first: bool) -> Fact:
    """The fact that a guichet opened, or that its public data changed."""
    data = {
        "guichet_id": guichet.id,
        "name": dict(guichet.name),
        "address": dict(guichet.address),
        "location": dict(guichet.location) if guichet.location else None,
        "timezone": guichet.timezone,
        "accessibility": list(guichet.accessibility),
        "languages": list(guichet.languages),
        "topics": [topic.code for topic in guichet.topics],
        "state": guichet.state,
        "demonstration": guichet.demonstration,
    }
    kind = "guichet.opened" if first else "guichet.changed"
    return Fact(kind, guichet.id, guichet.municipality, guichet.version, data)


def spoken(places: Collection[Place]) -> tuple[str, ...]:
    """All languages of these places, in alphabetical order."""
    return tuple(sorted({language for place in places for language in place.languages}))
