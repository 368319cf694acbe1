"""What ends a session, one's own password, and the link that sets one once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from imigr_accounts import handlers
from imigr_accounts.domain import Staff
from imigr_accounts.errors import (
    KeyReused,
    ResetLinkOver,
    SessionOver,
    TooManyTries,
    UnknownStaff,
    WeakPassword,
    WrongCredentials,
)
from imigr_accounts.handlers import Desk
from imigr_accounts.handlers.signing_in import (
    PAIR,
    begin_reset,
    change_password,
    check_session,
    login,
    logout,
    reset_password,
)
from imigr_accounts.ports import Command
from imigr_accounts.storage import AuditTrail
from imigr_kit.errors import Forbidden
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

from .conftest import EMAIL, PASSWORD, actor

RIGHT, OTHER = Secret(PASSWORD), Secret("another good password")


def session_of(desk: Desk, password: Secret[str] = RIGHT, email: str = EMAIL) -> str:
    """Sign in; the id of the session."""
    token = login(desk, email, password, "client")["token"]
    return str(jwt.decode(token, options={"verify_signature": False})["jti"])


def itself(staff: Staff) -> dict[str, Any]:
    """The account as an actor."""
    return actor("la-marsa", "mediator", staff.id)


def is_over(desk: Desk, session_id: str, staff: Staff) -> bool:
    """Whether the gateway would be told that it is over."""
    try:
        check_session(desk, session_id, staff.id)
    except SessionOver:
        return True
    return False


def test_a_session_has_the_roles_of_this_moment(desk: Desk, add_staff: Callable[..., Staff], mongo_db: Any) -> None:
    """Not those that its token was signed with: a role that is taken away is gone."""
    staff = add_staff()
    session = session_of(desk)
    assert check_session(desk, session, staff.id)["roles"] == [{"municipality": "la-marsa", "role": "mediator"}]
    mongo_db["staff"].update_one({"_id": staff.id}, {"$set": {"grants": []}})
    assert check_session(desk, session, staff.id)["roles"] == []


def test_signing_out_ends_this_session_only(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """And nobody ends the session of another."""
    staff, other = add_staff(), add_staff("other@demo.invalid")
    one, two = session_of(desk), session_of(desk)
    logout(desk, itself(other), two)
    assert not is_over(desk, two, staff)
    logout(desk, itself(staff), one)
    assert [is_over(desk, one, staff), is_over(desk, two, staff)] == [True, False]


def test_a_session_is_that_of_its_account_and_ends_in_time(
    desk: Desk, add_staff: Callable[..., Staff], clock: FrozenClock
) -> None:
    """Another id beside it opens nothing."""
    staff, other = add_staff(), add_staff("other@demo.invalid")
    session = session_of(desk)
    assert is_over(desk, session, other)
    assert is_over(desk, "unknown", staff)
    clock.advance(seconds=desk.token_seconds)
    assert is_over(desk, session, staff)


def test_a_disabled_account_has_no_session(desk: Desk, add_staff: Callable[..., Staff], admin: dict[str, Any]) -> None:
    """From the next question on."""
    staff = add_staff()
    session = session_of(desk)
    handlers.disable_staff(desk, admin, "la-marsa", staff.id, Command("disable", "body"))
    assert is_over(desk, session, staff)


def test_staff_change_their_own_password_and_stay_signed_in_here_only(
    desk: Desk, add_staff: Callable[..., Staff], mongo_db: Any, trail: AuditTrail
) -> None:
    """The row of the audit trail is theirs; the chain holds."""
    staff = add_staff()
    here, elsewhere = session_of(desk), session_of(desk)
    assert change_password(desk, itself(staff), here, RIGHT, OTHER) == {"changed": True}
    assert [is_over(desk, here, staff), is_over(desk, elsewhere, staff)] == [False, True]
    with pytest.raises(WrongCredentials):
        login(desk, EMAIL, RIGHT, "client")
    session_of(desk, OTHER)
    row = mongo_db["audit"].find_one({"action": "staff.change_password"})
    assert (row["actor"], row["object"]) == (staff.id, staff.id)
    assert trail.check() is None


def test_a_stolen_session_does_not_change_the_password(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """The old one is needed, guesses are slowed down, a weak new one is refused, a machine has none."""
    staff = add_staff()
    here = session_of(desk)
    with pytest.raises(WeakPassword):
        change_password(desk, itself(staff), here, RIGHT, Secret("short"))
    for error in [WrongCredentials] * PAIR.free + [TooManyTries]:
        with pytest.raises(error):
            change_password(desk, itself(staff), here, Secret("a guess"), OTHER)
    with pytest.raises(Forbidden):
        change_password(desk, itself(staff) | {"kind": "machine"}, here, RIGHT, OTHER)
    assert not is_over(desk, here, staff)


def reset(desk: Desk, role: str, staff: Staff, key: str = "reset", town: str = "la-marsa") -> Secret[str]:
    """Somebody with a role in a town makes a link."""
    return Secret(begin_reset(desk, actor(town, role), town, staff.id, Command(key, "body"))["reset_token"])


def test_a_link_sets_a_password_once(desk: Desk, add_staff: Callable[..., Staff], mongo_db: Any) -> None:
    """Sessions end, both steps are in the audit trail, and the database does not hold the link."""
    staff = add_staff()
    session = session_of(desk)
    link = reset(desk, "manager", staff)
    assert reset(desk, "manager", staff).reveal() == link.reveal()
    assert link.reveal() not in str([list(mongo_db[name].find()) for name in mongo_db.list_collection_names()])
    assert reset_password(desk, link, OTHER, "client") == {"changed": True}
    assert is_over(desk, session, staff)
    session_of(desk, OTHER)
    reset(desk, "manager", staff)
    for again in (link, Secret("unknown")):
        with pytest.raises(ResetLinkOver):
            reset_password(desk, again, Secret("a third good password"), "client")
    rows = [row["action"] for row in mongo_db["audit"].find().sort("_id", 1)]
    assert rows == ["staff.create", "staff.begin_reset", "staff.reset_password"]


def test_a_link_lives_for_an_hour_and_gives_way_to_the_next(
    desk: Desk, add_staff: Callable[..., Staff], clock: FrozenClock, admin: dict[str, Any]
) -> None:
    """A weak password does not use it up; a disabled account has none."""
    staff = add_staff()
    first, second = reset(desk, "manager", staff, "one"), reset(desk, "manager", staff, "two")
    with pytest.raises(WeakPassword):
        reset_password(desk, second, Secret("short"), "client")
    with pytest.raises(ResetLinkOver):
        reset_password(desk, first, OTHER, "client")
    clock.advance(minutes=60)
    with pytest.raises(ResetLinkOver):
        reset_password(desk, second, OTHER, "client")
    third = reset(desk, "manager", staff, "three")
    handlers.disable_staff(desk, admin, "la-marsa", staff.id, Command("disable", "body"))
    with pytest.raises(ResetLinkOver):
        reset_password(desk, third, OTHER, "client")
    with pytest.raises(UnknownStaff):
        reset(desk, "manager", staff, "four")


def test_a_manager_takes_over_neither_an_administrator_nor_staff_elsewhere(
    desk: Desk, add_staff: Callable[..., Staff], mongo_db: Any
) -> None:
    """Nor anybody who has a role elsewhere or everywhere too; a mediator makes no links at all."""
    staff, chief = add_staff(), add_staff("chief@demo.invalid", role="admin")
    foreign = add_staff("foreign@demo.invalid", place="raoued")
    with pytest.raises(Forbidden):
        reset(desk, "manager", chief)
    with pytest.raises(UnknownStaff):
        reset(desk, "manager", foreign)
    with pytest.raises(Forbidden):
        reset(desk, "mediator", staff)
    for place in ("raoued", "*"):
        grants = [{"municipality": "la-marsa", "role": "mediator"}, {"municipality": place, "role": "mediator"}]
        mongo_db["staff"].update_one({"_id": staff.id}, {"$set": {"grants": grants}})
        with pytest.raises(Forbidden):
            reset(desk, "manager", staff, f"to {place}")
    machine = actor("la-marsa", "manager") | {"kind": "machine"}
    with pytest.raises(Forbidden):
        begin_reset(desk, machine, "la-marsa", staff.id, Command("by a machine", "body"))
    assert reset(desk, "admin", chief).reveal()
    with pytest.raises(KeyReused):
        begin_reset(desk, actor("la-marsa", "admin"), "la-marsa", chief.id, Command("reset", "another body"))
