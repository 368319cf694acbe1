"""The families of errors that cross process borders, carried by code and never by class path or sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

JsonValue = Any
"""What JSON can hold: None, bool, int, float, str, lists and string-keyed dicts of these."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: dotted path, stable code, and an English note for logs and developers."""

    path: str
    code: str
    message: str = ""


class ImigrError(Exception):
    """Base of all errors with a stable code. ``params`` hold ids and numbers, never personal data."""

    code: str = "kit.error"
    family: str = "internal"

    def __init__(
        self,
        *,
        fields: Iterable[FieldError] = (),
        params: Mapping[str, JsonValue] | None = None,
        retry_after: int | None = None,
        code: str | None = None,
    ) -> None:
        self.fields: tuple[FieldError, ...] = tuple(fields)
        self.params: dict[str, JsonValue] = dict(params or {})
        self.retry_after = retry_after
        if code is not None:
            self.code = code
        super().__init__(self.code)


class Invalid(ImigrError):
    """The input breaks a rule; ``fields`` say where."""

    family = "invalid"


class Unauthenticated(ImigrError):
    """Nobody is signed in, or the token is not good."""

    family = "unauthenticated"


class Forbidden(ImigrError):
    """Signed in, but without the role or the municipality."""

    family = "forbidden"


class NotFound(ImigrError):
    """Unknown, foreign or expired: all alike."""

    family = "not_found"


class Conflict(ImigrError):
    """The state does not allow it (a seat is gone, a version is stale)."""

    family = "conflict"


class Stale(ImigrError):
    """The caller named the revision it had read, and another one stands (RFC 9110, 13.1.1: If-Match)."""

    family = "stale"


class Gone(ImigrError):
    """It existed and will not come back."""

    family = "gone"


class TooMany(ImigrError):
    """A limit was reached; ``retry_after`` says when to come back."""

    family = "too_many"


class Unavailable(ImigrError):
    """A part is down; nothing is known to have changed; try again after ``retry_after`` seconds."""

    family = "unavailable"


FAMILIES: dict[str, type[ImigrError]] = {
    family.family: family
    for family in (Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Stale, Gone, TooMany, Unavailable)
}


def to_wire(error: ImigrError) -> dict[str, JsonValue]:
    """The error as JSON."""
    return {
        "code": error.code,
        "family": error.family,
        "fields": [{"path": one.path, "code": one.code, "message": one.message} for one in error.fields],
        "params": error.params,
        "retry_after": error.retry_after,
    }


def from_wire(wire: Mapping[str, JsonValue]) -> ImigrError:
    """The error rebuilt from its family and code; a family nobody knows becomes a plain ImigrError."""
    family = FAMILIES.get(str(wire.get("family")), ImigrError)
    return family(
        code=str(wire.get("code") or "kit.remote_error"),
        fields=[
            FieldError(str(one.get("path", "")), str(one.get("code", "")), str(one.get("message", "")))
            for one in wire.get("fields") or ()
        ],
        params=wire.get("params") or {},
        retry_after=wire.get("retry_after"),
    )
