"""Certificates on a real database: only who has attended enough, and never a name."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event
from imigr_events.domain.certificates import PURPOSE, Below, Rule, canonical, earned
from imigr_events.domain.sittings import Sitting
from imigr_events.errors import NoCertificate, NotAttended, NotOver, StaleVersion, UnknownEvent, UnknownRegistration
from imigr_events.handlers import Desk
from imigr_events.handlers.certifying import Registry, get_rule, set_rule, sign_certificate
from imigr_events.handlers.door import Door
from imigr_events.signing import KeyRing
from imigr_events.storage import ATTENDANCE_INDEXES, CERTIFICATE_INDEXES, MongoAttendance, MongoCertificates
from imigr_kit.access import NotAllowed
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

from .conftest import KEY, MANAGER, manage_hash, wanted
from .test_door import START, go_to, tell, ticket

Publish = Callable[..., Event]
COMMITMENT = "ab" * 32
MAIN = Rule("event-1", "la-marsa", 75, Below.REFUSE)


@pytest.fixture
def registry(desk: Desk, mongo_db: Any, clock: FrozenClock, publish: Publish) -> Registry:
    """An event that certifies from three quarters on, with registrations of a and b."""
    ensure_indexes(mongo_db, [*ATTENDANCE_INDEXES, *CERTIFICATE_INDEXES])
    stamp = Stamp("events", "test", clock, new_id)
    door = Door(desk, MongoAttendance(mongo_db, stamp), KeyRing(KEY))
    made = Registry(door, MongoCertificates(mongo_db, stamp))
    publish()
    for who in "ab":
        handlers.register(desk, *wanted(who))
    set_rule(made, MANAGER, MAIN, 0)
    return made


def check_in(registry: Registry, clock: FrozenClock, who: str) -> None:
    """Somebody comes in on the day of the event."""
    go_to(clock, START)
    (answer,) = tell(
        registry.door, {"id": f"scan-{who * 8}", "ticket": ticket(registry.door, who), "door": "n", "scanner": "p"}
    )
    assert answer["outcome"] == "accepted"


def sign(registry: Registry, who: str, **changes: Any) -> dict[str, Any]:
    """The signed statement for somebody."""
    asked = {"municipality": "la-marsa", "manage_hash": manage_hash(who), "commitment": COMMITMENT, "language": "fr"}
    return sign_certificate(registry, **(asked | changes))


def test_who_came_gets_a_signed_statement(registry: Registry, clock: FrozenClock) -> None:
    """Over what will be printed and the commitment, verified with the public key."""
    check_in(registry, clock, "a")
    go_to(clock, START + timedelta(hours=4))
    signed = sign(registry, "a")
    statement = signed["statement"]
    assert (statement["title"], statement["days"]) == ("Journée portes ouvertes", ["2026-12-12"])
    assert (statement["attended"], statement["sessions"], statement["minutes"]) == (1, 1, 180)
    assert statement["holder"] == COMMITMENT
    signature = base64.b64decode(signed["signature"])
    assert registry.door.signer.verify(signed["key_id"], PURPOSE, canonical(statement), signature)
    assert not registry.door.signer.verify(signed["key_id"], PURPOSE, canonical(statement | {"attended": 2}), signature)


def test_who_was_not_checked_in_is_refused(registry: Registry, clock: FrozenClock, mongo_db: Any) -> None:
    """Case 42: and nothing says that a certificate was asked for."""
    go_to(clock, START + timedelta(hours=4))
    with pytest.raises(NotAttended) as refused:
        sign(registry, "b")
    assert refused.value.params == {"attended": 0, "sessions": 1}
    assert mongo_db["certificates"].count_documents({}) == 0


def three_days() -> list[Sitting]:
    """Sessions of a seminar."""
    return [Sitting(f"s{n}", {}, START + timedelta(days=n), START + timedelta(days=n, hours=6)) for n in range(3)]


@pytest.mark.parametrize("below", list(Below))
def test_one_of_three_sessions(below: Below) -> None:
    """Case 42: refused, or stated with the sessions really attended, as the event has decided."""
    rule = Rule("e", "la-marsa", 75, below)
    if below is Below.REFUSE:
        with pytest.raises(NotAttended):
            earned(rule, three_days(), {"s1"})
    else:
        what = earned(rule, three_days(), {"s1"})
        assert ([one.id for one in what.attended], what.sessions, what.minutes) == (["s1"], 3, 360)
    with pytest.raises(NotAttended):
        earned(rule, three_days(), set())


def test_a_session_that_was_called_off_counts_for_nobody() -> None:
    """Two of two that took place are enough."""
    first, second, third = three_days()
    off = Sitting(third.id, {}, third.starts_at, third.ends_at, is_cancelled=True)
    what = earned(Rule("e", "la-marsa", 100, Below.REFUSE), [first, second, off], {"s0", "s1", "s2"})
    assert (len(what.attended), what.sessions) == (2, 2)


def test_before_the_end_there_is_none(registry: Registry, clock: FrozenClock) -> None:
    """Also for who is there already."""
    check_in(registry, clock, "a")
    with pytest.raises(NotOver):
        sign(registry, "a")


def test_an_event_without_a_rule_gives_none(registry: Registry, clock: FrozenClock, publish: Publish) -> None:
    """And a link that is unknown or of another town finds nothing."""
    publish(id="event-2")
    handlers.register(registry.door.desk, *wanted("c", event_id="event-2"))
    with pytest.raises(NoCertificate):
        sign(registry, "c")
    for changes in ({"municipality": "raoued"}, {"manage_hash": manage_hash("nobody")}):
        with pytest.raises(UnknownRegistration):
            sign(registry, "a", **changes)


def test_asking_again_is_the_same_certificate(registry: Registry, clock: FrozenClock, mongo_db: Any) -> None:
    """Same number, same day, same signature, one event; also days later."""
    check_in(registry, clock, "a")
    go_to(clock, START + timedelta(hours=4))
    first = sign(registry, "a")
    go_to(clock, datetime.fromisoformat("2027-01-10T09:00:00+00:00"))
    assert sign(registry, "a") == first
    (kept,) = mongo_db["certificates"].find()
    assert [one["type"] for one in kept["outbox"]] == ["tn.imigr.events.certificate.issued.v1"]


def test_nothing_of_the_holder_is_kept(registry: Registry, clock: FrozenClock, mongo_db: Any) -> None:
    """Neither the commitment nor which registration it was."""
    check_in(registry, clock, "a")
    go_to(clock, START + timedelta(hours=4))
    sign(registry, "a")
    kept = str(list(mongo_db["certificates"].find()))
    registration = mongo_db["attendance"].find_one()["registration_id"]
    assert COMMITMENT not in kept
    assert registration not in kept


def test_staff_decide_the_rule_on_the_version_they_saw(registry: Registry, mongo_db: Any) -> None:
    """The same again is harmless, a stale one is refused, strangers may not."""
    changed = Rule("event-1", "la-marsa", 50, Below.STATE, 2)
    assert set_rule(registry, MANAGER, changed, 1).version == 2
    assert set_rule(registry, MANAGER, changed, 1).version == 2
    with pytest.raises(StaleVersion):
        set_rule(registry, MANAGER, Rule("event-1", "la-marsa", 90, Below.STATE, 2), 1)
    assert get_rule(registry, MANAGER, "la-marsa", "event-1") == (changed, 0)
    stranger = {"id": "x", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
    with pytest.raises(NotAllowed):
        set_rule(registry, stranger, changed, 2)
    with pytest.raises(UnknownEvent):
        get_rule(registry, stranger, "raoued", "event-1")
