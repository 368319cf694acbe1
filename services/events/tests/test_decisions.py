"""Approval, invitation codes, questions, no-shows, merging, and what staff do for others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event, Question
from imigr_events.errors import InvalidInput, RegistrationNotChangeable, UnknownRegistration, WrongCode
from imigr_events.handlers import Desk
from imigr_events.handlers.deciding import shown
from imigr_events.ports import Command
from imigr_kit.access import NotAllowed
from imigr_kit.testing import FrozenClock

from .conftest import MANAGER, make_event, manage_hash, wanted

Publish = Callable[..., Event]
TOWN = "la-marsa"
LANGUAGES = Question("language", {"fr": "Langue ?"}, {"ar": {"fr": "Arabe"}, "fr": {"fr": "Français"}}, required=True)


def state(desk: Desk, who: str) -> str:
    """Of somebody's registration, by the link."""
    return str(handlers.get_registration(desk, TOWN, manage_hash(who))["state"])


def test_a_request_holds_its_places_until_it_is_decided(desk: Desk, publish: Publish) -> None:
    """Case 3: two requests for one place can never both be confirmed; a refusal serves the next."""
    publish(1, registration="approval")
    first, second = (handlers.register(desk, *wanted(who)) for who in "ab")
    assert (first["state"], second["state"]) == ("pending", "waiting")
    with pytest.raises(RegistrationNotChangeable):
        handlers.approve(desk, MANAGER, TOWN, ("event-1", second["id"]), Command("1", "x"))
    command = Command("2", "x")
    said = handlers.reject(desk, MANAGER, TOWN, ("event-1", first["id"]), "not_in_target_group", command)
    assert (said["state"], state(desk, "b")) == ("rejected", "pending")
    assert handlers.reject(desk, MANAGER, TOWN, ("event-1", first["id"]), "not_in_target_group", command) == said
    handlers.approve(desk, MANAGER, TOWN, ("event-1", second["id"]), Command("3", "x"))
    assert state(desk, "b") == "confirmed"


