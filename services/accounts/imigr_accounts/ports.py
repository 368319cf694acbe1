"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_accounts.domain import Machine, Staff
from imigr_kit.commands import Command as Command
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Receipt:
    """What an earlier command was and answered; no token and no password is in the answer."""

    body_hash: str
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Audit:
    """One row of the audit trail: who did what to which object, and why (a code of domain.REASONS, or nothing)."""

    actor: str
    action: str
    object: str
    reason: str = ""


@dataclass(frozen=True)
class Change:
    """What is written together with a record, or not at all: its facts, its audit row, the command's receipt."""

    facts: Sequence[Fact]
    audit: Audit
    command: Command
    answer: Mapping[str, Any]


class Repeated(Exception):
    """The same command was stored by another call a moment ago; its receipt is there now."""


class Accounts(Protocol):
    """Staff and machines. Every change is one transaction: record, outbox, audit row, receipt."""

    def receipt(self, key: str) -> Receipt | None:
        """Of an earlier command with this key; kept for a week."""
        ...

    def add_staff(self, staff: Staff, password_hash: str | None, change: Change) -> None:
        """Without a hash nobody can sign in yet. Raises EmailTaken or Repeated."""
        ...

    def add_machine(self, machine: Machine, token_hash: str, change: Change) -> None:
        """Store a machine with its token's hash. Raises Repeated."""
        ...

    def staff(self, staff_id: str) -> Staff | None:
        """One account."""
        ...

    def machine(self, token_id: str) -> Machine | None:
        """One machine."""
        ...

    def staff_by_email(self, email: str) -> tuple[Staff, str | None] | None:
        """The account and its password hash."""
        ...

    def machine_by_hash(self, token_hash: str) -> Machine | None:
        """The machine whose token has this hash."""
        ...

    def staff_of(self, municipality: str) -> Sequence[Staff]:
        """Accounts with a role there, by display."""
        ...

    def machines_of(self, municipality: str) -> Sequence[Machine]:
        """Machines with a role there, by label."""
        ...

    def save_staff(self, staff: Staff, change: Change) -> bool:
        """Replace if the version before is the stored one; False (nothing written) if it is not. Raises Repeated."""
        ...

    def save_machine(self, machine: Machine, change: Change) -> bool:
        """Likewise."""
        ...

    def save_password(self, staff: Staff, password_hash: str, audit: Audit, keep: str | None = None) -> None:
        """Another hash for the same account; its sessions end with the same write, but for the one to keep."""
        ...

    def password_of(self, staff_id: str) -> tuple[Staff, str | None] | None:
        """The account and its password hash."""
        ...

    def add_reset(self, reset: Reset, change: Change) -> None:
        """In place of any other of the account. Raises Repeated."""
        ...

    def use_reset(self, reset_hash: str, password_hash: str, now: datetime, audit_of: Callable[[str], Audit]) -> bool:
        """Set the password and use the link up, in one write, with the audit row for the account's id; its sessions
        end. False (nothing written) when there is no such link, it is over, or its account is disabled."""
        ...


@dataclass(frozen=True)
class Pace:
    """How fast one may try: ``free`` tries at once, then 1, 2, 4 seconds and so on up to ``most_seconds``."""

    free: int
    most_seconds: int


class Tries(Protocol):
    """Slows sign-ins down in the shared store; raises when the store is away, so that sign-in fails closed."""

    def wait(self, name: str, pace: Pace, now: datetime) -> int:
        """Seconds that the name has to wait first; 0: this is one more try, and counts."""
        ...

    def give_back(self, name: str) -> None:
        """The last try does not count."""
        ...

    def clear(self, name: str) -> None:
        """No try counts."""
        ...


@dataclass(frozen=True)
class Session:
    """A sign-in that has not been ended; ``id`` is the ``jti`` of its token."""

    id: str
    staff_id: str
    ends_at: datetime


@dataclass(frozen=True)
class Reset:
    """A link by which a password may be set once; only a keyed hash of it is kept."""

    hash: str
    staff_id: str
    ends_at: datetime


class Sessions(Protocol):
    """Who is signed in. A session that is not there is over."""

    def begin(self, session: Session) -> None:
        """Keep it until it ends."""
        ...

    def find(self, session_id: str, now: datetime) -> Session | None:
        """One that has neither ended nor been ended."""
        ...

    def end(self, session_id: str, staff_id: str) -> None:
        """Sign out."""
        ...


class Passwords(Protocol):
    """Slow hashes."""

    def hash(self, password: str) -> str:
        """argon2id with its parameters in the text."""
        ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it fits; without a hash it is False after the same time."""
        ...


class Signer(Protocol):
    """Signs staff tokens."""

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWS."""
        ...
