"""Managing staff: who may, idempotency, concurrency, what is stored."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from imigr_accounts import handlers
from imigr_accounts.domain import Grant, Staff
from imigr_accounts.errors import EmailTaken, KeyReused, UnknownStaff, WeakPassword
from imigr_accounts.handlers import Desk
from imigr_accounts.ports import Change, Command
from imigr_accounts.storage import AuditTrail
from imigr_kit.errors import Forbidden, Unavailable
from imigr_kit.ids import new_id
from imigr_kit.secret import Secret

from .conftest import EMAIL, PASSWORD, actor

COMMAND = Command("one", "body")


def candidate(email: str = EMAIL, *grants: Grant) -> Staff:
    return Staff(new_id(), email, "Mediator 3, La Marsa", grants or (Grant("la-marsa", "mediator"),), False, 1)


def create(desk: Desk, staff: Staff, command: Command = COMMAND, **changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"actor": actor("la-marsa", "admin"), "municipality": "la-marsa", "password": PASSWORD}
    told |= changes
    return handlers.create_staff(desk, told["actor"], told["municipality"], staff, Secret(told["password"]), command)


def test_a_new_account_is_stored_with_its_event_and_its_audit_row(desk: Desk, mongo_db: Any) -> None:
    """All in one write; the password as argon2id only; the email in no event, no audit row, no receipt."""
    staff = candidate()
    assert create(desk, staff) == {
        "id": staff.id,
        "display": "Mediator 3, La Marsa",
        "roles": [{"municipality": "la-marsa", "role": "mediator"}],
        "disabled": False,
    }
    row = mongo_db["staff"].find_one({"_id": staff.id})
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert [event["type"] for event in row["outbox"]] == ["tn.imigr.accounts.staff.created.v1"]
    assert [(one["actor"], one["action"], one["object"]) for one in mongo_db["audit"].find()] == [
        ("boss", "staff.create", staff.id)
    ]
    elsewhere = str([row["outbox"], list(mongo_db["audit"].find()), list(mongo_db["receipts"].find())])
    assert EMAIL not in elsewhere
    assert PASSWORD not in str(row) + elsewhere


@pytest.mark.parametrize(
    ("who", "grants"),
    [
        (actor("la-marsa", "manager"), (Grant("la-marsa", "mediator"),)),
        (actor("la-marsa", "editor"), (Grant("la-marsa", "editor"),)),
        (actor("raoued", "admin"), (Grant("la-marsa", "mediator"),)),
        (actor("la-marsa", "admin"), (Grant("la-marsa", "mediator"), Grant("raoued", "mediator"))),
        (actor("la-marsa", "admin"), (Grant("*", "admin"),)),
        (actor("*", "manager"), (Grant("la-marsa", "mediator"),)),
    ],
)
def test_only_an_admin_of_all_its_places_makes_an_account(
    desk: Desk, mongo_db: Any, who: dict[str, Any], grants: tuple[Grant, ...]
) -> None:
    """Nobody gives what is not theirs to give; nothing is stored."""
    with pytest.raises(Forbidden):
        create(desk, candidate(EMAIL, *grants), actor=who)
    assert mongo_db["staff"].count_documents({}) == 0
    assert mongo_db["audit"].count_documents({}) == 0


def test_an_admin_of_everywhere_makes_accounts_anywhere(desk: Desk) -> None:
    """Another one for everywhere too."""
    boss = actor("*", "admin")
    assert create(desk, candidate("a@demo.invalid"), actor=boss)["id"]
    everywhere = candidate("b@demo.invalid", Grant("*", "admin"))
    assert create(desk, everywhere, Command("two", "body"), actor=boss, municipality="*")["id"]


def test_the_municipality_of_the_request_is_checked_beside_that_of_the_roles(desk: Desk) -> None:
    """Else a path of one town could be used for another."""
    with pytest.raises(Forbidden):
        create(desk, candidate(), municipality="raoued")


def test_a_weak_password_changes_nothing(desk: Desk, mongo_db: Any) -> None:
    """Refused before anything is written."""
    with pytest.raises(WeakPassword):
        create(desk, candidate(), password="short")
    assert mongo_db["staff"].count_documents({}) == 0


def test_an_email_is_given_once(desk: Desk) -> None:
    """Under another command."""
    create(desk, candidate())
    with pytest.raises(EmailTaken):
        create(desk, candidate(), Command("two", "body"))


def test_the_same_command_again_gives_the_same_answer(desk: Desk, mongo_db: Any) -> None:
    """One account, one event, one audit row; also after the account was disabled."""
    first = create(desk, candidate())
    handlers.disable_staff(desk, actor("la-marsa", "admin"), "la-marsa", first["id"], Command("end", "body"))
    assert create(desk, candidate()) == first
    assert mongo_db["staff"].count_documents({}) == 1
    assert mongo_db["audit"].count_documents({"action": "staff.create"}) == 1


@pytest.mark.parametrize("change", [{"password": "another good password"}, {"command": Command("one", "other body")}])
def test_the_key_of_a_command_serves_no_other(desk: Desk, change: dict[str, Any]) -> None:
    """Another body or another password under the same key is refused."""
    create(desk, candidate())
    with pytest.raises(KeyReused):
        create(desk, candidate(), **change)


def test_the_key_of_one_use_case_serves_no_other(desk: Desk) -> None:
    """Keys are counted together."""
    made = create(desk, candidate())
    with pytest.raises(KeyReused):
        handlers.disable_staff(desk, actor("la-marsa", "admin"), "la-marsa", made["id"], Command("one", "disable"))


def test_the_same_command_at_the_same_time_is_done_once(desk: Desk, mongo_db: Any) -> None:
    """All callers get the one answer, whoever was first."""
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: create(desk, candidate()), range(6)))
    assert len({answer["id"] for answer in answers}) == 1
    assert mongo_db["staff"].count_documents({}) == 1
    assert mongo_db["audit"].count_documents({}) == 1


def test_one_email_wanted_by_many_at_once_is_given_once(desk: Desk, mongo_db: Any) -> None:
    """The others are told that it is taken."""

    def attempt(number: int) -> str:
        try:
            return str(create(desk, candidate(), Command(f"key-{number}", "body"))["id"])
        except EmailTaken:
            return "taken"

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(attempt, range(6)))
    assert sorted(answers)[1:] == ["taken"] * 5
    assert mongo_db["audit"].count_documents({}) == 1


def test_disabling_is_audited_with_its_reason_and_told(
    desk: Desk, add_staff: Callable[..., Staff], admin: dict[str, Any], mongo_db: Any
) -> None:
    """Once, however often it is asked for."""
    staff = add_staff()
    for key in ("one", "one", "two"):
        answer = handlers.disable_staff(desk, admin, "la-marsa", staff.id, Command(key, "body"), "left")
        assert answer["disabled"] is True
    row = mongo_db["staff"].find_one({"_id": staff.id})
    assert [event["sequence"] for event in row["outbox"]] == [1, 2]
    assert [one["reason"] for one in mongo_db["audit"].find({"action": "staff.disable"})] == ["left"]


@pytest.mark.parametrize("who", [actor("la-marsa", "manager"), actor("raoued", "admin")])
def test_only_an_admin_of_the_town_disables(desk: Desk, add_staff: Callable[..., Staff], who: dict[str, Any]) -> None:
    """Nothing changes."""
    staff = add_staff()
    with pytest.raises(Forbidden):
        handlers.disable_staff(desk, who, "la-marsa", staff.id, COMMAND)
    stored = desk.accounts.staff(staff.id)
    assert stored is not None
    assert not stored.disabled


def test_accounts_of_another_town_are_unknown(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """Foreign and absent are alike."""
    foreign = add_staff(place="raoued")
    for staff_id in (foreign.id, "nobody"):
        with pytest.raises(UnknownStaff):
            handlers.disable_staff(desk, actor("la-marsa", "admin"), "la-marsa", staff_id, Command(staff_id, "body"))


def test_the_admin_of_one_town_does_not_disable_who_also_works_elsewhere(desk: Desk) -> None:
    """That takes an admin of both."""
    both = candidate(EMAIL, Grant("la-marsa", "editor"), Grant("raoued", "editor"))
    create(desk, both, actor=actor("*", "admin"))
    with pytest.raises(Forbidden):
        handlers.disable_staff(desk, actor("la-marsa", "admin"), "la-marsa", both.id, Command("end", "body"))


def test_disabling_at_the_same_time_is_told_once(
    desk: Desk, add_staff: Callable[..., Staff], admin: dict[str, Any], mongo_db: Any
) -> None:
    """The version decides; who comes second finds it done."""
    staff = add_staff()

    def end(number: int) -> bool:
        answer = handlers.disable_staff(desk, admin, "la-marsa", staff.id, Command(f"end-{number}", "body"))
        return bool(answer["disabled"])

    with ThreadPoolExecutor(5) as pool:
        assert all(pool.map(end, range(5)))
    assert [event["sequence"] for event in mongo_db["staff"].find_one({"_id": staff.id})["outbox"]] == [1, 2]
    assert mongo_db["audit"].count_documents({"action": "staff.disable"}) == 1


def test_a_change_of_a_stale_version_writes_nothing(desk: Desk, add_staff: Callable[..., Staff], mongo_db: Any) -> None:
    """Neither record nor audit row nor receipt."""
    staff, facts = replace(add_staff(), version=7).disable()
    before = mongo_db["audit"].count_documents({})
    assert desk.accounts.save_staff(staff, change(facts, staff.id)) is False
    assert mongo_db["audit"].count_documents({}) == before
    assert desk.accounts.receipt("key") is None


def change(facts: Any, staff_id: str) -> Change:
    from imigr_accounts.ports import Audit

    return Change(facts, Audit("boss", "staff.disable", staff_id), Command("key", "body"), {})


class Restless:
    """Accounts in which every version is stale."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def save_staff(self, staff: Staff, change: Change) -> bool:
        """Somebody else was quicker."""
        return False


