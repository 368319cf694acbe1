"""What this process has read before, each with the mark it had then."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Known(Generic[T]):
    """The last things read. A mark that the database has just told is the proof that nothing has changed, so what is
    remembered is never older than what was asked for; reading marks costs a fraction of reading what they mark."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[str, tuple[object, T]] = OrderedDict()

    def get(self, name: str, mark: object) -> T | None:
        """What is known by this name, if it has this mark."""
        found = self._found.get(name)
        return found[1] if found is not None and found[0] == mark else None

    def keep(self, name: str, mark: object, found: T) -> T:
        """Remember it, and forget what was remembered first when there is too much."""
        self._found[name] = (mark, found)
        while len(self._found) > self._most:
            self._found.popitem(last=False)
        return found
