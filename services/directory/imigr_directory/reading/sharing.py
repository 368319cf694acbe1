"""Equal small parts of many records as one object: names of fields, short words, and what is empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from imigr_directory.domain import Record

SHORT: Final = 24
"""Letters of a word that is likely to be said again; ids are longer."""
MOST: Final = 50_000
_NO_LIST: Final[list[Any]] = []
_NO_DICT: Final[dict[str, Any]] = {}


class Sharing:
    """What comes from the database says every field's name anew in every record, and most fields are empty: for a
    directory of ten thousand that is the larger part of the memory. The parts are shared, so nobody may change them."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    def record(self, record: Record) -> Record:
        """The same record of shared parts."""
        content = None if record.content is None else self._of(dict(record.content))
        return replace(
            record,
            municipality=self._of(record.municipality),
            content=content,
            translations=self._of(dict(record.translations)),
            source=self._of(dict(record.source)),
            verified_on=self._of(record.verified_on),
            expires_on=self._of(record.expires_on),
            state=self._of(record.state),
            kind=self._of(record.kind),
            by=self._of(record.by),
            at=self._of(record.at),
        )

    def _of(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._word(value) if len(value) <= SHORT else value
        if isinstance(value, Mapping):
            return {self._word(name): self._of(inner) for name, inner in value.items()} if value else _NO_DICT
        if isinstance(value, list):
            return [self._of(one) for one in value] if value else _NO_LIST
        return value

    def _word(self, word: str) -> str:
        if len(self._words) >= MOST:
            self._words.clear()
        return self._words.setdefault(word, word)
