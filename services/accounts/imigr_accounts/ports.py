"""What the use cases need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_accounts.domain import Machine, Staff
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key; ``body_hash`` tells a repetition from another body."""

    key: str
    body_hash: str


@dataclass(frozen=True)
class Audit:
    """One row of the audit trail: who did what to which object, and why."""

    actor: str
    action: str
    object: str
    reason: str = ""


class Accounts(Protocol):
    """Staff and machines. Every change is one transaction with its audit row."""

    def add_staff(
        self, staff: Staff, password_hash: str, facts: Sequence[Fact], command: Command, audit: Audit
    ) -> None:
        """Raises EmailTaken."""
        ...

    def add_machine(
        self, machine: Machine, token_hash: str, facts: Sequence[Fact], command: Command, audit: Audit
    ) -> None:
        """Store a machine token's hash."""
        ...

    def staff_by_command(self, key: str) -> tuple[Staff, str] | None:
        """What a creating command has stored, and the hash of its body."""
        ...

    def machine_by_command(self, key: str) -> tuple[Machine, str] | None:
        """Likewise."""
        ...

    def staff(self, staff_id: str) -> Staff | None:
        """One account."""
        ...

    def machine(self, token_id: str) -> Machine | None:
        """One machine."""
        ...

    def staff_by_email(self, email: str) -> tuple[Staff, str] | None:
        """The account and its password hash."""
        ...

    def machine_by_hash(self, token_hash: str) -> Machine | None:
        """The machine whose token has this hash."""
        ...

    def staff_of(self, municipality: str) -> Sequence[Staff]:
        """Accounts with a role there, by display."""
        ...

    def save_staff(self, staff: Staff, facts: Sequence[Fact], audit: Audit) -> None:
        """Replace, if the version before is stored."""
        ...

    def save_machine(self, machine: Machine, facts: Sequence[Fact], audit: Audit) -> None:
        """Replace, if the version before is stored."""
        ...

    def save_password(self, staff: Staff, password_hash: str, audit: Audit | None) -> None:
        """Another hash for the same account."""
        ...


class Tries(Protocol):
    """Counts failed sign-ins in the shared store; raises when the store is away, so sign-in fails closed."""

    def count(self, name: str, now: datetime) -> tuple[int, datetime]:
        """One more try under the name in the running window; how many now, and when the window ends."""
        ...

    def clear(self, name: str) -> None:
        """A good sign-in forgives."""
        ...


class Passwords(Protocol):
    """Slow hashes."""

    def hash(self, password: str) -> str:
        """argon2id with its parameters in the text."""
        ...

    def verify(self, password_hash: str, password: str) -> bool:
        """Whether it fits."""
        ...

    def waste(self, password: str) -> None:
        """Take as long as verify, for accounts that do not exist."""
        ...


class Signer(Protocol):
    """Signs staff tokens."""

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWS."""
        ...
