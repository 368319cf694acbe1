"""Signing in: the token, refusals that are all alike, the throttle."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from pymongo import MongoClient

from imigr_accounts import handlers
from imigr_accounts.crypto import Argon2
from imigr_accounts.domain import Staff
from imigr_accounts.errors import TooManyTries, WrongCredentials
from imigr_accounts.handlers import Desk
from imigr_accounts.handlers.signing_in import ACCOUNT, PAIR, SOURCE, login
from imigr_accounts.ports import Command
from imigr_accounts.storage import MongoTries
from imigr_kit.errors import Unavailable
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

from .conftest import EMAIL, PASSWORD, actor

RIGHT = Secret(PASSWORD)
WRONG = Secret("not the right one")


class CountingPasswords:
    """Says how often it was asked; a password fits when it is PASSWORD and there is a hash."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def hash(self, password: str) -> str:
        """No work."""
        return "hash"

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Remembers whether there was a hash."""
        self.asked.append(password_hash is not None)
        return password_hash is not None and password == PASSWORD


def test_the_token_says_who_where_and_until_when(
    desk: Desk, add_staff: Callable[..., Staff], public_pem: str, clock: FrozenClock
) -> None:
    """Signed with Ed25519 for a quarter of an hour, with id and roles; no email, no display."""
    staff = add_staff()
    answer = login(desk, EMAIL.upper(), RIGHT, "client")
    options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(answer["token"], public_pem, ["EdDSA"], audience="imigr", options=options)  # type: ignore[arg-type]  # a plain dict of options
    assert claims | {"jti": ""} == {
        "iss": "/test/accounts",
        "aud": "imigr",
        "sub": staff.id,
        "roles": [{"municipality": "la-marsa", "role": "mediator"}],
        "iat": int(clock.now().timestamp()),
        "exp": int(clock.now().timestamp()) + 900,
        "jti": "",
    }
    assert answer["token_type"] == "Bearer"
    assert datetime.fromisoformat(answer["expires_at"]) == clock.now() + timedelta(minutes=15)
    assert answer["expires_at"].endswith("Z")
    assert answer["staff"] == {"id": staff.id, "display": staff.display, "roles": claims["roles"]}


def test_two_tokens_are_two(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """Each has its own id."""
    add_staff()
    assert login(desk, EMAIL, RIGHT, "client")["token"] != login(desk, EMAIL, RIGHT, "client")["token"]


def test_unknown_wrong_disabled_and_without_password_are_alike(
    desk: Desk, add_staff: Callable[..., Staff], admin: dict[str, Any]
) -> None:
    """The same error without fields, after exactly one slow verification each."""
    counting = CountingPasswords()
    desk = replace(desk, passwords=counting)
    add_staff()
    disabled = add_staff("disabled@demo.invalid")
    handlers.disable_staff(desk, admin, "la-marsa", disabled.id, Command("disable", "body"))
    bare = replace(disabled, id="bare", email="bare@demo.invalid")
    handlers.create_staff_without_password(desk, admin, bare, Command("bare", "body"))
    told = []
    for email, password in (
        ("nobody@demo.invalid", RIGHT), (EMAIL, WRONG), ("disabled@demo.invalid", RIGHT), ("bare@demo.invalid", RIGHT),
    ):  # fmt: skip
        with pytest.raises(WrongCredentials) as caught:
            login(desk, email, password, "client")
        told.append((caught.value.code, caught.value.fields, caught.value.params, caught.value.retry_after))
    assert len(set(map(str, told))) == 1
    assert counting.asked == [False, True, True, False]


def test_an_account_that_does_not_exist_takes_as_long_to_refuse() -> None:
    """The median of some verifications without a hash lies within a factor of two of that with one."""
    passwords = Argon2()
    stored = passwords.hash(PASSWORD)
    unknown, wrong = [], []
    for _ in range(9):
        unknown.append(_seconds(lambda: passwords.verify(None, PASSWORD)))
        wrong.append(_seconds(lambda: passwords.verify(stored, "not the right one")))
    assert 0.5 < statistics.median(unknown) / statistics.median(wrong) < 2


def _seconds(work: Callable[[], bool]) -> float:
    started = time.perf_counter()
    assert work() is False
    return time.perf_counter() - started


def fail(desk: Desk, email: str, client: str, device: str | None = None) -> int:
    """Try a wrong password; how long one is told to wait, 0 when the password was looked at."""
    with pytest.raises((WrongCredentials, TooManyTries)) as caught:
        login(desk, email, WRONG, client, device)
    return int(caught.value.retry_after or 0)


@pytest.mark.parametrize("email", [EMAIL, "nobody@demo.invalid"])
def test_failures_of_one_source_at_one_account_wait_longer_each_time(
    desk: Desk, add_staff: Callable[..., Staff], clock: FrozenClock, email: str
) -> None:
    """Known or not; what comes too early is neither counted nor looked at, so it makes no wait longer."""
    add_staff()
    counting = CountingPasswords()
    desk = replace(desk, passwords=counting)
    assert [fail(desk, email, "client") for _ in range(PAIR.free)] == [0] * PAIR.free
    waits = []
    for _ in range(4):
        waits += [fail(desk, email, "client"), fail(desk, email, "client")]
        clock.advance(seconds=waits[-1])
        assert fail(desk, email, "client") == 0
    assert waits == [1, 1, 2, 2, 4, 4, 8, 8]
    assert len(counting.asked) == PAIR.free + 4


def test_sixty_wrong_passwords_shut_nobody_else_out(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """The owner signs in elsewhere at once, and on a known device even from the address of whoever guesses."""
    add_staff()
    device = login(desk, EMAIL, RIGHT, "home")["device_token"]
    for _ in range(60):
        fail(desk, EMAIL, "angry")
    assert login(desk, EMAIL, RIGHT, "elsewhere")["token"]
    assert login(desk, EMAIL, RIGHT, "angry", device)["token"]
    with pytest.raises(TooManyTries):
        login(desk, EMAIL, RIGHT, "angry")


def test_a_crowd_of_sources_makes_the_owner_wait_a_minute_at_most(
    desk: Desk, add_staff: Callable[..., Staff], clock: FrozenClock
) -> None:
    """On a device that is not known; on a known one not at all."""
    add_staff()
    desk = replace(desk, passwords=CountingPasswords())
    device = login(desk, EMAIL, RIGHT, "home")["device_token"]
    longest = 0
    for number in range(200):
        longest = max(longest, fail(desk, EMAIL, f"bot-{number}"))
        if number > ACCOUNT.free:
            clock.advance(seconds=5)
    assert 30 < longest <= ACCOUNT.most_seconds
    assert login(desk, EMAIL, RIGHT, "home", device)["token"]
    clock.advance(seconds=ACCOUNT.most_seconds)
    assert login(desk, EMAIL, RIGHT, "elsewhere")["token"]


def test_who_guesses_at_many_accounts_leaves_room_for_others_behind_the_address(
    desk: Desk, add_staff: Callable[..., Staff], clock: FrozenClock
) -> None:
    """They wait a minute at most, known devices not at all, and other addresses do not notice."""
    add_staff()
    desk = replace(desk, passwords=CountingPasswords())
    device = login(desk, EMAIL, RIGHT, "office")["device_token"]
    for number in range(100):
        wait = fail(desk, f"nobody-{number}@demo.invalid", "office")
        assert wait <= SOURCE.most_seconds
    assert login(desk, EMAIL, RIGHT, "office", device)["token"]
    assert login(desk, EMAIL, RIGHT, "another")["token"]
    clock.advance(seconds=SOURCE.most_seconds)
    assert login(desk, EMAIL, RIGHT, "office")["token"]


def test_a_known_device_waits_for_its_own_failures(
    desk: Desk, add_staff: Callable[..., Staff], clock: FrozenClock
) -> None:
    """Else a stolen token would be a way to guess without end; and it serves one account, for half a year."""
    add_staff()
    desk = replace(desk, passwords=CountingPasswords())
    device = login(desk, EMAIL, RIGHT, "home")["device_token"]
    assert max(fail(desk, EMAIL, f"a-{number}", device) for number in range(20)) > 0
    other = add_staff("other@demo.invalid").email
    for _ in range(PAIR.free):
        assert fail(desk, other, "here", device) == 0
    assert fail(desk, other, "here", device) > 0
    clock.advance(days=181)
    for nonsense in (device, "", ".", "a.b.c", device + "0", "\u0661" + device):
        for _ in range(PAIR.free + 1):
            wait = fail(desk, EMAIL, f"there {nonsense}", nonsense)
        assert wait > 0


def test_good_sign_ins_do_not_count(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """An office behind one address signs in as often as it likes."""
    desk = replace(desk, passwords=CountingPasswords())
    add_staff()
    for _ in range(SOURCE.free + 10):
        assert login(desk, EMAIL, RIGHT, "client")["token"]


def test_ones_own_success_does_not_pay_for_guesses_at_others(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """Whoever has an account and guesses at others in between is slowed down all the same."""
    desk = replace(desk, passwords=CountingPasswords())
    add_staff("own@demo.invalid")
    for number in range(SOURCE.free - 1):
        assert fail(desk, f"other-{number}@demo.invalid", "client") == 0
        login(desk, "own@demo.invalid", RIGHT, "client")
    assert fail(desk, "other@demo.invalid", "client") == 0
    assert fail(desk, "another@demo.invalid", "client") > 0


def test_without_the_database_nobody_signs_in(desk: Desk) -> None:
    """Fail closed: the throttle cannot be passed by taking its store away, and no password is looked at."""
    counting = CountingPasswords()
    away: MongoClient[dict[str, Any]] = MongoClient("127.0.0.1", 9, serverSelectionTimeoutMS=100)
    desk = replace(desk, tries=MongoTries(away["away"]), passwords=counting)
    with pytest.raises(Unavailable) as caught:
        login(desk, EMAIL, RIGHT, "client")
    assert caught.value.retry_after
    assert counting.asked == []
    away.close()


def test_neither_email_nor_client_is_stored_with_the_counters(desk: Desk, mongo_db: Any) -> None:
    """Only keyed hashes."""
    with pytest.raises(WrongCredentials):
        login(desk, "nobody@demo.invalid", WRONG, "the client")
    stored = str(list(mongo_db["tries"].find()))
    assert "nobody" not in stored
    assert "the client" not in stored
    assert mongo_db["tries"].count_documents({}) == 3


def test_another_password_takes_effect_at_once(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """The old one is wrong from then on."""
    add_staff()
    handlers.set_password(desk, actor("la-marsa", "admin"), EMAIL, Secret("another good password"))
    with pytest.raises(WrongCredentials):
        login(desk, EMAIL, RIGHT, "client")
    assert login(desk, EMAIL, Secret("another good password"), "client")["token"]


def test_one_letter_written_in_two_ways_is_one_password(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """é as one code point or as e with an accent: keyboards differ."""
    add_staff(password="cl\u00e9 de la mairie")
    assert login(desk, EMAIL, Secret("cle\u0301 de la mairie"), "client")["token"]
