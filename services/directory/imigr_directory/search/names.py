"""The order of the entries by name for one language, kept while entries come and go."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping

import numpy as np

from imigr_directory.search.collation import key
from imigr_directory.search.columns import Floats, Slots
from imigr_kit.texts import FALLBACK, pick


def name_in(name: Mapping[str, str], language: str) -> str:
    """The name that a reader of the language sees."""
    return pick(name, (language, language.partition("-")[0], *FALLBACK))[0]


class NameOrder:
    """A rank per slot: names in order have growing ranks. A new name takes a rank between its neighbours; when no
    number is left between them all ranks are given anew."""

    def __init__(self, language: str, named: Iterable[tuple[int, str, Mapping[str, str]]]) -> None:
        self._language = language
        keyed = sorted((self._key(one, name), slot) for slot, one, name in named)
        self._keys = [one for one, _ in keyed]
        self._slots = [slot for _, slot in keyed]
        self._ranks: Floats = np.zeros(max([*self._slots, 1023]) + 1)
        self._number()

    def add(self, slot: int, identity: str, name: Mapping[str, str]) -> None:
        """An entry came."""
        mine = self._key(identity, name)
        at = bisect.bisect_left(self._keys, mine)
        below = self._ranks[self._slots[at - 1]] if at else -1.0
        above = self._ranks[self._slots[at]] if at < len(self._slots) else below + 2.0
        self._keys.insert(at, mine)
        self._slots.insert(at, slot)
        if slot >= len(self._ranks):
            self._ranks = np.pad(self._ranks, (0, max(slot + 1 - len(self._ranks), len(self._ranks))))
        self._ranks[slot] = middle = (below + above) / 2
        if not below < middle < above:
            self._number()

    def drop(self, identity: str, name: Mapping[str, str]) -> None:
        """An entry went."""
        mine = self._key(identity, name)
        at = bisect.bisect_left(self._keys, mine)
        if at < len(self._keys) and self._keys[at] == mine:
            del self._keys[at], self._slots[at]

    def keep(self, moved: Slots) -> None:
        """Slots have new numbers; ``moved`` has them by the old ones."""
        self._slots = moved[np.asarray(self._slots, np.intp)].tolist()
        self._ranks = np.zeros(max(len(self._slots), 1024))
        self._number()

    def ranks(self, slots: Slots) -> Floats:
        """Ranks of slots, all different."""
        return self._ranks[slots]

    def _number(self) -> None:
        self._ranks[np.asarray(self._slots, np.intp)] = np.arange(len(self._slots))

    def _key(self, identity: str, name: Mapping[str, str]) -> bytes:
        return key(name_in(name, self._language), self._language) + b"\0" + identity.encode()
