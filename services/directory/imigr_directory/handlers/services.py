"""Services as the first routes write them: an entry in one step, on the version that was read.

A manager's entry is what readers see at once; an editor's, or a partner's for an organization in their hands, waits for
review as any other proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from imigr_directory.domain import Content, Record, opened
from imigr_directory.domain.records import IN_REVIEW, Changed
from imigr_directory.errors import ChangedMeanwhile, InvalidInput, KeyReused, StaleVersion, UnknownService
from imigr_directory.handlers.acting import act_of
from imigr_directory.handlers.ports import Command, Desk
from imigr_directory.handlers.records import MANAGERS, check, earlier, home_of, may_propose, owner_of
from imigr_kit.access import allows, require
from imigr_kit.errors import FieldError

KIND = "service"

Change = Callable[[Content], Content]
"""Other content made of what there is."""


@dataclass(frozen=True)
class Draft:
    """A new service: its id follows from the command's key."""

    identity: str
    municipality: str
    content: Content
    verified_on: str | None = None


def create_service(desk: Desk, actor: Mapping[str, Any], draft: Draft, command: Command) -> Record:
    """A new entry. A partner's belongs to the organization it names, and so does anybody else's."""
    owner = draft.content.get("organization_id")
    may_publish = allows(actor, MANAGERS, draft.municipality)
    if not may_publish:
        may_propose(desk, actor, draft.municipality, owner)
        _not_verified_yet(draft.verified_on)
    check(desk, KIND, draft.municipality, owner, draft.content, "service")
    blank, act = opened(KIND, draft.identity, draft.municipality, owner=owner), act_of(desk, actor)
    if may_publish:
        record, facts = blank.written(draft.content, act, verified_on=draft.verified_on)
    else:
        record, facts = blank.proposed(draft.content, act, state=IN_REVIEW)
    if desk.records.add(record, facts, command):
        desk.changed()
        return record
    known = earlier(desk, KIND, command)
    if known is None:
        raise KeyReused
    return known


def update_service(
    desk: Desk,
    actor: Mapping[str, Any],
    service_id: str,
    version: int,
    content: Content,
    command: Command,
    *,
    verified_on: str | None = None,
) -> Record:
    """Other content on the version that was read."""
    return change_service(desk, actor, service_id, version, lambda _: content, command, verified_on=verified_on)


def change_service(
    desk: Desk,
    actor: Mapping[str, Any],
    service_id: str,
    version: int,
    change: Change,
    command: Command,
    *,
    publishers: Collection[str] = MANAGERS,
    verified_on: str | None = None,
) -> Record:
    """A change that readers see at once when one of ``publishers`` makes it, and that waits for review otherwise.
    Raises StaleVersion, and ChangedMeanwhile when a change of somebody else waits, which this one would replace unseen.
    """
    old = existing(desk, service_id)
    at_once = allows(actor, publishers, home_of(old.municipality))
    if not at_once:
        may_propose(desk, actor, old.municipality, owner_of(old))
        _not_verified_yet(verified_on)
    known = earlier(desk, KIND, command)
    if known is not None:
        return known
    if old.version != version:
        raise StaleVersion(params={"version": old.version})
    act = act_of(desk, actor)
    if at_once:
        content = change(old.content or {})
        record, facts = old.written(content, act, verified_on=verified_on)
    else:
        content = change(_base(old, act.by))
        record, facts = old.proposed(content, act, state=IN_REVIEW)
    check(desk, KIND, old.municipality, old.owner, content, "service")
    return _stored(desk, old, (record, facts), command)


def withdraw_service(desk: Desk, actor: Mapping[str, Any], service_id: str, version: int, command: Command) -> Record:
    """Take an entry out."""
    old = existing(desk, service_id)
    require(actor, MANAGERS, home_of(old.municipality))
    known = earlier(desk, KIND, command)
    if known is not None:
        return known
    if old.version != version:
        raise StaleVersion(params={"version": old.version})
    return _stored(desk, old, old.withdrawn(act_of(desk, actor)), command)


def existing(desk: Desk, service_id: str) -> Record:
    """A service in whatever state. Raises UnknownService."""
    record = desk.records.get(KIND, service_id)
    if record is None:
        raise UnknownService(params={"service_id": service_id})
    return record


def _base(record: Record, author: str) -> Content:
    """What a proposal is made of: the author's own that waits, else what readers see."""
    waiting = record.proposal
    if waiting is None:
        return record.content or {}
    if waiting.by != author:
        raise ChangedMeanwhile(params={"revision": record.revision})
    return waiting.content if waiting.base == record.version else record.content or {}


def _not_verified_yet(verified_on: str | None) -> None:
    if verified_on is not None:
        raise InvalidInput(
            fields=[FieldError("service.verified_on", InvalidInput.code, "verify it once it is published")]
        )


def _stored(desk: Desk, old: Record, changed: Changed, command: Command) -> Record:
    record, facts = changed
    if not desk.records.replace(old, record, facts, command):
        known = earlier(desk, KIND, command)
        if known is not None:
            return known
        raise StaleVersion(params={"version": existing(desk, record.id).version})
    desk.changed()
    return record
