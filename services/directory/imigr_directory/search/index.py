"""Search over the directory: words lead to slots, columns filter, count and sort them; no database call.

An entry that changes is put into a new slot, and the old slot is dead; when a quarter of all slots are dead
the others move together. So a change costs what its own words cost.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.search import entry as entries
from imigr_directory.search.columns import Columns, Slots
from imigr_directory.search.hours import Hours
from imigr_directory.search.names import NameOrder
from imigr_directory.search.vocabulary import Vocabulary

WARM_LANGUAGES = ("fr", "ar", "en")
MOST_DEAD = 0.25
FEW = 256
TOLD_EVERY = 64
Building = Callable[[int, int], None]
"""Told from time to time while an index is built: how many entries of how many are in it."""


class Postings:
    """Which slots say a word, by field; slots are in order since they are given in order."""

    def __init__(self) -> None:
        self.words = Vocabulary()
        self._slots: dict[int, dict[int, array[int]]] = {}
        self._names: dict[str, list[int]] = {}

    def add(self, slot: int, service: Service, terms: Mapping[str, Term], town: Municipality | None) -> None:
        """Each word once, in its weightiest field."""
        seen: set[int] = set()
        for field, token in entries.spoken_words(service, terms, town):
            self._note(self.words.number(token), field, slot, seen)
        for first, second in entries.pairs(service):
            self._note(self.words.joined(first, second), entries.NAME, slot, seen)
        for name in entries.whole_names(service):
            self._names.setdefault(name, []).append(slot)

    def of(self, word: int) -> Mapping[int, array[int]]:
        """Field and slots of a word."""
        return self._slots.get(word, {})

    def called(self, name: str) -> list[int]:
        """Slots whose whole name, folded, is this."""
        return self._names.get(name, [])

    def keep(self, moved: Slots) -> None:
        """Slots have new numbers; ``moved`` has them by the old ones, -1 for those that are gone."""
        for word, by_field in list(self._slots.items()):
            left = {field: _moved(slots, moved) for field, slots in by_field.items()}
            self._slots[word] = {field: slots for field, slots in left.items() if slots}
        names = {name: [int(moved[slot]) for slot in slots if moved[slot] >= 0] for name, slots in self._names.items()}
        self._names = {name: slots for name, slots in names.items() if slots}

    def _note(self, word: int, field: int, slot: int, seen: set[int]) -> None:
        if word in seen:
            return
        seen.add(word)
        by_field = self._slots.setdefault(word, {})
        by_field.setdefault(field, array("I")).append(slot)


def _moved(slots: array[int], moved: Slots) -> array[int]:
    found = moved[np.frombuffer(slots, np.uint32)]
    return array("I", found[found >= 0].astype(np.uint32).tobytes())


class Index:
    """The entries, their words and their columns."""

    def __init__(
        self,
        services: Iterable[Service],
        terms: Mapping[str, Term],
        towns: Iterable[Municipality] = (),
        building: Building = lambda done, of: None,
    ) -> None:
        self.terms = terms
        self._towns = {town.slug: town for town in towns}
        self._services = {one.id: one for one in services if one.state == "published"}
        self._build(building)

    def __len__(self) -> int:
        return len(self._services)

    def get(self, service_id: str) -> Service | None:
        """One public entry."""
        return self._services.get(service_id)

    def at(self, slot: int) -> Service:
        """The entry of a live slot."""
        return self._services[self._ids[slot]]

    def services(self) -> Iterable[Service]:
        """All public entries."""
        return self._services.values()

    def apply(self, changed: Iterable[Service]) -> None:
        """Entries as they are now, withdrawn ones too; an entry older than the one known is left out. Once a batch has
        been applied all of it is found."""
        for service in changed:
            known = self._services.get(service.id)
            if known is not None and known.version >= service.version:
                continue
            if known is not None:
                self._drop(known)
            if service.state == "published":
                self._put(service)
        self.postings.words.settle()
        dead = self.columns.used - len(self._services)
        if dead > max(FEW, MOST_DEAD * self.columns.used):
            self._keep()

    def order(self, language: str) -> NameOrder:
        """The order of names for a language; made when first asked for."""
        base = language if language in self._name_languages else WARM_LANGUAGES[0]
        if base not in self._orders:
            named = [(slot, one.id, one.name) for slot, one in self._in_slots()]
            self._orders[base] = NameOrder(base, named)
        return self._orders[base]

    def _build(self, building: Building) -> None:
        self.columns = Columns()
        self.hours = Hours()
        self.postings = Postings()
        self._ids: list[str] = []
        self._slots: dict[str, int] = {}
        self._orders: dict[str, NameOrder] = {}
        self._name_languages = set(WARM_LANGUAGES)
        for done, service in enumerate(self._services.values()):
            self._put(service)
            if done % TOLD_EVERY == 0:
                building(done, len(self._services))
        self.postings.words.settle()
        building(len(self._services), len(self._services))
        for language in WARM_LANGUAGES:
            self.order(language)

    def _keep(self) -> None:
        """Forget the dead slots; the others move together. Words that nobody says any more stay till the next start."""
        moved = np.full(self.columns.used, -1, np.intp)
        kept = self.columns.keep()
        moved[kept] = np.arange(len(kept))
        self.postings.keep(moved)
        self._ids = [self._ids[slot] for slot in kept.tolist()]
        self._slots = {one: slot for slot, one in enumerate(self._ids)}
        for order in self._orders.values():
            order.keep(moved)

    def _put(self, service: Service) -> None:
        slot = self.columns.add(
            entries.values(service, self.terms),
            service.location,
            stale_from=entries.stale_from(service),
            generic=service.name_is_generic,
            name_words=entries.shortest_name(service),
            hours=self.hours.number(service),
        )
        self.postings.add(slot, service, self.terms, self._towns.get(service.municipality))
        self._ids.append(service.id)
        self._slots[service.id] = slot
        self._services[service.id] = service
        self._name_languages |= service.name.keys()
        for order in self._orders.values():
            order.add(slot, service.id, service.name)

    def _drop(self, service: Service) -> None:
        self.columns.drop(self._slots.pop(service.id))
        for order in self._orders.values():
            order.drop(service.id, service.name)
        del self._services[service.id]

    def _in_slots(self) -> Iterable[tuple[int, Any]]:
        return [(slot, self._services[one]) for one, slot in self._slots.items()]
