"""Staff, machines, roles: values and the facts of their changes."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from imigr_accounts.errors import WeakPassword
from imigr_kit.facts import Fact

ROLES = ("admin", "manager", "mediator", "editor", "partner_editor")
REASONS = ("left", "role_ended", "leaked", "lost", "replaced", "mistake")
"""Why an account or a token was ended. A closed list: a free text could tell of a person."""
FUNCTIONS = frozenset(
    {
        *("administrator", "manager", "mediator", "editor", "partner editor", "agent"),
        *("administrateur", "administratrice", "responsable", "médiateur", "médiatrice", "rédacteur", "rédactrice"),
        *("agente", "rédaction du partenaire"),
        *("مدير", "مديرة", "مسؤول", "مسؤولة", "وسيط", "وسيطة", "محرر", "محررة", "عون", "محرر الشريك"),
    }
)
"""What an account may be called, in three languages."""
SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class Grant:
    """A role in a municipality (``*`` for all)."""

    municipality: str
    role: str


@dataclass(frozen=True)
class Staff:
    """A staff account. ``email`` is for signing in and never leaves this service; ``display`` names a function."""

    id: str
    email: str
    display: str
    grants: tuple[Grant, ...]
    disabled: bool
    version: int

    def created(self) -> tuple[Staff, list[Fact]]:
        """The first fact."""
        return self, [self._fact("staff.created")]

    def disable(self) -> tuple[Staff, list[Fact]]:
        """No further sign-in; disabling twice is the same as once."""
        if self.disabled:
            return self, []
        changed = replace(self, disabled=True, version=self.version + 1)
        return changed, [changed._fact("staff.disabled")]

    def _fact(self, kind: str) -> Fact:
        data = {"staff_id": self.id, "roles": roles_out(self.grants)}
        return Fact(kind, self.id, home(self.grants), self.version, data)


@dataclass(frozen=True)
class Machine:
    """A token of a machine; the token itself is kept as a keyed hash only."""

    id: str
    label: str
    grants: tuple[Grant, ...]
    revoked: bool
    version: int

    def created(self) -> tuple[Machine, list[Fact]]:
        """The first fact."""
        return self, [self._fact("token.created")]

    def revoke(self) -> tuple[Machine, list[Fact]]:
        """No longer good; revoking twice is the same as once."""
        if self.revoked:
            return self, []
        changed = replace(self, revoked=True, version=self.version + 1)
        return changed, [changed._fact("token.revoked")]

    def _fact(self, kind: str) -> Fact:
        data = {"token_id": self.id, "roles": roles_out(self.grants)}
        return Fact(kind, self.id, home(self.grants), self.version, data)


def roles_out(grants: Iterable[Grant]) -> list[dict[str, Any]]:
    """Roles as they travel."""
    return [{"municipality": one.municipality, "role": one.role} for one in grants]


def names_a_function(display: str, grants: Collection[Grant]) -> bool:
    """Whether what is shown of an account is a function of the list, perhaps with a number up to 99, perhaps with the
    town of one of its roles. Closed, since a person's name would be typed there otherwise."""
    words, _, place = display.partition(", ")
    function, _, number = words.rpartition(" ")
    if not (number.isascii() and number.isdecimal() and len(number) <= 2 and int(number)):
        function = words
    towns = {one.municipality for one in grants}
    return function.casefold() in FUNCTIONS and (display == words or _slug(place) in towns)


def _slug(place: str) -> str:
    plain = unicodedata.normalize("NFKD", place).encode("ascii", "ignore").decode()
    return "-".join(plain.lower().split())


def home(grants: Collection[Grant]) -> str:
    """The municipality an account's events are filed under; ``all`` for those of no single one."""
    named = sorted({one.municipality for one in grants})
    return named[0] if len(named) == 1 and named[0] != "*" else "all"


def normal_email(text: str) -> str:
    """The one form in which a sign-in email is stored, looked up and counted."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def belongs(grants: Iterable[Grant], municipality: str) -> bool:
    """Whether an account has a role there."""
    return any(one.municipality == municipality for one in grants)


def check_password(password: str) -> None:
    """Long enough (NIST SP 800-63B asks for length, not for odd characters). Raises WeakPassword."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword
