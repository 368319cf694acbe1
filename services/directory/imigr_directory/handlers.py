"""Use cases of the directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.errors import KeyReused, StaleVersion, UnknownMunicipality, UnknownService, UnknownTaxonomy
from imigr_kit.access import require
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact

WRITERS = ("manager", "editor")
PUBLISHERS = ("manager",)


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key; ``body_hash`` tells a repetition from another body."""

    key: str
    body_hash: str


class Directory(Protocol):
    """What is kept."""

    def municipalities(self) -> Sequence[Municipality]:
        """All that take part, by slug."""
        ...

    def terms(self) -> Mapping[str, Term]:
        """All themes by code."""
        ...

    def service(self, service_id: str) -> Service | None:
        """One entry, also a withdrawn one."""
        ...

    def by_command(self, key: str) -> tuple[Service, str] | None:
        """The entry as a command has left it, and the hash of the command's body."""
        ...

    def add(self, service: Service, facts: Sequence[Fact], command: Command) -> bool:
        """Store a new entry; false when the command had done so before."""
        ...

    def replace(self, service: Service, facts: Sequence[Fact], command: Command) -> bool:
        """Replace the version before; false when that is no longer the one stored."""
        ...


@dataclass(frozen=True)
class Desk:
    """What the use cases work with; ``changed`` tells the search that the directory is another one now."""

    directory: Directory
    changed: Callable[[], None]


def create_service(desk: Desk, actor: Mapping[str, Any], draft: Service, command: Command) -> Service:
    """A new entry by an editor or manager of its municipality."""
    require(actor, WRITERS, draft.municipality)
    _check(desk, draft)
    service, facts = draft.published()
    if desk.directory.add(service, facts, command):
        desk.changed()
        return service
    return _repeated(desk, command)


def update_service(
    desk: Desk, actor: Mapping[str, Any], service_id: str, version: int, changed: Service, command: Command
) -> Service:
    """Other content on the version that was read."""
    old = _existing(desk, actor, service_id, WRITERS)
    _check(desk, changed)
    earlier = desk.directory.by_command(command.key)
    if earlier is not None:
        return _repeated(desk, command)
    service, facts = old.updated(changed, version)
    return _stored(desk, service, facts, command)


def withdraw_service(desk: Desk, actor: Mapping[str, Any], service_id: str, version: int, command: Command) -> Service:
    """Take an entry out."""
    old = _existing(desk, actor, service_id, PUBLISHERS)
    if desk.directory.by_command(command.key) is not None:
        return _repeated(desk, command)
    service, facts = old.withdrawn(version)
    return _stored(desk, service, facts, command)


def _existing(desk: Desk, actor: Mapping[str, Any], service_id: str, roles: Iterable[str]) -> Service:
    service = desk.directory.service(service_id)
    if service is None:
        raise UnknownService(params={"service_id": service_id})
    require(actor, tuple(roles), service.municipality)
    return service


def _stored(desk: Desk, service: Service, facts: Sequence[Fact], command: Command) -> Service:
    if not desk.directory.replace(service, facts, command):
        found = desk.directory.service(service.id)
        raise StaleVersion(params={"version": 0 if found is None else found.version})
    desk.changed()
    return service


def _repeated(desk: Desk, command: Command) -> Service:
    found = desk.directory.by_command(command.key)
    if found is None or found[1] != command.body_hash:
        raise KeyReused
    return found[0]


def _check(desk: Desk, service: Service) -> None:
    if service.municipality not in {one.slug for one in desk.directory.municipalities()}:
        raise UnknownMunicipality(params={"municipality": service.municipality})
    unknown = [code for code in service.taxonomy if code not in desk.directory.terms()]
    if unknown:
        raise UnknownTaxonomy(fields=[FieldError("service.taxonomy", "directory.unknown_taxonomy", unknown[0][:60])])
