"""Training pathways: planned and kept by staff, evaluated by those who took part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from imigr_events.domain import Event, Registration
from imigr_events.domain.parts import Question
from imigr_events.domain.pathways import Pathway
from imigr_events.domain.sittings import has_places, sittings
from imigr_events.domain.small_counts import FEWEST, shown
from imigr_events.errors import (
    Busy,
    InvalidInput,
    NotOpen,
    StaleVersion,
    UnknownEvent,
    UnknownPathway,
    UnknownRegistration,
)
from imigr_events.handlers.desk import READERS, TRIES, WRITERS
from imigr_events.handlers.door import Door
from imigr_events.ports import Command
from imigr_kit.access import require
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Tally:
    """Counted answers. ``counts`` by question and option are those of the last multiple of five sheets, so that two
    looks never differ by one person."""

    sheets: int
    counts: Mapping[str, Mapping[str, int]]


class Pathways(Protocol):
    """Pathways with the commands that made them, and counted answers."""

    def find(self, pathway_id: str) -> Pathway | None:
        """One."""
        ...

    def of_municipality(self, municipality: str) -> Sequence[Pathway]:
        """All of a town, the newest first."""
        ...

    def of_event(self, event_id: str) -> Pathway | None:
        """The one that a course belongs to."""
        ...

    def by_command(self, key: str) -> tuple[Pathway, str] | None:
        """A pathway as a command has left it, and the hash of the command's body."""
        ...

    def add(self, pathway: Pathway, facts: Sequence[Fact], command: Command) -> bool:
        """Store a new one; false when the command was there, or a course has a pathway."""
        ...

    def replace(self, old: Pathway, new: Pathway, facts: Sequence[Fact], command: Command) -> bool:
        """Store another version if ``old`` still stands and no course has another pathway."""
        ...

    def count_sheet(self, pathway_id: str, sheet: str, chosen: Mapping[str, Sequence[str]]) -> bool:
        """Count an answered sheet in one write; false when the same one was counted before."""
        ...

    def tally(self, pathway_id: str) -> Tally:
        """What may be looked at."""
        ...


@dataclass(frozen=True)
class School:
    """What these use cases work with."""

    door: Door
    pathways: Pathways


def create_pathway(school: School, actor: Mapping[str, Any], pathway: Pathway, command: Command) -> Pathway:
    """A new pathway of courses that exist in its town."""
    require(actor, WRITERS, pathway.municipality)
    for _ in range(TRIES):
        earlier = _earlier(school, command)
        if earlier is not None:
            return earlier
        try:
            _check_courses(school, pathway)
        except InvalidInput:
            # The course may be taken by this very command, run at the same moment by a caller who tried again.
            earlier = _earlier(school, command)
            if earlier is None:
                raise
            return earlier
        if school.pathways.add(pathway, pathway.facts(), command):
            return pathway
    raise Busy(retry_after=1)


def change_pathway(
    school: School, actor: Mapping[str, Any], pathway_id: str, values: Mapping[str, Any], version: int, command: Command
) -> Pathway:
    """Plan it anew, on the version that was seen."""
    for _ in range(TRIES):
        standing, done = _stepping(school, actor, pathway_id, version, command)
        if done is not None:
            return done
        changed, facts = standing.changed(**values)
        _check_courses(school, changed)
        if school.pathways.replace(standing, changed, facts, command):
            return changed
    raise Busy(retry_after=1)


def note_coaching(
    school: School,
    actor: Mapping[str, Any],
    pathway_id: str,
    coaching_id: str,
    done_on: date,
    version: int,
    command: Command,
) -> Pathway:
    """A coaching day took place."""
    for _ in range(TRIES):
        standing, done = _stepping(school, actor, pathway_id, version, command)
        if done is not None:
            return done
        changed, facts = standing.coached(coaching_id, done_on)
        if school.pathways.replace(standing, changed, facts, command):
            return changed
    raise Busy(retry_after=1)


def list_pathways(school: School, actor: Mapping[str, Any], municipality: str) -> Sequence[Pathway]:
    """All pathways of a town."""
    require(actor, READERS, municipality)
    return school.pathways.of_municipality(municipality)


def get_pathway(
    school: School, actor: Mapping[str, Any], municipality: str, pathway_id: str
) -> tuple[Pathway, list[Event]]:
    """A pathway and its courses."""
    require(actor, READERS, municipality)
    pathway = school.pathways.find(pathway_id)
    if pathway is None or pathway.municipality != municipality:
        raise UnknownPathway(params={"pathway_id": pathway_id})
    events = [school.door.desk.events.get(one) for one in pathway.event_ids]
    return pathway, [one for one in events if one is not None]


