"""Services as the first routes write them: an entry in one step, on the version that was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imigr_directory.domain import Act, Content, Record, Service, opened, service_of
from imigr_directory.domain.service import content_of
from imigr_directory.errors import KeyReused, StaleVersion, UnknownMunicipality, UnknownService, UnknownTaxonomy
from imigr_directory.handlers.ports import Command, Desk
from imigr_kit.access import require
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact

WRITERS = ("manager", "editor")
PUBLISHERS = ("manager",)
KIND = "service"


def create_service(desk: Desk, actor: Mapping[str, Any], draft: Service, command: Command) -> Service:
    """A new entry by an editor or manager of its municipality."""
    require(actor, WRITERS, draft.municipality)
    content = content_of(draft)
    _check(desk, draft.municipality, content)
    blank = opened(KIND, draft.id, draft.municipality)
    record, facts = blank.written(content, act_of(desk, actor), verified_on=draft.verified_on)
    if desk.records.add(record, facts, command):
        desk.changed()
        return service_of(record)
    return _repeated(desk, command)


def update_service(
    desk: Desk, actor: Mapping[str, Any], service_id: str, version: int, changed: Service, command: Command
) -> Service:
    """Other content on the version that was read."""
    old = _existing(desk, actor, service_id, WRITERS)
    content = content_of(changed)
    _check(desk, changed.municipality, content)
    if desk.records.by_command(KIND, command.key) is not None:
        return _repeated(desk, command)
    _must_be(old, version)
    record, facts = old.written(content, act_of(desk, actor), verified_on=changed.verified_on)
    return _stored(desk, old, record, facts, command)


def withdraw_service(desk: Desk, actor: Mapping[str, Any], service_id: str, version: int, command: Command) -> Service:
    """Take an entry out."""
    old = _existing(desk, actor, service_id, PUBLISHERS)
    if desk.records.by_command(KIND, command.key) is not None:
        return _repeated(desk, command)
    _must_be(old, version)
    record, facts = old.withdrawn(act_of(desk, actor))
    return _stored(desk, old, record, facts, command)


def act_of(desk: Desk, actor: Mapping[str, Any]) -> Act:
    """This actor, now."""
    now = desk.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Act(str(actor.get("id", "")), now)


def _existing(desk: Desk, actor: Mapping[str, Any], service_id: str, roles: Iterable[str]) -> Record:
    record = desk.records.get(KIND, service_id)
    if record is None:
        raise UnknownService(params={"service_id": service_id})
    require(actor, tuple(roles), record.municipality or "*")
    return record


def _must_be(record: Record, version: int) -> None:
    if record.version != version:
        raise StaleVersion(params={"version": record.version})


def _stored(desk: Desk, old: Record, record: Record, facts: Sequence[Fact], command: Command) -> Service:
    if not desk.records.replace(old, record, facts, command):
        found = desk.records.get(KIND, record.id)
        raise StaleVersion(params={"version": 0 if found is None else found.version})
    desk.changed()
    return service_of(record)


def _repeated(desk: Desk, command: Command) -> Service:
    found = desk.records.by_command(KIND, command.key)
    if found is None or found[1] != command.body_hash:
        raise KeyReused
    return service_of(found[0])


def _check(desk: Desk, municipality: str, content: Content) -> None:
    if municipality not in {one.slug for one in desk.directory.municipalities()}:
        raise UnknownMunicipality(params={"municipality": municipality})
    unknown = [code for code in content["taxonomy"] if code not in desk.directory.terms()]
    if unknown:
        raise UnknownTaxonomy(fields=[FieldError("service.taxonomy", "directory.unknown_taxonomy", unknown[0][:60])])
