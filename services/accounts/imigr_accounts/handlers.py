"""Use cases of accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from imigr_accounts.domain import Grant, Machine, Staff, belongs, check_password, roles_out
from imigr_accounts.errors import (
    InvalidToken,
    KeyReused,
    TooManyTries,
    UnknownStaff,
    UnknownToken,
    WrongCredentials,
)
from imigr_accounts.ports import Accounts, Audit, Command, Passwords, Signer, Tries
from imigr_kit.access import allows, require
from imigr_kit.clock import Clock
from imigr_kit.errors import Forbidden
from imigr_kit.ids import NewId
from imigr_kit.secret import Secret

MOST_TRIES_ACCOUNT = 10
MOST_TRIES_CLIENT = 60
TOKEN_PREFIX = "imigr_"  # noqa: S105  # a prefix by which leaked tokens can be found


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    accounts: Accounts
    tries: Tries
    passwords: Passwords
    signer: Signer
    clock: Clock
    new_id: NewId
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""
    machine_token: Callable[[str], str]
    """The token of an idempotency key: 256 bits that follow from it, so a retry shows the same one."""
    issuer: str
    token_seconds: int


def login(desk: Desk, email: str, password: Secret[str], client_key: str) -> dict[str, Any]:
    """A bearer token. Unknown account, wrong password and disabled account are alike in answer and time.

    Raises WrongCredentials or TooManyTries; when the store of tries is away, its error (fail closed).
    """
    now = desk.clock.now()
    account_name = f"account:{desk.hashed('email', email.strip().lower())}"
    for name, most in ((account_name, MOST_TRIES_ACCOUNT), (f"client:{client_key}", MOST_TRIES_CLIENT)):
        tried, until = desk.tries.count(name, now)
        if tried > most:
            raise TooManyTries(retry_after=max(1, int((until - now).total_seconds())))
    found = desk.accounts.staff_by_email(email.strip().lower())
    if found is None:
        desk.passwords.waste(password.reveal())
        raise WrongCredentials
    staff, password_hash = found
    if not desk.passwords.verify(password_hash, password.reveal()) or staff.disabled:
        raise WrongCredentials
    desk.tries.clear(account_name)
    expires = now + timedelta(seconds=desk.token_seconds)
    claims = {
        "iss": desk.issuer,
        "aud": "imigr",
        "sub": staff.id,
        "roles": roles_out(staff.grants),
        "iat": int(now.timestamp()),
        "exp": int(expires.timestamp()),
        "jti": desk.new_id(),
    }
    return {
        "token": desk.signer.sign(claims),
        "token_type": "Bearer",
        "expires_at": expires.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "staff": staff_out(staff),
    }


def verify_api_token(desk: Desk, token: Secret[str]) -> dict[str, Any]:
    """Who a machine is. Raises InvalidToken."""
    machine = desk.accounts.machine_by_hash(desk.hashed("token", token.reveal()))
    if machine is None or machine.revoked:
        raise InvalidToken
    return {"id": machine.id, "kind": "machine", "roles": roles_out(machine.grants)}


def create_staff(
    desk: Desk, actor: Mapping[str, Any], staff: Staff, password: Secret[str], command: Command
) -> dict[str, Any]:
    """A new account; its creator must be admin wherever it gets a role."""
    _may_grant(actor, staff.grants)
    check_password(password.reveal())
    earlier = desk.accounts.staff_by_command(command.key)
    if earlier is None:
        created, facts = staff.created()
        audit = Audit(actor["id"], "staff.create", staff.id)
        desk.accounts.add_staff(created, desk.passwords.hash(password.reveal()), facts, command, audit)
        return staff_out(created)
    if earlier[1] != command.body_hash:
        raise KeyReused
    return staff_out(earlier[0])


def disable_staff(desk: Desk, actor: Mapping[str, Any], municipality: str, staff_id: str) -> dict[str, Any]:
    """No further sign-in, for an account of the municipality."""
    require(actor, ("admin",), municipality)
    staff = desk.accounts.staff(staff_id)
    if staff is None or not belongs(staff.grants, municipality):
        raise UnknownStaff(params={"staff_id": staff_id})
    _may_grant(actor, staff.grants)
    disabled, facts = staff.disable()
    if facts:
        desk.accounts.save_staff(disabled, facts, Audit(actor["id"], "staff.disable", staff_id))
    return staff_out(disabled)


def list_staff(desk: Desk, actor: Mapping[str, Any], municipality: str) -> Sequence[Staff]:
    """Accounts with a role in the municipality."""
    require(actor, ("admin",), municipality)
    return desk.accounts.staff_of(municipality)


def create_api_token(
    desk: Desk, actor: Mapping[str, Any], label: str, grants: tuple[Grant, ...], command: Command
) -> dict[str, Any]:
    """A token for a machine, shown this once (and again to a repeated command)."""
    _may_grant(actor, grants)
    token = desk.machine_token(command.key)
    earlier = desk.accounts.machine_by_command(command.key)
    if earlier is not None:
        if earlier[1] != command.body_hash:
            raise KeyReused
        return machine_out(earlier[0]) | {"token": token}
    machine, facts = Machine(desk.new_id(), label, grants, False, 1).created()
    audit = Audit(actor["id"], "token.create", machine.id)
    desk.accounts.add_machine(machine, desk.hashed("token", token), facts, command, audit)
    return machine_out(machine) | {"token": token}


def revoke_api_token(desk: Desk, actor: Mapping[str, Any], municipality: str, token_id: str) -> dict[str, Any]:
    """The token is no longer good."""
    require(actor, ("admin",), municipality)
    machine = desk.accounts.machine(token_id)
    if machine is None or not belongs(machine.grants, municipality):
        raise UnknownToken(params={"token_id": token_id})
    revoked, facts = machine.revoke()
    if facts:
        desk.accounts.save_machine(revoked, facts, Audit(actor["id"], "token.revoke", token_id))
    return machine_out(revoked)


def staff_out(staff: Staff) -> dict[str, Any]:
    """An account without its email."""
    return {"id": staff.id, "display": staff.display, "roles": roles_out(staff.grants), "disabled": staff.disabled}


def machine_out(machine: Machine) -> dict[str, Any]:
    """A machine without its token."""
    return {"id": machine.id, "label": machine.label, "roles": roles_out(machine.grants), "revoked": machine.revoked}


def _may_grant(actor: Mapping[str, Any], grants: Sequence[Grant]) -> None:
    for grant in grants:
        if not allows(actor, ("admin",), grant.municipality):
            raise NotYourMunicipality(params={"municipality": grant.municipality})


class NotYourMunicipality(Forbidden):
    """The actor is no admin where the account has or would get a role."""

    code = "kit.forbidden"
