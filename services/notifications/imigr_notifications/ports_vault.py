"""What looking into the vault needs from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Reveal:
    """A member of staff is to be shown an address. ``reason`` is a closed code; ``command`` is the hash of the
    idempotency key, ``body`` tells a repetition from another command under it."""

    actor: str
    municipality: str
    subject: str
    contact_id: str
    reason: str
    command: str
    body: str


@dataclass(frozen=True)
class Held:
    """What is held about a contact, for the person: the address only hinted at."""

    channel: str
    hint: str
    language: str | None
    consents: Collection[str]
    kept_until: datetime
    purposes: Mapping[str, datetime]


class Reveals(Protocol):
    """The chain of reveals."""

    def add(self, reveal: Reveal, at: datetime) -> None:
        """Store it; when this returns it is safe. The same command is one row. Raises KeyReused for another contact
        or another body under its key, TooManyReveals (which is a row as well, once an hour), Unavailable."""
        ...

    def break_at(self, now: datetime) -> int | None:
        """Where the chain does not hold."""
        ...

    def of_municipality(self, municipality: str, most: int) -> Sequence[Mapping[str, Any]]:
        """The newest rows of a town."""
        ...


class Looked(Protocol):
    """The vault's records, as a person or a member of staff looks at them."""

    def held(self, contact_id: str, now: datetime) -> Held | None:
        """What is held; None when nothing may be read any more."""
        ...

    def consent(self, contact_id: str, consents: Collection[str], now: datetime) -> bool:
        """What the person allows from now on; false when there is no contact."""
        ...
