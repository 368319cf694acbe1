"""A published service as the search and the public pages read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from imigr_directory.domain.content import BLANK, complete
from imigr_directory.domain.hours.now import hours_of
from imigr_directory.domain.hours.schedule import Schedule
from imigr_directory.domain.places import Text
from imigr_directory.domain.records import Act, Content, Record, opened


@dataclass(frozen=True)
class Service:
    """One entry of the directory. What its source does not say is empty, never guessed. ``details`` holds the parts of
    the content that have no field here (eligibility, costs, schedules and so on), by name."""

    id: str
    municipality: str
    name: Text
    taxonomy: tuple[str, ...]
    description: Text = field(default_factory=dict)
    organization: Text = field(default_factory=dict)
    location: Mapping[str, float] | None = None
    address: Text = field(default_factory=dict)
    phones: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    fees: str | None = None
    website: str | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    verified_on: str | None = None
    name_is_generic: bool = False
    demonstration: bool = False
    state: str = "published"
    version: int = 1
    details: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """When it is open: its own hours, else those of the places it is at. Read once, and asked for with each hit."""
        return hours_of(self.details)


LISTS: Final = ("taxonomy", "phones", "languages", "accessibility")
_FLAT: Final = frozenset(Service.__dataclass_fields__) & frozenset(BLANK["service"])
_ENVELOPE: Final = ("id", "municipality", "source", "verified_on", "demonstration", "state", "version")


def service_of(record: Record) -> Service:
    """The service that a record of this kind publishes, or published before it was withdrawn."""
    content = record.content or complete("service", {})
    flat: dict[str, Any] = {name: tuple(content[name]) if name in LISTS else content[name] for name in _FLAT}
    details = {name: value for name, value in content.items() if name not in _FLAT}
    return Service(details=details, **flat, **{name: getattr(record, name) for name in _ENVELOPE})


def content_of(service: Service) -> Content:
    """The content that makes this service."""
    flat = {name: getattr(service, name) for name in _FLAT}
    return complete("service", dict(service.details) | flat | {name: list(flat[name]) for name in LISTS})


def record_of(service: Service, act: Act) -> Record:
    """A new record that publishes this service: how a seed or an import stores one."""
    blank = opened(
        "service",
        service.id,
        service.municipality,
        source=service.source,
        demonstration=service.demonstration,
    )
    record, _ = blank.written(content_of(service), act, verified_on=service.verified_on)
    return record
