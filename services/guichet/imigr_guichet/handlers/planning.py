"""Changes of a plan: shown before they are saved with whom they would strand, then reviewed until nobody is left out.

The review belongs to the plan as a mark in its document, written with the change: a process that dies in between, or a
booking that another process made by the old plan, is found by the next round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Absence, Guichet, Place, opened, shared
from imigr_guichet.domain.states import OPEN
from imigr_guichet.errors import KeyReused, PlanChanged, UnknownGuichet, UnknownMediator
from imigr_guichet.handlers.fading import clear_the_way
from imigr_guichet.handlers.office import STAFF_ROLES, Office
from imigr_guichet.opening import DAY, intervals, is_absent, local_date
from imigr_guichet.places import cell_of
from imigr_guichet.ports.appointments import Command, Outcome
from imigr_kit.access import require

Actor = Mapping[str, Any]


@dataclass(frozen=True)
class Stranding:
    """An appointment that a plan leaves without its place: why, and the desk that could take it at the same time."""

    appointment: Appointment
    reason: str
    new_desk: str | None


def read_plan(office: Office, actor: Actor, municipality: str, guichet_id: str) -> Guichet:
    """The plan as it is stored now, for staff."""
    require(actor, STAFF_ROLES, municipality)
    return plan_of(office, guichet_id, municipality)


def preview_plan(office: Office, actor: Actor, municipality: str, changed: Guichet) -> list[Stranding]:
    """Whom the changed plan would strand; nothing is saved. Raises PlanChanged for an old version."""
    require(actor, ("manager",), municipality)
    current = plan_of(office, changed.id, municipality)
    if current.version != changed.version:
        raise PlanChanged(params={"version": current.version})
    return find_stranded(office, changed)


def change_plan(
    office: Office, actor: Actor, municipality: str, changed: Guichet, command: Command
) -> tuple[Guichet, list[Stranding]]:
    """Save a plan on the version that was read, and put on the worklist whom it strands. The same command again
    gives the plan as it is now and who is still without a place."""
    require(actor, ("manager",), municipality)
    plan_of(office, changed.id, municipality)
    return _save(office, changed, command)


def register_absence(
    office: Office, actor: Actor, municipality: str, guichet_id: str, absence: Absence, command: Command, *, dry: bool
) -> tuple[Guichet, list[Stranding]]:
    """A mediator is away: appointments go to a colleague who speaks the language and is free at that time, the others
    on the worklist. ``dry`` shows it only. Raises UnknownMediator, PlanChanged when others change the plan at once."""
    require(actor, STAFF_ROLES, municipality)
    guichet = plan_of(office, guichet_id, municipality)
    if absence.mediator not in known_mediators(guichet):
        raise UnknownMediator(params={"mediator": absence.mediator})
    others = tuple(one for one in guichet.absences if one.id != absence.id)
    changed = replace(guichet, absences=(*others, absence))
    return (guichet, find_stranded(office, changed)) if dry else _save(office, changed, command)


def withdraw_absence(
    office: Office, actor: Actor, municipality: str, guichet_id: str, absence_id: str, command: Command
) -> tuple[Guichet, list[Stranding]]:
    """The mediator is there after all; who was moved on stays moved, who still waits is asked no longer."""
    require(actor, STAFF_ROLES, municipality)
    guichet = plan_of(office, guichet_id, municipality)
    left = tuple(one for one in guichet.absences if one.id != absence_id)
    return _save(office, replace(guichet, absences=left), command)


def worklist(office: Office, actor: Actor, municipality: str, guichet_id: str) -> Sequence[Appointment]:
    """Appointments that cannot take place as planned, by start."""
    require(actor, STAFF_ROLES, municipality)
    return office.appointments.stranded(plan_of(office, guichet_id, municipality).id)


def review_plans(office: Office) -> int:
    """Review the plans that were changed lately; how many appointments were found that nobody knew of."""
    found = [one for guichet in office.plans.to_review(office.clock.now()) for one in review(office, guichet)]
    return sum(one.appointment.stranded is None for one in found)


def review(office: Office, guichet: Guichet) -> list[Stranding]:
    """Give stranded appointments to colleagues who are free, and put the others on the worklist."""
    left = find_stranded(office, guichet)
    for one in left:
        _settle(office, guichet, one)
    for saved in office.appointments.stranded(guichet.id):
        _relieve(office, guichet, saved.id)
    return left


def find_stranded(office: Office, guichet: Guichet) -> list[Stranding]:
    """Whom the plan leaves without a place, in order of start; each colleague's time is counted once."""
    office.occupancy.refresh()
    today = local_date(guichet, office.clock.now()) - DAY
    given: list[tuple[str, datetime, datetime]] = []
    found = []
    for stored in office.appointments.open_from(guichet.id, today):
        one = stored.appointment
        reason = why_stranded(guichet, one)
        if reason is None or one.start <= office.clock.now():
            continue
        desk = _colleague(office, guichet, one, given)
        if desk is not None:
            given.append((desk, one.busy_from, one.busy_until))
        found.append(Stranding(one, reason, desk))
    return found


