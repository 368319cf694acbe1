"""Use cases of packs: build the present one, tell where it is, hand it or its difference over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_directory.editions.entries import Hours, Town
from imigr_directory.errors import EditionNotReady, UnknownEdition
from imigr_directory.packs.codec import Pack, difference, name_of, packed, text_of
from imigr_directory.packs.domain import PackHead
from imigr_directory.packs.lines import lines_of

WORTH_WHILE = 0.5
"""A difference larger than this share of the new pack is not told: the pack is fetched whole."""


class Packs(Protocol):
    """What is kept of packs."""

    def head(self, municipality: str, language: str) -> PackHead | None:
        """The present one."""
        ...

    def heads(self, municipality: str | None) -> Sequence[PackHead]:
        """All present ones, or a town's."""
        ...

    def pack(self, name: str) -> Pack | None:
        """One that is kept."""
        ...

    def has(self, name: str, municipality: str, language: str) -> bool:
        """Whether it is kept, and is of this town and language."""
        ...

    def publish(self, municipality: str, language: str, pack: Pack, now: datetime) -> PackHead | None:
        """Make it the present one; None when it is so already, or when another writer was faster."""
        ...


@dataclass(frozen=True)
class Manifest:
    """Where the present pack is; ``have`` names the pack from which the difference can be had."""

    head: PackHead
    have: str | None


def build_packs(packs: Packs, town: Town, hours: Hours, now: datetime, kept: dict[Any, str]) -> list[PackHead]:
    """The packs of a town that are other ones now; what has not changed costs its text and a hash only."""
    made = []
    for language in town.languages:
        pack = packed_unless(packs.head(town.slug, language), lines_of(town, language, hours, kept).text())
        head = None if pack is None else packs.publish(town.slug, language, pack, now)
        if head is not None:
            made.append(head)
    return made


def packed_unless(head: PackHead | None, text: str) -> Pack | None:
    """The text packed; None when it is the present one already, which is known before anything is compressed."""
    return None if head is not None and head.name == name_of(text) else packed(text)


def manifest(packs: Packs, towns: Collection[str], municipality: str, language: str, have: str | None) -> Manifest:
    """Raises UnknownEdition, EditionNotReady."""
    head = packs.head(municipality, language)
    if head is None:
        raise EditionNotReady(retry_after=10) if municipality in towns else UnknownEdition
    can_differ = have is not None and have != head.name and packs.has(have, municipality, language)
    return Manifest(head, have if can_differ else None)


def pack(packs: Packs, name: str) -> Pack:
    """A pack by its name. Raises UnknownEdition for one that is kept no more."""
    found = packs.pack(name)
    if found is None:
        raise UnknownEdition
    return found


def change(packs: Packs, old: str, new: str) -> str:
    """What makes the pack ``new`` of ``old``. Raises UnknownEdition when one of them is gone, or when the new one is
    better fetched whole."""
    before, after = pack(packs, old), pack(packs, new)
    told = difference(text_of(before), text_of(after))
    if len(told.encode()) > WORTH_WHILE * after.size:
        raise UnknownEdition
    return told
