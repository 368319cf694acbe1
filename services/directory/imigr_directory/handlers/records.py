"""Records of every kind: proposed by editors, reviewed and published by managers.

Each step names the revision that its author has read; another one that stands by then is refused (ChangedMeanwhile),
and so two people never overwrite each other unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from imigr_directory.domain import Content, Record, opened
from imigr_directory.domain.content import references
from imigr_directory.domain.records import COMMON, Changed
from imigr_directory.errors import (
    ChangedMeanwhile,
    InvalidInput,
    KeyReused,
    UnknownMunicipality,
    UnknownRecord,
    UnknownReference,
    UnknownTaxonomy,
)
from imigr_directory.handlers.acting import act_of
from imigr_directory.handlers.ports import Command, Desk
from imigr_kit.access import NotAllowed, allows, require
from imigr_kit.errors import FieldError

MANAGERS = ("manager",)
EDITORS = ("manager", "editor")
PARTNERS = ("partner_editor",)
"""They propose for the organizations that a manager has put into their hands, and see nothing else."""
READERS = ("manager", "editor", "mediator")


@dataclass(frozen=True)
class Target:
    """A record at the revision that was read."""

    kind: str
    record_id: str
    revision: int


@dataclass(frozen=True)
class New:
    """Where a new record belongs. ``identity`` follows from the command's key."""

    kind: str
    identity: str
    municipality: str | None
    owner: str | None


Step = Callable[[Record], Changed]


def open_record(
    desk: Desk, actor: Mapping[str, Any], new: New, content: Content, state: str, command: Command
) -> Record:
    """A new record as a draft or for review, by an editor or by a partner for an organization in their hands."""
    may_propose(desk, actor, new.municipality, new.owner)
    return _added(desk, new, content, command, lambda one: one.proposed(content, act_of(desk, actor), state=state))


def publish_new(desk: Desk, actor: Mapping[str, Any], new: New, content: Content, command: Command) -> Record:
    """A new record in one step, by a manager."""
    require(actor, MANAGERS, home_of(new.municipality))
    return _added(desk, new, content, command, lambda one: one.written(content, act_of(desk, actor)))


def propose(
    desk: Desk, actor: Mapping[str, Any], target: Target, content: Content, state: str, command: Command
) -> Record:
    """Other content, as a draft or for review; readers see what they saw."""
    record = existing(desk, target)
    may_propose(desk, actor, record.municipality, owner_of(record))
    check(desk, record.kind, record.municipality, record.owner, content)
    return stored(desk, record, target, command, lambda one: one.proposed(content, act_of(desk, actor), state=state))


def submit(desk: Desk, actor: Mapping[str, Any], target: Target, command: Command) -> Record:
    """The draft waits for review now."""
    record = existing(desk, target)
    may_propose(desk, actor, record.municipality, owner_of(record))
    return stored(desk, record, target, command, lambda one: one.submitted())


def decline(desk: Desk, actor: Mapping[str, Any], target: Target, reason: str, command: Command) -> Record:
    """Back to the author with a reason of the list."""
    return _managed(desk, actor, target, command, lambda one: one.declined(reason))


def publish(desk: Desk, actor: Mapping[str, Any], target: Target, command: Command) -> Record:
    """What was proposed is what readers see."""
    act = act_of(desk, actor)
    return _managed(desk, actor, target, command, lambda one: one.accepted(act))


def write(desk: Desk, actor: Mapping[str, Any], target: Target, content: Content, command: Command) -> Record:
    """Other content at once, by a manager."""
    record = existing(desk, target)
    require(actor, MANAGERS, home_of(record.municipality))
    check(desk, record.kind, record.municipality, record.owner, content)
    return stored(desk, record, target, command, lambda one: one.written(content, act_of(desk, actor)))


def withdraw(desk: Desk, actor: Mapping[str, Any], target: Target, command: Command) -> Record:
    """Readers no longer see it."""
    act = act_of(desk, actor)
    return _managed(desk, actor, target, command, lambda one: one.withdrawn(act))


def verify(desk: Desk, actor: Mapping[str, Any], target: Target, on: date | None, command: Command) -> Record:
    """Somebody has looked, on a day that is not to come, and it is still true."""
    today = desk.clock.now().date()
    if on is not None and on > today:
        raise InvalidInput(fields=[FieldError("on", "directory.invalid_input", "a day to come")])
    act, day = act_of(desk, actor), (on or today).isoformat()
    record = existing(desk, target)
    require(actor, EDITORS, home_of(record.municipality))
    return stored(desk, record, target, command, lambda one: one.verified(day, act))


def restore(desk: Desk, actor: Mapping[str, Any], target: Target, version: int, command: Command) -> Record:
    """What readers saw at an earlier version, as a new version."""
    record = existing(desk, target)
    require(actor, MANAGERS, home_of(record.municipality))
    kept = desk.records.at_version(record, version)
    if kept is None or kept["content"] is None:
        raise UnknownRecord(params={"record_id": record.id, "version": version})
    return stored(desk, record, target, command, lambda one: one.written(kept["content"], act_of(desk, actor)))


def get_record(desk: Desk, actor: Mapping[str, Any], kind: str, record_id: str) -> Record:
    """A record with what waits in it."""
    record = existing(desk, Target(kind, record_id, 0))
    _may_read(desk, actor, record)
    return record


def list_versions(desk: Desk, actor: Mapping[str, Any], kind: str, record_id: str) -> Sequence[Mapping[str, Any]]:
    """Every version that readers have seen, the latest first, with who and when."""
    return desk.records.versions(get_record(desk, actor, kind, record_id))


