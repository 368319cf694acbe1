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
from imigr_accounts.handlers import MOST_TRIES_ACCOUNT, MOST_TRIES_CLIENT, Desk, login
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


@pytest.mark.parametrize("email", [EMAIL, "nobody@demo.invalid"])
def test_too_many_tries_close_the_account_known_or_not(
    desk: Desk, add_staff: Callable[..., Staff], clock: FrozenClock, email: str
) -> None:
    """From any client, the right password included, until the window is over."""
    add_staff()
    for number in range(MOST_TRIES_ACCOUNT):
        with pytest.raises(WrongCredentials):
            login(desk, email, WRONG, f"client-{number}")
    with pytest.raises(TooManyTries) as caught:
        login(desk, email, RIGHT, "another client")
    assert caught.value.retry_after == 15 * 60
    clock.advance(minutes=15, seconds=1)
    with pytest.raises(WrongCredentials):
        login(desk, email, WRONG, "client")


def test_a_closed_account_is_refused_without_slow_work(desk: Desk) -> None:
    """So a flood of tries costs little."""
    counting = CountingPasswords()
    desk = replace(desk, passwords=counting)
    for _ in range(MOST_TRIES_ACCOUNT + 5):
        with pytest.raises((WrongCredentials, TooManyTries)):
            login(desk, EMAIL, WRONG, "client")
    assert len(counting.asked) == MOST_TRIES_ACCOUNT


def test_too_many_tries_close_the_client_and_no_further_account(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """A closed client cannot go on to close the accounts of others."""
    desk = replace(desk, passwords=CountingPasswords())
    add_staff()
    for number in range(MOST_TRIES_CLIENT):
        with pytest.raises(WrongCredentials):
            login(desk, f"nobody-{number}@demo.invalid", WRONG, "client")
    for _ in range(MOST_TRIES_ACCOUNT + 1):
        with pytest.raises(TooManyTries):
            login(desk, EMAIL, WRONG, "client")
    assert login(desk, EMAIL, RIGHT, "another client")["token_type"] == "Bearer"


def test_good_sign_ins_do_not_count(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """An office behind one address signs in as often as it likes; a success forgives the failures of its account."""
    desk = replace(desk, passwords=CountingPasswords())
    add_staff()
    for _ in range(MOST_TRIES_ACCOUNT - 1):
        with pytest.raises(WrongCredentials):
            login(desk, EMAIL, WRONG, "elsewhere")
    for _ in range(MOST_TRIES_CLIENT + 5):
        login(desk, EMAIL, RIGHT, "client")
    with pytest.raises(WrongCredentials):
        login(desk, EMAIL, WRONG, "client")


def test_ones_own_success_does_not_pay_for_guesses_at_others(desk: Desk, add_staff: Callable[..., Staff]) -> None:
    """Whoever has an account and guesses at others in between is stopped all the same."""
    desk = replace(desk, passwords=CountingPasswords())
    add_staff("own@demo.invalid")
    for number in range(MOST_TRIES_CLIENT - 1):
        with pytest.raises(WrongCredentials):
            login(desk, f"other-{number}@demo.invalid", WRONG, "client")
        login(desk, "own@demo.invalid", RIGHT, "client")
    with pytest.raises(WrongCredentials):
        login(desk, "other@demo.invalid", WRONG, "client")
    with pytest.raises(TooManyTries):
        login(desk, "own@demo.invalid", RIGHT, "client")


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
    assert mongo_db["tries"].count_documents({}) == 2


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