def test_a_record_that_never_holds_still_is_given_up(
    desk: Desk, add_staff: Callable[..., Staff], admin: dict[str, Any]
) -> None:
    """After some turns, with the word when to come back."""
    staff = add_staff()
    restless = replace(desk, accounts=Restless(desk.accounts))
    with pytest.raises(Unavailable) as caught:
        handlers.disable_staff(restless, admin, "la-marsa", staff.id, COMMAND)
    assert caught.value.retry_after == 1


def test_many_changes_at_once_all_come_through(desk: Desk, mongo_db: Any) -> None:
    """The audit head puts them in a row; none is lost."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: create(desk, candidate(f"s{n}@demo.invalid"), Command(f"k{n}", "b")), range(16)))
    assert mongo_db["staff"].count_documents({}) == 16
    assert sorted(row["number"] for row in mongo_db["audit"].find()) == list(range(1, 17))


def test_the_list_is_of_one_town_and_for_its_admin(
    desk: Desk, add_staff: Callable[..., Staff], admin: dict[str, Any]
) -> None:
    """By display; staff of other towns and of all towns are not in it."""
    here, _, _ = add_staff(), add_staff("r@demo.invalid", place="raoued"), add_staff("x@demo.invalid", place="*")
    assert handlers.list_staff(desk, admin, "la-marsa") == [here]
    for who in (actor("la-marsa", "manager"), actor("raoued", "admin")):
        with pytest.raises(Forbidden):
            handlers.list_staff(desk, who, "la-marsa")
    with pytest.raises(Forbidden):
        handlers.list_staff(desk, admin, "*")


def test_another_password_leaves_a_row_in_the_audit(
    desk: Desk, add_staff: Callable[..., Staff], mongo_db: Any, trail: AuditTrail
) -> None:
    """Who gave whom another password; never the password."""
    staff = add_staff()
    handlers.set_password(desk, actor("*", "admin"), staff.email, Secret("another good password"))
    row = mongo_db["audit"].find_one(sort=[("_id", -1)])
    assert (row["actor"], row["action"], row["object"]) == ("boss", "staff.set_password", staff.id)
    assert "another good" not in str(row)
    assert trail.check() is None


def test_a_password_is_set_by_an_admin_for_a_known_account(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """Audited, without a new version, since no event tells it."""
    staff = add_staff()
    with pytest.raises(UnknownStaff):
        handlers.set_password(desk, actor("*", "admin"), "nobody@demo.invalid", Secret(PASSWORD))
    with pytest.raises(WeakPassword):
        handlers.set_password(desk, actor("*", "admin"), EMAIL, Secret("short"))
    with pytest.raises(Forbidden):
        handlers.set_password(desk, actor("raoued", "admin"), EMAIL, Secret(PASSWORD))
    assert handlers.set_password(desk, actor("*", "admin"), EMAIL, Secret(PASSWORD)) == staff.id
    assert desk.accounts.staff(staff.id) == staff
