"""Use cases of who signs in and stays so: tries and their delays, sessions, passwords and links that set them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from imigr_accounts.devices import device_token, known_device
from imigr_accounts.domain import Staff, check_password, normal_email, roles_out
from imigr_accounts.errors import ResetLinkOver, SessionOver, TooManyTries, UnknownStaff, WrongCredentials
from imigr_accounts.handlers import AUDIENCE, Answer, Desk, once
from imigr_accounts.ports import Audit, Change, Command, Pace, Reset, Session
from imigr_kit.access import require
from imigr_kit.errors import Forbidden
from imigr_kit.secret import Secret

Actor = Mapping[str, Any]

DEVICE = Pace(free=10, most_seconds=300)
"""A device on which this account has signed in before."""
PAIR = Pace(free=5, most_seconds=300)
"""One source at one account."""
ACCOUNT = Pace(free=30, most_seconds=60)
"""All unknown devices together at one account: a crowd of sources is slowed down, its owner waits a minute at most."""
SOURCE = Pace(free=30, most_seconds=60)
"""One source at all accounts: an office where somebody guesses waits a minute at most, known devices not at all."""
RESET_LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class From:
    """Whence somebody asks: the keyed hash of the source, and what the device was given at an earlier sign-in."""

    client_key: str
    device: str | None = None


def login(desk: Desk, email: str, password: Secret[str], client_key: str, device_token: str | None = None) -> Answer:
    """A bearer token. Unknown account, wrong password and disabled account are alike in answer and time.

    Raises WrongCredentials or TooManyTries; when the store of tries is away, its error (fail closed).
    """
    now = desk.clock.now()
    email = normal_email(email)
    counted = dict(_counted(desk, email, From(client_key, device_token), now))
    for name, pace in counted.items():
        _try(desk, name, pace, now)
    staff, password_hash = desk.accounts.staff_by_email(email) or (None, None)
    fits = desk.passwords.verify(password_hash, password.reveal())
    if staff is None or staff.disabled or not fits:
        raise WrongCredentials
    for name in counted:
        (desk.tries.give_back if name.startswith("client:") else desk.tries.clear)(name)
    return signed_in(desk, staff, email, now)


def _counted(desk: Desk, email: str, whence: From, now: datetime) -> Iterator[tuple[str, Pace]]:
    """Against what a try counts, the narrowest first: what is refused there reaches no other."""
    account, source = desk.hashed("email", email), desk.hashed("client", whence.client_key)
    known = known_device(desk.hashed, email, whence.device, now)
    if known is not None:
        yield f"device:{desk.hashed('known', f'{known} {email}')}", DEVICE
        return
    yield f"pair:{desk.hashed('pair', f'{account} {source}')}", PAIR
    yield f"client:{source}", SOURCE
    yield f"account:{account}", ACCOUNT


def _try(desk: Desk, name: str, pace: Pace, now: datetime) -> None:
    seconds = desk.tries.wait(name, pace, now)
    if seconds:
        raise TooManyTries(retry_after=seconds)


def signed_in(desk: Desk, staff: Staff, email: str, now: datetime) -> Answer:
    """A session, and a token that is good as long as it is."""
    expires = now + timedelta(seconds=desk.token_seconds)
    session = Session(desk.new_id(), staff.id, expires)
    claims = {
        "iss": desk.issuer,
        "aud": AUDIENCE,
        "sub": staff.id,
        "roles": roles_out(staff.grants),
        "iat": int(now.timestamp()),
        "exp": int(expires.timestamp()),
        "jti": session.id,
    }
    desk.sessions.begin(session)
    return {
        "token": desk.signer.sign(claims),
        "token_type": "Bearer",
        "expires_at": expires.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "staff": {"id": staff.id, "display": staff.display, "roles": roles_out(staff.grants)},
        "device_token": device_token(desk.hashed, email, desk.new_id(), now),
    }


def check_session(desk: Desk, session_id: str, staff_id: str) -> Answer:
    """Who is signed in, with the roles of this moment. Raises SessionOver when it was ended, for whatever reason."""
    session = desk.sessions.find(session_id, desk.clock.now())
    staff = desk.accounts.staff(staff_id)
    if session is None or staff is None or staff.disabled or session.staff_id != staff_id:
        raise SessionOver
    return {"id": staff.id, "kind": "staff", "roles": roles_out(staff.grants)}


def logout(desk: Desk, actor: Actor, session_id: str) -> Answer:
    """End the session."""
    desk.sessions.end(session_id, actor["id"])
    return {"signed_out": True}


def change_password(desk: Desk, actor: Actor, session_id: str, old: Secret[str], new: Secret[str]) -> Answer:
    """One's own; other sessions end. Whoever holds a session may guess the old one as slowly as at a sign-in.

    Raises WrongCredentials, TooManyTries, WeakPassword.
    """
    if actor["kind"] != "staff":
        raise Forbidden(code="kit.forbidden")
    check_password(new.reveal())
    name = f"own:{desk.hashed('own', actor['id'])}"
    _try(desk, name, PAIR, desk.clock.now())
    staff, password_hash = desk.accounts.password_of(actor["id"]) or (None, None)
    if not desk.passwords.verify(password_hash, old.reveal()) or staff is None or staff.disabled:
        raise WrongCredentials
    audit = Audit(actor["id"], "staff.change_password", staff.id)
    desk.accounts.save_password(staff, desk.passwords.hash(new.reveal()), audit, keep=session_id)
    desk.tries.clear(name)
    return {"changed": True}


def begin_reset(desk: Desk, actor: Actor, municipality: str, staff_id: str, command: Command) -> Answer:
    """A link by which the account's password is set once within RESET_LASTS, for the manager to hand over; shown this
    once, and again to the same command repeated. It takes the place of an earlier one.

    A manager reaches staff of this municipality only, and no administrator; a machine makes none. Raises UnknownStaff,
    NotAllowed.
    """
    require(actor, ("manager", "admin"), municipality)
    if actor["kind"] != "staff":
        raise Forbidden(code="kit.forbidden")

    def token_of(ends_at: str) -> str:
        return desk.hashed("reset", f"{staff_id} {ends_at} {command.key}")

    def work(slip: Command) -> Answer:
        staff = desk.accounts.staff(staff_id)
        if staff is None or staff.disabled or not any(one.municipality == municipality for one in staff.grants):
            raise UnknownStaff(params={"staff_id": staff_id})
        for grant in staff.grants:
            require(actor, ("admin",) if grant.role == "admin" else ("manager", "admin"), grant.municipality)
        ends_at = desk.clock.now().replace(microsecond=0) + RESET_LASTS
        answer = {"staff_id": staff_id, "expires_at": ends_at.isoformat().replace("+00:00", "Z")}
        reset = Reset(desk.hashed("reset-link", token_of(answer["expires_at"])), staff_id, ends_at)
        desk.accounts.add_reset(reset, Change((), Audit(actor["id"], "staff.begin_reset", staff_id), slip, answer))
        return answer

    answer = once(desk, command, work)
    return answer | {"reset_token": token_of(answer["expires_at"])}


def reset_password(desk: Desk, reset_token: Secret[str], password: Secret[str], client_key: str) -> Answer:
    """Set a password by a link. Raises WeakPassword, TooManyTries, ResetLinkOver (unknown, used, too old alike)."""
    now = desk.clock.now()
    check_password(password.reveal())
    name = f"client:{desk.hashed('client', client_key)}"
    _try(desk, name, SOURCE, now)
    reset_hash = desk.hashed("reset-link", reset_token.reveal())
    password_hash = desk.passwords.hash(password.reveal())
    if not desk.accounts.use_reset(
        reset_hash, password_hash, now, lambda staff_id: Audit(staff_id, "staff.reset_password", staff_id)
    ):
        raise ResetLinkOver
    desk.tries.give_back(name)
    return {"changed": True}
