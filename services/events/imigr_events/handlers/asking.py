"""What may be asked for, and what the organiser asks: checked field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imigr_events.domain import Event, Question, Seats, SessionState
from imigr_events.errors import InvalidInput
from imigr_kit.errors import FieldError


def check_seats(event: Event, seats: Seats) -> None:
    """Kinds that the event has, and sessions that take place. Raises InvalidInput."""
    wrong: list[FieldError] = []
    known = {one.code for one in event.groups}
    wrong += [FieldError(f"kinds.{one}", "unknown_kind", "") for one in seats.kinds if one not in known]
    if sum(seats.kinds.values()) > seats.places:
        wrong.append(FieldError("kinds", "too_many", "more places of a kind than places"))
    planned = {one.id for one in event.sessions if one.state is SessionState.PLANNED}
    if event.choose_sessions and not seats.sessions:
        wrong.append(FieldError("sessions", "required", "choose at least one session"))
    elif seats.sessions and not event.choose_sessions:
        wrong.append(FieldError("sessions", "not_chosen_here", "a registration is for all sessions of this event"))
    elif not set(seats.sessions) <= planned or len(set(seats.sessions)) < len(seats.sessions):
        wrong.append(FieldError("sessions", "unknown_session", "not a session that takes place"))
    if wrong:
        raise InvalidInput(fields=wrong)


def check_answers(event: Event, answers: Mapping[str, Sequence[str]]) -> None:
    """Closed answers to questions that the event has. Raises InvalidInput."""
    questions = {one.code: one for one in event.questions}
    wrong = [FieldError(f"answers.{one}", "unknown_question", "") for one in answers if one not in questions]
    for code, question in questions.items():
        wrong += [FieldError(f"answers.{code}", told, "") for told in _wrong(question, answers.get(code, ()))]
    if wrong:
        raise InvalidInput(fields=wrong)


def _wrong(question: Question, chosen: Sequence[str]) -> list[str]:
    found: list[str] = []
    if question.required and not chosen:
        found.append("required")
    if len(chosen) > 1 and not question.several:
        found.append("one_answer_only")
    if not set(chosen) <= set(question.options) or len(set(chosen)) < len(chosen):
        found.append("unknown_answer")
    return found