def list_records(
    desk: Desk, actor: Mapping[str, Any], kind: str, municipality: str | None, state: str | None, page: tuple[int, int]
) -> tuple[list[Record], int]:
    """A page of the records of a town (or of those common to all), and how many there are. A partner sees the entries
    of the organizations in their hands. ``state`` in_review also finds published ones with a change that waits."""
    home = home_of(municipality)
    if allows(actor, READERS, home):
        return desk.records.find(kind, municipality, state, None, page)
    require(actor, PARTNERS, home)
    return desk.records.find(kind, municipality, state, sorted(desk.mandates.of(str(actor.get("id", "")))), page)


def entrust(desk: Desk, actor: Mapping[str, Any], organization_id: str, staff_id: str) -> None:
    """Put an organization's entries into the hands of a partner editor."""
    _organization(desk, actor, organization_id)
    desk.mandates.give(organization_id, staff_id, act_of(desk, actor))


def release(desk: Desk, actor: Mapping[str, Any], organization_id: str, staff_id: str) -> None:
    """Take them out of these hands."""
    _organization(desk, actor, organization_id)
    desk.mandates.take(organization_id, staff_id)


def owner_of(record: Record) -> str | None:
    """The organization whose entry it is: an organization is its own."""
    return record.id if record.kind == "organization" else record.owner


def _organization(desk: Desk, actor: Mapping[str, Any], organization_id: str) -> None:
    record = existing(desk, Target("organization", organization_id, 0))
    require(actor, MANAGERS, home_of(record.municipality))


def home_of(municipality: str | None) -> str:
    """Records common to all are in the hands of those who hold a role everywhere."""
    return municipality or COMMON


def may_propose(desk: Desk, actor: Mapping[str, Any], municipality: str | None, owner: str | None) -> None:
    """Raises NotAllowed unless the actor may propose changes of the owner's entries there."""
    if not allows(actor, EDITORS, home_of(municipality)):
        _must_hold(desk, actor, municipality, owner)


def _may_read(desk: Desk, actor: Mapping[str, Any], record: Record) -> None:
    if not allows(actor, READERS, home_of(record.municipality)):
        _must_hold(desk, actor, record.municipality, owner_of(record))


def _must_hold(desk: Desk, actor: Mapping[str, Any], municipality: str | None, owner: str | None) -> None:
    require(actor, PARTNERS, home_of(municipality))
    if owner is None or owner not in desk.mandates.of(str(actor.get("id", ""))):
        raise NotAllowed(params={"municipality": home_of(municipality), "roles": sorted(EDITORS)})


def existing(desk: Desk, target: Target) -> Record:
    """The record, whatever its revision. Raises UnknownRecord."""
    record = desk.records.get(target.kind, target.record_id)
    if record is None:
        raise UnknownRecord(params={"record_id": target.record_id})
    return record


def _managed(desk: Desk, actor: Mapping[str, Any], target: Target, command: Command, step: Step) -> Record:
    record = existing(desk, target)
    require(actor, MANAGERS, home_of(record.municipality))
    return stored(desk, record, target, command, step)


def stored(desk: Desk, record: Record, target: Target, command: Command, step: Step) -> Record:
    """One step in one conditional write; a repeated command gives what it made."""
    known = earlier(desk, target.kind, command)
    if known is not None:
        return known
    if record.revision != target.revision:
        raise ChangedMeanwhile(params={"revision": record.revision})
    new, facts = step(record)
    if not desk.records.replace(record, new, facts, command):
        known = earlier(desk, target.kind, command)
        if known is not None:
            return known
        raise ChangedMeanwhile(params={"revision": existing(desk, target).revision})
    desk.changed()
    return new


def _added(desk: Desk, new: New, content: Content, command: Command, step: Step) -> Record:
    check(desk, new.kind, new.municipality, new.owner, content)
    record, facts = step(opened(new.kind, new.identity, new.municipality, owner=new.owner))
    if desk.records.add(record, facts, command):
        desk.changed()
        return record
    known = earlier(desk, new.kind, command)
    if known is None:
        raise KeyReused
    return known


def earlier(desk: Desk, kind: str, command: Command) -> Record | None:
    """What the command has made, when it was done before. Raises KeyReused for another body under its key."""
    found = desk.records.by_command(kind, command.key)
    if found is None:
        return None
    command.must_be(found[1])
    return found[0]


def check(
    desk: Desk, kind: str, municipality: str | None, owner: str | None, content: Content, at: str = "content"
) -> None:
    """What is named must exist; ``at`` is where the content stood in the request. Raises UnknownMunicipality,
    UnknownTaxonomy, UnknownReference."""
    if municipality is not None and municipality not in {one.slug for one in desk.directory.municipalities()}:
        raise UnknownMunicipality(params={"municipality": municipality})
    terms = desk.directory.terms()
    unknown = [code for code in content.get("taxonomy", ()) if code not in terms]
    if unknown:
        raise UnknownTaxonomy(fields=[FieldError(f"{at}.taxonomy", UnknownTaxonomy.code, unknown[0][:60])])
    named = {path.replace("content", at, 1): known for path, known in references(kind, content)}
    if owner is not None:
        named["owner"] = ("organization", [owner])
    wrong = [
        FieldError(path, UnknownReference.code, one[:64])
        for path, (other, ids) in named.items()
        for one in sorted(set(ids) - desk.records.known(other, ids))
    ]
    if wrong:
        raise UnknownReference(fields=wrong)
