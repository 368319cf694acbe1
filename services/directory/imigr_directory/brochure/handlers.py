"""Use cases of brochures: make the next edition when the content is another one, and hand editions over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from imigr_directory.brochure.domain import FORMS, Changes, Edition, changes_between
from imigr_directory.brochure.model import Content, content_of
from imigr_directory.editions.entries import Hours, Town
from imigr_directory.errors import EditionNotReady, UnknownEdition

PART = 256 * 1024
"""Octets of a file that go in one message."""
Forms = Callable[[Content, Edition], tuple[Mapping[str, bytes], int]]
"""The files of an edition by form, and the number of pages."""


class Brochures(Protocol):
    """What is kept of brochures."""

    def current(self, municipality: str, language: str) -> Edition | None:
        """The latest, with its digests."""
        ...

    def edition(self, municipality: str, language: str, number: int | None) -> Edition | None:
        """One edition, or the latest."""
        ...

    def editions(self, municipality: str | None, language: str | None, most: int) -> Sequence[Edition]:
        """The latest ones, newest first."""
        ...

    def publish(self, edition: Edition, files: Mapping[str, bytes]) -> Edition | None:
        """Store it; None when somebody else was faster."""
        ...

    def read(self, file_id: str, offset: int, octets: int) -> bytes:
        """A part of a file."""
        ...


def next_edition(
    brochures: Brochures, town: Town, language: str, hours: Hours, today: date, forms: Forms
) -> Edition | None:
    """Print what has changed since the latest edition; None when nothing has, which is known before printing."""
    content = content_of(town, language, hours)
    before = brochures.current(town.slug, language)
    if before is not None and before.content_hash == content.hash:
        return None
    digests = content.digests()
    changes = Changes() if before is None else changes_between(before.digests, digests)
    number = 1 if before is None else before.number + 1
    edition = Edition(town.slug, language, number, today, content.hash, digests, changes)
    files, pages = forms(content, edition)
    printed = Edition(town.slug, language, number, today, content.hash, digests, changes, pages)
    return brochures.publish(printed, files)


def get_edition(
    brochures: Brochures, towns: Collection[str], municipality: str, language: str, number: int | None
) -> Edition:
    """Raises UnknownEdition, EditionNotReady."""
    found = brochures.edition(municipality, language, number)
    if found is None:
        raise EditionNotReady(retry_after=60) if municipality in towns and number is None else UnknownEdition
    return found


def read_file(brochures: Brochures, edition: Edition, form: str, offset: int) -> tuple[bytes, int]:
    """A part of a file from ``offset``, and the size of the whole. Raises UnknownEdition."""
    if form not in FORMS or form not in edition.files:
        raise UnknownEdition
    file_id, size = edition.files[form]
    part = brochures.read(file_id, offset, PART) if offset < size else b""
    if offset < size and not part:
        raise UnknownEdition
    return part, size
