"""Import of a partner's calendar: once for each UID and SEQUENCE, however often it is read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from imigr_events.domain import Event, EventState, Session, SessionState, in_order
from imigr_events.domain.importing import Known, Offered, OtherDate, Refusal
from imigr_events.errors import InvalidInput, KeyReused, StaleVersion, WrongState
from imigr_events.handlers.desk import PUBLISHERS, TRIES, Desk
from imigr_events.handlers.staff import (
    cancel_event,
    cancel_session,
    change_session,
    create_event,
    edit_event,
    publish_event,
)
from imigr_events.ports import Command
from imigr_kit.access import require

EDITED = ("title", "summary", "place", "starts_at", "ends_at", "timezone", "languages", "organisers", "themes")
"""What a newer SEQUENCE changes; a series keeps its rule, and its dates change one by one: registrations refer to
them."""


class Imports(Protocol):
    """What came in before."""

    def find(self, event_id: str) -> Known | None:
        """By the event that it became."""
        ...

    def keep(self, known: Known) -> None:
        """Remember it, unless a newer SEQUENCE is remembered; the event keeps the partner's UID in feeds."""
        ...


@dataclass(frozen=True)
class Importer:
    """What this use case works with."""

    desk: Desk
    imports: Imports


def import_calendar(
    importer: Importer,
    actor: Mapping[str, Any],
    municipality: str,
    offered: Sequence[Offered],
    refused: Sequence[Refusal],
    *,
    is_trial: bool,
) -> dict[str, Any]:
    """What came in, what did not and why. A trial says what would happen and changes nothing."""
    require(actor, PUBLISHERS, municipality)
    told = list(refused)
    done: list[dict[str, str]] = []
    for one in offered:
        try:
            act = _action(importer, one)
            if not is_trial:
                _apply(importer, actor, one, act)
            done.append({"uid": one.uid, "event_id": one.draft.id, "action": act})
        except InvalidInput as error:
            told.append(Refusal(one.uid, "invalid", tuple(field.path for field in error.fields)))
        except (WrongState, _Refused) as error:
            told.append(Refusal(one.uid, error.args[0] if isinstance(error, _Refused) else "wrong_state"))
    return {
        "is_trial": is_trial,
        "counts": dict(Counter(one["action"] for one in done)) | {"refused": len(told)},
        "items": done,
        "refused": [{"uid": one.uid, "reason": one.reason, "fields": list(one.fields)} for one in told],
    }


class _Refused(Exception):
    """One does not come in; the argument is a reason."""


def _action(importer: Importer, one: Offered) -> str:
    known = importer.imports.find(one.draft.id)
    if known is None:
        if one.is_cancelled:
            raise _Refused("cancelled")
        if one.draft.ends_at <= importer.desk.clock.now():
            raise _Refused("over")
        return "created"
    if one.sequence < known.sequence:
        return "unchanged"
    if one.sequence == known.sequence:
        return "dates_changed" if _newer_dates(known, one) else "unchanged"
    event = importer.desk.events.get(one.draft.id)
    if event is None or (event.recurrence != one.draft.recurrence):
        raise _Refused("series_changed")
    if event.recurrence is not None and event.starts_at != one.draft.starts_at:
        raise _Refused("series_changed")
    if event.state not in (EventState.PUBLISHED, EventState.POSTPONED, EventState.RUNNING):
        raise _Refused("wrong_state")
    return "cancelled" if one.is_cancelled else "changed"


def _apply(importer: Importer, actor: Mapping[str, Any], one: Offered, act: str) -> None:
    """Every step has a key that follows from UID and SEQUENCE, so an import that died is simply done again."""
    if act == "unchanged":
        return
    desk, key = importer.desk, f"import:{one.draft.id}:{one.sequence}"
    if act == "created":
        draft = replace(one.draft, sessions=in_order([_with(date, one.others) for date in one.draft.sessions]))
        try:
            create_event(desk, actor, draft, _command(f"{key}:create", one))
        except KeyReused:
            raise _Refused("changed_under_one_sequence") from None
        _publish(desk, actor, one, _command(f"{key}:publish", one))
    elif act != "dates_changed":
        _change(desk, actor, one, act, _command(f"{key}:{act}", one))
    if act in ("changed", "dates_changed"):
        known = importer.imports.find(one.draft.id)
        for date in one.others if act == "changed" or known is None else _newer_dates(known, one):
            _change_date(desk, actor, one, date)
    dates = {date.replaces.isoformat(): date.sequence for date in one.others}
    importer.imports.keep(Known(one.draft.id, one.uid, one.draft.municipality, one.sequence, dates))


def _newer_dates(known: Known, one: Offered) -> list[OtherDate]:
    """Dates that differ, at a SEQUENCE of their own that has not been seen."""
    return [date for date in one.others if date.sequence > known.dates.get(date.replaces.isoformat(), -1)]


def _with(session: Session, others: Sequence[OtherDate]) -> Session:
    """A date of a series as it is to be."""
    told = next((one for one in others if one.replaces == session.recurrence_id), None)
    if told is None:
        return session
    return session.cancelled() if told.is_cancelled else session.changed(**told.values)


def _change_date(desk: Desk, actor: Mapping[str, Any], one: Offered, date: OtherDate) -> None:
    """One date is moved or called off, the others stay; one that was called off does not come back."""
    event_id = one.draft.id
    key = f"import:{event_id}:{one.sequence}:{date.replaces:%Y%m%dT%H%MZ}:{date.sequence}"
    command = Command(key, hashlib.sha256(repr(sorted(date.values.items())).encode()).hexdigest())
    for attempt in range(TRIES):
        event = desk.events.get(event_id)
        dates = event.sessions if event else ()
        session = next((found for found in dates if found.recurrence_id == date.replaces), None)
        if event is None or session is None or session.state is SessionState.CANCELLED:
            return
        if not date.is_cancelled and session == session.changed(**date.values):
            return
        try:
            if date.is_cancelled:
                cancel_session(desk, actor, event_id, session.id, event.version, command)
            else:
                change_session(desk, actor, (event_id, session.id), event.version, date.values, command)
            return
        except StaleVersion:
            if attempt == TRIES - 1:
                raise


def _publish(desk: Desk, actor: Mapping[str, Any], one: Offered, command: Command) -> None:
    event = desk.events.get(one.draft.id)
    if event is not None and event.state is EventState.DRAFT:
        publish_event(desk, actor, event.id, event.version, command)


def _change(desk: Desk, actor: Mapping[str, Any], one: Offered, act: str, command: Command) -> None:
    for attempt in range(TRIES):
        event = desk.events.get(one.draft.id)
        if event is None:
            return
        try:
            if act == "cancelled":
                cancel_event(desk, actor, event.id, event.version, command)
            else:
                edit_event(desk, actor, event.id, event.version, _values(event, one.draft), command)
            return
        except StaleVersion:
            if attempt == TRIES - 1:
                raise


def _values(event: Event, draft: Event) -> dict[str, Any]:
    names = EDITED if event.recurrence is None else [name for name in EDITED if not name.endswith("_at")]
    return {name: getattr(draft, name) for name in names}


def _command(key: str, one: Offered) -> Command:
    said = {name: getattr(one.draft, name) for name in EDITED}
    return Command(key, hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest())