def evaluation_results(school: School, actor: Mapping[str, Any], municipality: str, pathway_id: str) -> dict[str, Any]:
    """Counted answers; small ones are not shown, nor those that would give them away."""
    pathway, _ = get_pathway(school, actor, municipality, pathway_id)
    tally = school.pathways.tally(pathway_id)
    return {
        "pathway_id": pathway_id,
        "sheets": tally.sheets if tally.sheets >= FEWEST else None,
        "questions": [_result(one, tally) for one in pathway.questions],
    }


def get_evaluation(school: School, municipality: str, manage_hash: str) -> Pathway:
    """The questionnaire for the holder of a manage link. Raises UnknownPathway when the event has none."""
    return _taking_part(school, municipality, manage_hash)[2]


def answer_evaluation(
    school: School, municipality: str, manage_hash: str, answers: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Count a sheet. That a registration has answered is known, by a keyed hash; what it answered is only in the
    counts, so a second sheet is not counted, whatever it says."""
    event, registration, pathway = _taking_part(school, municipality, manage_hash)
    desk = school.door.desk
    if not has_places(registration) or desk.clock.now() < min(one.starts_at for one in sittings(event)):
        raise NotOpen(params={"state": str(registration.state)})
    _check_answers(pathway, answers)
    sheet = desk.hashed("evaluation", f"{pathway.id}\x00{registration.id}")
    return {"counted": True, "is_first": school.pathways.count_sheet(pathway.id, sheet, answers)}


def _taking_part(school: School, municipality: str, manage_hash: str) -> tuple[Event, Registration, Pathway]:
    desk = school.door.desk
    stored = desk.events.find(desk.hashed("manage", manage_hash))
    if stored is None or stored.event.municipality != municipality:
        raise UnknownRegistration
    pathway = school.pathways.of_event(stored.event.id)
    if pathway is None or not pathway.questions:
        raise UnknownPathway(params={"event_id": stored.event.id})
    return stored.event, stored.registration, pathway


def _result(question: Question, tally: Tally) -> dict[str, Any]:
    counted = tally.counts.get(question.code, {})
    counts = {option: counted.get(option, 0) for option in question.options}
    if question.several:
        # Their sum says nothing, but "chosen or not" of each option does.
        both = {option: shown({"yes": n, "no": tally.sheets - n})["yes"] for option, n in counts.items()}
        return {"code": question.code, "title": dict(question.text), "counts": both}
    counts["-"] = tally.sheets - sum(counts.values())
    told = shown({name: n for name, n in counts.items() if name != "-" or not question.required})
    return {"code": question.code, "title": dict(question.text), "counts": told}


def _check_courses(school: School, pathway: Pathway) -> None:
    for number, event_id in enumerate(pathway.event_ids):
        event = school.door.desk.events.get(event_id)
        if event is None or event.municipality != pathway.municipality:
            raise UnknownEvent(params={"event_id": event_id})
        other = school.pathways.of_event(event_id)
        if other is not None and other.id != pathway.id:
            told = "belongs to another pathway"
            raise InvalidInput(fields=[FieldError(f"pathway.event_ids.{number}", "already_used", told)])


def _check_answers(pathway: Pathway, answers: Mapping[str, Sequence[str]]) -> None:
    questions = {one.code: one for one in pathway.questions}
    wrong = [FieldError(f"answers.{code}", "unknown_question", "") for code in answers if code not in questions]
    for code, question in questions.items():
        chosen = answers.get(code, ())
        if question.required and not chosen:
            wrong.append(FieldError(f"answers.{code}", "required", ""))
        if len(chosen) > 1 and not question.several:
            wrong.append(FieldError(f"answers.{code}", "one_answer_only", ""))
        if not set(chosen) <= set(question.options) or len(set(chosen)) < len(chosen):
            wrong.append(FieldError(f"answers.{code}", "unknown_answer", ""))
    if wrong:
        raise InvalidInput(fields=wrong)


def _stepping(
    school: School, actor: Mapping[str, Any], pathway_id: str, version: int, command: Command
) -> tuple[Pathway, Pathway | None]:
    standing = school.pathways.find(pathway_id)
    if standing is None:
        raise UnknownPathway(params={"pathway_id": pathway_id})
    require(actor, WRITERS, standing.municipality)
    earlier = _earlier(school, command)
    if earlier is None and standing.version != version:
        raise StaleVersion(params={"version": standing.version})
    return standing, earlier


def _earlier(school: School, command: Command) -> Pathway | None:
    found = school.pathways.by_command(command.key)
    if found is None:
        return None
    command.must_be(found[1])
    return found[0]