def test_an_invitation_code_is_good_for_its_places_and_no_more(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Typed with or without its dash, in any case; unknown, foreign and used-up ones are told alike."""
    publish(50, registration="code")
    publish(50, id="event-2", registration="code")
    codes = handlers.issue_codes(desk, MANAGER, "event-1", 2, 3, Command("codes", "x"))["codes"]
    assert handlers.issue_codes(desk, MANAGER, "event-1", 2, 3, Command("codes", "x"))["codes"] == codes
    assert not any(code in str(mongo_db["events"].find_one({"_id": "event-1"})) for code in codes)
    assert handlers.register(desk, *wanted("a", 2, code=codes[0].lower().replace("-", " ")))["state"] == "confirmed"
    refused: list[dict[str, Any]] = [
        {"code": None}, {"code": "AAAA-BBBB"}, {"code": codes[0]}, {"code": codes[1], "event_id": "event-2"},
    ]  # fmt: skip
    for number, case in enumerate(refused):
        with pytest.raises(WrongCode):
            handlers.register(desk, *wanted(f"x{number}", 2, **case))
    assert handlers.register(desk, *wanted("b", 1, code=codes[0]))["state"] == "confirmed"


def test_a_code_used_by_many_at_once_gives_its_places_once(desk: Desk, publish: Publish) -> None:
    """Twelve for five."""
    publish(50, registration="code")
    (code,) = handlers.issue_codes(desk, MANAGER, "event-1", 1, 5, Command("codes", "x"))["codes"]

    def attempt(number: int) -> bool:
        try:
            return bool(handlers.register(desk, *wanted(f"p{number}", code=code)))
        except WrongCode:
            return False

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(12))) == 5


def test_answers_are_counted_and_lead_to_nobody(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """The registration does not hold them, its stored commands cannot be guessed back; small numbers are not shown."""
    publish(50, questions=(LANGUAGES,))
    for number in range(12):
        handlers.register(desk, *wanted(f"p{number}", answers={"language": ["ar"]}))
    handlers.register(desk, *wanted("q", answers={"language": ["fr"]}))
    row = mongo_db["events"].find_one()
    assert row["answers"] == {"language": {"ar": 12, "fr": 1}}
    assert not any("answers" in one or one["said"][0]["body_hash"].startswith("body") for one in row["registrations"])
    _, results = handlers.question_results(desk, MANAGER, TOWN, "event-1")
    assert results == {"language": {"ar": None, "fr": None}}


def test_a_number_that_follows_from_the_sum_is_hidden_too() -> None:
    """With one small count, the next smallest; none and large numbers are shown."""
    assert shown({"a": 40, "b": 3, "c": 12}) == {"a": 40, "b": None, "c": None}
    assert shown({"a": 40, "b": 3, "c": 4}) == {"a": 40, "b": None, "c": None}
    assert shown({"a": 40, "b": 0, "c": 10}) == {"a": 40, "b": 0, "c": 10}


@pytest.mark.parametrize(
    "answers",
    [{}, {"language": []}, {"language": ["de"]}, {"language": ["ar", "fr"]}, {"language": ["ar"], "other": ["x"]}],
    ids=["none", "empty", "unknown", "two", "unknown question"],
)
def test_answers_that_were_not_asked_for_are_refused_by_field(
    desk: Desk, publish: Publish, mongo_db: Any, answers: dict[str, list[str]]
) -> None:
    """And nothing is stored."""
    publish(50, questions=(LANGUAGES,))
    with pytest.raises(InvalidInput) as caught:
        handlers.register(desk, *wanted("a", answers=answers))
    assert all(one.path.startswith("answers.") for one in caught.value.fields)
    assert mongo_db["events"].find_one()["registrations"] == []


def test_staff_register_somebody_without_approval_and_never_over_the_capacity(desk: Desk, publish: Publish) -> None:
    """A mediator at the desk; an editor may not."""
    publish(1, registration="approval")
    mediator = {"id": "x", "roles": [{"municipality": TOWN, "role": "mediator"}]}
    editor = {"id": "e", "roles": [{"municipality": TOWN, "role": "editor"}]}
    assert handlers.register_for(desk, mediator, *wanted("a"))["state"] == "confirmed"
    assert handlers.register_for(desk, mediator, *wanted("b"))["state"] == "waiting"
    with pytest.raises(NotAllowed):
        handlers.register_for(desk, editor, *wanted("c"))


def test_a_registration_is_ended_at_the_desk_by_its_reference(desk: Desk, publish: Publish) -> None:
    """Read aloud, with or without its dash; a wrong one and another town's lead nowhere."""
    publish(1)
    said = handlers.register(desk, *wanted("a"))
    reference = said["reference"].lower().replace("-", "")
    for text, town in (("AAAA-BBBB", TOWN),):
        with pytest.raises(UnknownRegistration):
            handlers.cancel_for(desk, MANAGER, town, ("event-1", text), Command("1", "x"))
    assert handlers.cancel_for(desk, MANAGER, TOWN, ("event-1", reference), Command("2", "x"))["state"] == "cancelled"
    with pytest.raises(NotAllowed):
        handlers.cancel_for(desk, MANAGER, "raoued", ("event-1", reference), Command("3", "x"))


def test_a_no_show_is_marked_after_the_start_and_unmarked_again(
    desk: Desk, publish: Publish, clock: FrozenClock
) -> None:
    """Case 28: the mistake is undone and both steps are told."""
    publish(5)
    ids = ("event-1", handlers.register(desk, *wanted("a"))["id"])
    with pytest.raises(RegistrationNotChangeable):
        handlers.mark_no_show(desk, MANAGER, TOWN, ids, False, Command("1", "x"))
    clock.advance(seconds=(make_event().starts_at - clock.now()).total_seconds())
    assert handlers.mark_no_show(desk, MANAGER, TOWN, ids, False, Command("2", "x"))["state"] == "no_show"
    assert handlers.mark_no_show(desk, MANAGER, TOWN, ids, True, Command("3", "x"))["state"] == "confirmed"


def test_two_registrations_of_one_group_become_one(desk: Desk, publish: Publish, mongo_db: Any) -> None:
    """Both links lead to the one that stays; the places of the other go down the line."""
    publish(3)
    kept, other, waiting = (handlers.register(desk, *wanted(who, n)) for who, n in (("a", 2), ("b", 1), ("c", 1)))
    handlers.merge(desk, MANAGER, TOWN, ("event-1", kept["id"]), other["id"], Command("1", "x"))
    assert handlers.get_registration(desk, TOWN, manage_hash("b"))["id"] == kept["id"]
    assert (state(desk, "a"), state(desk, "c")) == ("confirmed", "confirmed")
    assert mongo_db["events"].find_one()["taken"] == 3
    with pytest.raises(RegistrationNotChangeable):
        handlers.merge(desk, MANAGER, TOWN, ("event-1", waiting["id"]), other["id"], Command("2", "x"))
