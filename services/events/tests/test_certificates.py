"""Certificates on a real database: only who has attended enough, and never a name."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from imigr_events import handlers
from imigr_events.domain import Event
from imigr_events.domain.attendance import Mistake
from imigr_events.domain.certificates import (
    PURPOSE,
    REVOKED_PURPOSE,
    Below,
    Rule,
    Withdrawn,
    canonical,
    earned,
)
from imigr_events.domain.sittings import Sitting
from imigr_events.errors import (
    CertificateRevoked,
    KeyReused,
    NoCertificate,
    NotAttended,
    NotOver,
    StaleVersion,
    UnknownCertificate,
    UnknownEvent,
    UnknownRegistration,
)
from imigr_events.handlers import Desk
from imigr_events.handlers.certifying import Registry, get_rule, set_rule, sign_certificate
from imigr_events.handlers.correcting import Wrong, correct_attendance
from imigr_events.handlers.door import Door
from imigr_events.handlers.revoking import certificate_state, revoke_certificate, revoked_certificates
from imigr_events.ports import Command
from imigr_events.signing import KeyRing
from imigr_events.storage import ATTENDANCE_INDEXES, CERTIFICATE_INDEXES, MongoAttendance, MongoCertificates
from imigr_kit.access import NotAllowed
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

from .conftest import KEY, MANAGER, manage_hash, wanted
from .test_contracts import validate
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


def revoke(registry: Registry, number: str, key: str = "k", body: str = "x", actor: Any = MANAGER) -> dict[str, Any]:
    """Revoke by a manager of La Marsa."""
    reason = Withdrawn.ISSUED_BY_MISTAKE
    return revoke_certificate(registry, actor, ("la-marsa", number), reason, Command(key, body))


def test_a_revoked_certificate_holds_no_longer(registry: Registry, clock: FrozenClock, mongo_db: Any) -> None:
    """Whoever verifies is told, the signed list for devices names it, nobody gets it again, and its event keeps its
    contract; who did it stays with it."""
    check_in(registry, clock, "a")
    go_to(clock, START + timedelta(hours=4))
    number = sign(registry, "a")["statement"]["number"]
    assert certificate_state(registry, "la-marsa", number)["is_revoked"] is False
    assert revoke(registry, number)["by"] == "staff:m"
    assert certificate_state(registry, "la-marsa", number)["revoked_on"] == "2026-12-12"
    listed = revoked_certificates(registry, "la-marsa")
    assert listed["statement"]["revoked"] == [{"number": number, "revoked_on": "2026-12-12"}]
    signature = base64.b64decode(listed["signature"])
    signed = canonical(listed["statement"])
    assert registry.door.signer.verify(listed["key_id"], REVOKED_PURPOSE, signed, signature)
    with pytest.raises(CertificateRevoked):
        sign(registry, "a")
    told = mongo_db["certificates"].find_one()["outbox"][-1]
    assert told["type"] == "tn.imigr.events.certificate.revoked.v1"
    validate("certificate.revoked.v1.json", told["data"])


def test_revoking_is_repeated_without_harm(registry: Registry, clock: FrozenClock) -> None:
    """The same command gives the same answer, another body under its key is refused, and a second manager changes
    neither day nor author."""
    for who in "ab":
        check_in(registry, clock, who)
    go_to(clock, START + timedelta(hours=4))
    number, other = (sign(registry, who)["statement"]["number"] for who in "ab")
    first = revoke(registry, number)
    assert revoke(registry, number) == revoke(registry, number, key="other") == first
    for wrong in ((number, "y"), (other, "y")):
        with pytest.raises(KeyReused):
            revoke(registry, wrong[0], body=wrong[1])
    assert not certificate_state(registry, "la-marsa", other)["is_revoked"]


def test_who_may_revoke_what(registry: Registry, clock: FrozenClock) -> None:
    """A manager of the town; unknown numbers and those of another town are told alike, to whoever verifies as good."""
    check_in(registry, clock, "a")
    go_to(clock, START + timedelta(hours=4))
    number = sign(registry, "a")["statement"]["number"]
    editor = {"id": "e", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "editor"}]}
    with pytest.raises(NotAllowed):
        revoke(registry, number, actor=editor)
    both = {"id": "b", "kind": "staff", "roles": [{"municipality": "*", "role": "admin"}]}
    for town, one in (("la-marsa", "00" * 10), ("raoued", number)):
        with pytest.raises(UnknownCertificate):
            revoke_certificate(registry, both, (town, one), Withdrawn.MISUSED, Command("k", "x"))
        assert not certificate_state(registry, town, one)["is_revoked"]
    assert revoked_certificates(registry, "raoued")["statement"]["revoked"] == []


def test_an_entry_that_was_undone_earns_nothing(registry: Registry, clock: FrozenClock) -> None:
    """Somebody else's ticket was scanned."""
    check_in(registry, clock, "a")
    wrong = Wrong("main", None, "scan-aaaaaaaa", 0, Mistake.WRONG_PERSON)
    correct_attendance(registry.door, MANAGER, ("la-marsa", "event-1"), wrong, Command("c", "x"))
    go_to(clock, START + timedelta(hours=4))
    with pytest.raises(NotAttended):
        sign(registry, "a")
