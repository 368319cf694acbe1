"""A box for personal data and keys that does not open by accident."""

from __future__ import annotations

import hmac
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")

SHOWN = "[secret]"


class Secret(Generic[T]):
    """Holds a value that cannot be printed, logged, formatted, pickled, copied or serialised.

    ``reveal()`` is the only way in, so that every use can be found by searching for it. json and bson
    refuse the type; str, repr and format show a fixed word.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return SHOWN

    def __str__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return format(SHOWN, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = _as_bytes(self._value), _as_bytes(other._value)
        return hmac.compare_digest(mine, theirs)

    __hash__ = None  # type: ignore[assignment]  # a hash of a phone number can be reversed in a minute

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied")

    def __iter__(self) -> NoReturn:
        raise TypeError("a Secret is not iterated")


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode()
