"""Use cases of accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imigr_accounts.domain import Grant, Machine, Staff, belongs, check_password, normal_email, roles_out
from imigr_accounts.errors import (
    InvalidToken,
    KeyReused,
    UnknownStaff,
    UnknownToken,
)
from imigr_accounts.ports import Accounts, Audit, Change, Command, Passwords, Repeated, Sessions, Signer, Tries
from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.errors import Unavailable
from imigr_kit.ids import NewId
from imigr_kit.secret import Secret

TURNS = 5
"""How often a change is tried on a newer version before the caller is asked to come back."""
TOKEN_PREFIX = "imigr_"  # noqa: S105  # a prefix by which leaked tokens can be found
AUDIENCE = "imigr"

Answer = dict[str, Any]
Actor = Mapping[str, Any]


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    accounts: Accounts
    tries: Tries
    sessions: Sessions
    passwords: Passwords
    signer: Signer
    clock: Clock
    new_id: NewId
    hashed: Callable[[str, str], str]
    """Keyed hash (256 bits in hex) of a text for a purpose."""
    issuer: str
    token_seconds: int


def verify_api_token(desk: Desk, token: Secret[str]) -> Answer:
    """Who a machine is. Raises InvalidToken."""
    machine = desk.accounts.machine_by_hash(desk.hashed("token", token.reveal()))
    if machine is None or machine.revoked:
        raise InvalidToken
    return {"id": machine.id, "kind": "machine", "roles": roles_out(machine.grants)}


def create_staff(
    desk: Desk, actor: Actor, municipality: str, staff: Staff, password: Secret[str], command: Command
) -> Answer:
    """A new account; its creator must be admin wherever it gets a role. Raises EmailTaken, WeakPassword."""
    _require_admin(actor, municipality, staff.grants)
    check_password(password.reveal())
    answer = once(desk, command, lambda slip: _add_staff(desk, actor, staff, password, slip))
    if answer["id"] != staff.id:  # an earlier call's account; the password is not in the body hash
        _, password_hash = desk.accounts.staff_by_email(staff.email) or (None, None)
        if not desk.passwords.verify(password_hash, password.reveal()):
            raise KeyReused
    return answer


def create_staff_without_password(desk: Desk, actor: Actor, staff: Staff, command: Command) -> Answer:
    """An account into which nobody can sign in before it is given a password (see set_password)."""
    _require_admin(actor, staff.grants[0].municipality, staff.grants)
    return once(desk, command, lambda slip: _add_staff(desk, actor, staff, None, slip))


def set_password(desk: Desk, actor: Actor, email: str, password: Secret[str]) -> str:
    """Another password; the account's id. Sessions begun before end. Raises UnknownStaff."""
    check_password(password.reveal())
    staff, _ = desk.accounts.staff_by_email(normal_email(email)) or (None, None)
    if staff is None:
        raise UnknownStaff
    _require_admin(actor, staff.grants[0].municipality, staff.grants)
    audit = Audit(actor["id"], "staff.set_password", staff.id)
    desk.accounts.save_password(staff, desk.passwords.hash(password.reveal()), audit)
    return staff.id


def disable_staff(
    desk: Desk, actor: Actor, municipality: str, staff_id: str, command: Command, reason: str = ""
) -> Answer:
    """No further sign-in, for an account of the municipality. Raises UnknownStaff."""
    require(actor, ("admin",), municipality)

    def work(slip: Command) -> Answer | None:
        staff = desk.accounts.staff(staff_id)
        if staff is None or not belongs(staff.grants, municipality):
            raise UnknownStaff(params={"staff_id": staff_id})
        _require_admin(actor, municipality, staff.grants)
        disabled, facts = staff.disable()
        audit = Audit(actor["id"], "staff.disable", staff_id, reason)
        change = Change(facts, audit, slip, staff_out(disabled))
        return staff_out(disabled) if not facts or desk.accounts.save_staff(disabled, change) else None

    return once(desk, command, work)


def list_staff(desk: Desk, actor: Actor, municipality: str) -> Sequence[Staff]:
    """Accounts with a role in the municipality."""
    require(actor, ("admin",), municipality)
    return desk.accounts.staff_of(municipality)


def create_api_token(
    desk: Desk, actor: Actor, municipality: str, label: str, grants: tuple[Grant, ...], command: Command
) -> Answer:
    """A token for a machine, shown this once, and again to the same command repeated.

    The token follows from the service's key, the machine's id and the command's own key, which is stored
    nowhere: whoever holds database and service key still cannot tell it.
    """
    _require_admin(actor, municipality, grants)

    def token_of(token_id: str) -> str:
        return f"{TOKEN_PREFIX}{desk.hashed('machine', f'{token_id} {command.key}')}"

    def work(slip: Command) -> Answer:
        machine, facts = Machine(desk.new_id(), label, grants, False, 1).created()
        change = Change(facts, Audit(actor["id"], "token.create", machine.id), slip, machine_out(machine))
        desk.accounts.add_machine(machine, desk.hashed("token", token_of(machine.id)), change)
        return machine_out(machine)

    answer = once(desk, command, work)
    return answer | {"token": token_of(answer["id"])}


def revoke_api_token(
    desk: Desk, actor: Actor, municipality: str, token_id: str, command: Command, reason: str = ""
) -> Answer:
    """The token is no longer good. Raises UnknownToken."""
    require(actor, ("admin",), municipality)

    def work(slip: Command) -> Answer | None:
        machine = desk.accounts.machine(token_id)
        if machine is None or not belongs(machine.grants, municipality):
            raise UnknownToken(params={"token_id": token_id})
        _require_admin(actor, municipality, machine.grants)
        revoked, facts = machine.revoke()
        audit = Audit(actor["id"], "token.revoke", token_id, reason)
        change = Change(facts, audit, slip, machine_out(revoked))
        return machine_out(revoked) if not facts or desk.accounts.save_machine(revoked, change) else None

    return once(desk, command, work)


def staff_out(staff: Staff) -> Answer:
    """An account without its email."""
    return {"id": staff.id, "display": staff.display, "roles": roles_out(staff.grants), "disabled": staff.disabled}


def machine_out(machine: Machine) -> Answer:
    """A machine without its token."""
    return {"id": machine.id, "label": machine.label, "roles": roles_out(machine.grants), "revoked": machine.revoked}


def _add_staff(desk: Desk, actor: Actor, staff: Staff, password: Secret[str] | None, slip: Command) -> Answer:
    created, facts = staff.created()
    password_hash = None if password is None else desk.passwords.hash(password.reveal())
    change = Change(facts, Audit(actor["id"], "staff.create", staff.id), slip, staff_out(created))
    desk.accounts.add_staff(created, password_hash, change)
    return staff_out(created)


def once(desk: Desk, command: Command, work: Callable[[Command], Answer | None]) -> Answer:
    """The answer of an earlier call of the same command, or that of ``work``, which says None when the record
    has changed under it. Raises KeyReused."""
    slip = replace(command, key=desk.hashed("command", command.key))
    for _ in range(TURNS):
        earlier = desk.accounts.receipt(slip.key)
        if earlier is not None:
            command.must_be(earlier.body_hash)
            return dict(earlier.answer)
        try:
            answer = work(slip)
        except Repeated:
            continue
        if answer is not None:
            return answer
    raise Unavailable(code="kit.database_unavailable", retry_after=1)


def _require_admin(actor: Actor, municipality: str, grants: Sequence[Grant]) -> None:
    """Admin of the municipality, and wherever else the account has or gets a role."""
    for place in (municipality, *(grant.municipality for grant in grants)):
        require(actor, ("admin",), place)
