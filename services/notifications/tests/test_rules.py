"""Rules that a municipality settles, over the built-in ones, and what they do to reminders that are planned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from marshmallow import ValidationError

from imigr_kit.access import NotAllowed
from imigr_kit.commands import Command
from imigr_notifications import handlers, schemas
from imigr_notifications.domain import Matter, State
from imigr_notifications.errors import KeyReused, VersionConflict
from imigr_notifications.handlers import Desk
from imigr_notifications.storage import MongoRules

MANAGER = {"id": "m", "kind": "staff", "roles": [{"role": "manager", "municipality": "la-marsa"}]}
EARLY = {"reminders": {"appointment": [{"code": "eve", "days_before": 1, "at": "09:00"}]}}


@pytest.fixture
def book(mongo_db: Any) -> MongoRules:
    """The rules in the database."""
    return MongoRules(mongo_db)


def settle(book: MongoRules, own: dict[str, Any], version: int = 0, key: str = "k") -> int:
    return handlers.set_rules(book, MANAGER, "la-marsa", own, version, Command(key, str(own)))


def test_built_in_until_settled(book: MongoRules) -> None:
    """A town's own values lie over the built-in ones, and nobody else's change."""
    assert book.rules("la-marsa").daily_limit == 3
    assert settle(book, {"daily_limit": 1}) == 1
    assert book.rules("la-marsa").daily_limit == 1
    assert len(book.rules("la-marsa").reminders["appointment"]) == 3
    assert book.rules("raoued").daily_limit == 3


def test_two_managers_at_once(book: MongoRules) -> None:
    """The second one, on the version that both read, is told."""
    settle(book, {"daily_limit": 1})
    with pytest.raises(VersionConflict):
        settle(book, {"daily_limit": 2}, key="other")
    assert book.rules("la-marsa").daily_limit == 1


def test_the_same_command_again(book: MongoRules) -> None:
    """Same key and body: same answer, even after another change; another body is refused."""
    assert settle(book, {"daily_limit": 1}) == 1
    assert settle(book, {"daily_limit": 2}, version=1, key="later") == 2
    assert settle(book, {"daily_limit": 1}) == 1
    assert book.settled("la-marsa") == ({"daily_limit": 2}, 2)
    with pytest.raises(KeyReused):
        settle(book, {"daily_limit": 5})


def test_only_managers_of_the_town(book: MongoRules) -> None:
    """Raoued's manager settles nothing for La Marsa."""
    other = {"roles": [{"role": "manager", "municipality": "raoued"}]}
    with pytest.raises(NotAllowed):
        handlers.set_rules(book, other, "la-marsa", {}, 0, Command("k", "b"))


@pytest.mark.parametrize(
    "own",
    [
        {"reminders": {"appointment": [{"code": "x"}]}},
        {"reminders": {"appointment": [{"code": "x", "days_before": 1}]}},
        {"reminders": {"appointment": [{"code": "x", "days_before": 1, "at": "25:00"}]}},
        {"reminders": {"appointment": [{"code": "x", "days_before": 1, "at": "10:00", "minutes_before": 60}]}},
        {"reminders": {"appointment": [{"code": "x", "minutes_before": 60}, {"code": "x", "minutes_before": 90}]}},
        {"reminders": {"elsewhere": []}},
        {"quiet": [{"from": "08:00", "until": "08:00"}]},
        {"quiet": [{"from": "21:00", "until": "8:00"}]},
        {"ramadan": [{"first": "2027-02-08", "last": "2027-02-01"}]},
        {"daily_limit": 0},
        {"daily_limit": "3"},
        {"over_limit": "sometimes"},
        {"unknown": 1},
    ],
)
def test_rules_that_make_no_sense(own: dict[str, Any]) -> None:
    """Refused, field by field; nothing is stored."""
    with pytest.raises(ValidationError):
        schemas.SetRules().load(
            {"actor": MANAGER, "municipality": "la-marsa", "rules": own, "version": 0, "idempotency_key": "k"}
        )


def test_planned_reminders_follow_new_rules(
    desk: Desk, mongo_db: Any, book: MongoRules, matter: Callable[..., Matter]
) -> None:
    """The moment changes, nothing is told or planned twice; a rule that is new gives one more reminder, one that is
    gone withdraws its own."""
    with mongo_db.client.start_session() as session:
        handlers.plan(desk, matter(), "booked", 1, session)
    before = planned(desk)
    version = settle(book, {"reminders": {"appointment": [
        {"code": "eve", "days_before": 1, "at": "09:00"}, {"code": "day_itself", "minutes_before": 90},
    ]}})  # fmt: skip
    fresh = Desk(**{**vars(desk), "rules": book.rules})
    assert book.unapplied() == [("la-marsa", version)]
    assert handlers.apply_rules(fresh, "la-marsa", version)
    book.applied("la-marsa", version)
    assert book.unapplied() == []
    assert before == {"eve": "2026-11-25T16:00"}
    assert planned(desk) == {"eve": "2026-11-25T08:00", "day_itself": "2026-11-26T07:00"}
    settle(book, {"reminders": {"appointment": []}}, version=1, key="none")
    assert handlers.apply_rules(fresh, "la-marsa", 2)
    assert planned(desk) == {}


def test_announced_ramadan_moves_quiet_hours(
    desk: Desk, mongo_db: Any, book: MongoRules, matter: Callable[..., Matter]
) -> None:
    """Guichet 19, the reminder part: the month is announced a day later than estimated, the evening before, and
    reminders of that day follow."""
    estimate = next(first for first, _ in book.rules("la-marsa").ramadan if first.year == 2027)
    assert not book.rules("la-marsa").in_ramadan(estimate.replace(day=estimate.day - 1))
    announced = {"first": estimate.replace(day=estimate.day + 1).isoformat(), "last": "2027-03-09"}
    settle(book, {"ramadan": [announced]})
    rules = book.rules("la-marsa")
    assert not rules.in_ramadan(estimate)
    assert rules.in_ramadan(estimate.replace(day=estimate.day + 1))
    assert sum(first.year == 2027 for first, _ in rules.ramadan) == 1


def test_the_calendar_of_the_directory_moves_the_nights_of_ramadan(book: MongoRules) -> None:
    """Its months replace the estimates near them, the town's own announcement replaces both; what is planned is brought
    under them, and the same calendar again changes nothing."""
    told = schemas.told_months(
        {
            "periods": [
                {"code": "ramadan", "first": "2027-02-09", "last": "2027-03-09", "state": "moved", "hours": None},
                {"code": "summer", "first": "2027-07-01", "last": "2027-08-31", "state": "confirmed", "hours": None},
            ]
        }
    )
    for _ in range(2):
        book.follow("la-marsa", told, None)
    assert book.settled("la-marsa") == ({}, 1)
    assert book.unapplied() == [("la-marsa", 1)]
    assert (date(2027, 2, 9), date(2027, 3, 9)) in book.rules("la-marsa").ramadan
    assert not book.rules("la-marsa").in_ramadan(date(2027, 2, 8))
    settle(book, {"ramadan": [{"first": "2027-02-10", "last": "2027-03-10"}]}, version=1)
    assert [one for one in book.rules("la-marsa").ramadan if one[0].year == 2027] == [
        (date(2027, 2, 10), date(2027, 3, 10))
    ]


def planned(desk: Desk) -> dict[str | None, str]:
    """Planned reminders by rule."""
    found = desk.messages.of_subject("appointment-1")
    return {
        one.rule: one.due_at.strftime("%Y-%m-%dT%H:%M")
        for one in found
        if one.kind == "reminder" and one.state is State.PLANNED
    }