def why_stranded(guichet: Guichet, one: Appointment) -> str | None:
    """Why an appointment cannot take place by a plan; None when it can. A deliberate extra is not judged by hours."""
    if guichet.state == "closed":
        return "closed"
    place = next((place for place in guichet.places(one.day) if place.desk == one.desk), None)
    if place is None or not _serves(guichet, place, one):
        return "mediator_absent"
    if is_absent(guichet, place.mediator, (one.start, one.end)):
        return "mediator_absent"
    if one.is_extra or _is_open(guichet, one, one.desk):
        return None
    return "plan_changed"


def plan_of(office: Office, guichet_id: str, municipality: str) -> Guichet:
    """A guichet of the municipality as it is stored now, open or not."""
    guichet = office.plans.read(guichet_id)
    if guichet is None or guichet.municipality != municipality:
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet


def known_mediators(guichet: Guichet) -> set[str]:
    """Codes of mediators; a desk without assignments has one of its own code."""
    return {one.code for one in guichet.mediators} | {one.code for one in guichet.desks if not one.assignments}


def _save(office: Office, changed: Guichet, command: Command) -> tuple[Guichet, list[Stranding]]:
    saved = replace(changed, version=changed.version + 1)
    now = office.clock.now()
    done = office.plans.change(saved, [opened(saved, first=False)], command, now)
    if done == "repeated":
        stored = plan_of(office, changed.id, changed.municipality)
        return stored, find_stranded(office, stored)
    if done == "reused":
        raise KeyReused
    if done == "stale":
        raise PlanChanged
    return saved, review(office, saved)


def _settle(office: Office, guichet: Guichet, stranding: Stranding) -> None:
    """One appointment: to the colleague if that place is still free, else on the worklist."""
    for _ in range(3):
        stored = office.appointments.by_id(stranding.appointment.id)
        if stored is None or stored.appointment.state not in OPEN or why_stranded(guichet, stored.appointment) is None:
            return
        one = stored.appointment
        # The key follows from the step, so two rounds at once make one change.
        command = Command(f"review:{one.id}:{one.version}", "", by="system")
        if stranding.new_desk is not None:
            new, facts = one.reassign(stranding.new_desk, guichet)
            outcome = office.appointments.change(stored, new, facts, command)
            if outcome is Outcome.TAKEN and clear_the_way(office, new):
                outcome = office.appointments.change(stored, new, facts, command)
            if outcome is Outcome.DONE:
                return
        if not one.can_be_stranded:
            return
        new, facts = one.strand(stranding.reason, guichet)
        if office.appointments.change(stored, new, facts, command) is Outcome.DONE:
            return


def _relieve(office: Office, guichet: Guichet, appointment_id: str) -> None:
    """Take an appointment off the worklist that can take place as planned after all."""
    stored = office.appointments.by_id(appointment_id)
    if stored is None or stored.appointment.state not in OPEN or why_stranded(guichet, stored.appointment) is not None:
        return
    new, facts = stored.appointment.reassign(stored.appointment.desk, guichet)
    command = Command(f"review:{appointment_id}:{stored.appointment.version}", "", by="system")
    office.appointments.change(stored, new, facts, command)


def _colleague(
    office: Office, guichet: Guichet, one: Appointment, given: Sequence[tuple[str, datetime, datetime]]
) -> str | None:
    places = guichet.places(one.day)
    able = [place for place in places if place.desk != one.desk and _serves(guichet, place, one)]
    for place in shared(places, able, one.language, one.id):
        first, last = cell_of(one.busy_from), cell_of(one.busy_until - timedelta(seconds=1))
        is_taken = office.occupancy.taken(guichet.id, place.desk, first, last - first + 1) or any(
            desk == place.desk and start < one.busy_until and one.busy_from < end for desk, start, end in given
        )
        is_away = is_absent(guichet, place.mediator, (one.busy_from, one.busy_until))
        if not is_taken and not is_away and _is_open(guichet, one, place.desk):
            return place.desk
    return None


def _serves(guichet: Guichet, place: Place, one: Appointment) -> bool:
    return one.topic in place.topics and (one.language in place.languages or one.interpreter)


def _is_open(guichet: Guichet, one: Appointment, desk: str) -> bool:
    for day in (one.day, one.day - DAY):
        for opens, closes in intervals(guichet, day, desk):
            if opens <= one.start and one.end <= closes:
                return True
    return False
