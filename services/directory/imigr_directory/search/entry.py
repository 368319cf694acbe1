"""What the search knows of an entry: its words by where they stand, and the values it is filtered by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Final

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.domain.freshness import expires_on
from imigr_directory.folding import Token, fold, tokens

NAME, ORGANIZATION, THEME, PLACE, DESCRIPTION = range(5)
FIELD_WEIGHTS: Final = (1.0, 0.7, 0.66, 0.5, 0.4)
"""What a word counts for by where it stands."""
STOP_WORDS: Final = frozenset(
    (
        *("de", "du", "des", "le", "la", "les", "et", "en", "au", "aux", "un", "une", "pour", "par", "sur", "dans"),
        *("chez", "avec", "of", "in", "for", "and", "to", "the", "a", "an", "at", "on", "by", "with"),
        *("في", "من", "علي", "الي", "و", "عن", "مع", "او"),
    )
)
"""They are asked for only when nothing else is (folded)."""
JOINING: Final = frozenset(
    (
        *("عبد", "بو", "ابو", "ابن", "بن", "ام", "ولد", "بنت", "نور", "سيف", "صلاح"),
        *("abd", "abdel", "abou", "bou", "ben", "ibn", "oum", "notre"),
    )
)
"""First words of names that are written as one word as often as not (folded)."""
SHORT = 4
GROUPS: Final = ("municipality", "taxonomy", "languages", "accessibility", "fees")
NEVER_VERIFIED = 1


def spoken_words(service: Service, terms: Mapping[str, Term], town: Municipality | None) -> Iterator[tuple[int, Token]]:
    """Field and word, the weightier fields first."""
    for text in service.name.values():
        yield from ((NAME, one) for one in tokens(text))
    for field, texts in (
        (ORGANIZATION, service.organization.values()),
        (THEME, _theme_texts(service.taxonomy, terms)),
        (PLACE, [*(town.name.values() if town else ()), *service.address.values()]),
        (DESCRIPTION, service.description.values()),
    ):
        for text in texts:
            yield from ((field, one) for one in tokens(text) if one.word not in STOP_WORDS)


def pairs(service: Service) -> Iterator[tuple[Token, Token]]:
    """Words of names that may be written as one."""
    for text in service.name.values():
        found = tokens(text)
        yield from (
            (first, second)
            for first, second in pairwise(found)
            if first.word in JOINING or first.kept in JOINING or _is_short_latin(first.word)
        )


def _is_short_latin(word: str) -> bool:
    """Such as the first part of ISET'COM."""
    return len(word) <= SHORT and word.isascii() and word.isalpha() and word not in STOP_WORDS


def shortest_name(service: Service) -> int:
    """Words of the shortest name."""
    return min((len(tokens(name)) for name in service.name.values()), default=0)


def whole_names(service: Service) -> set[str]:
    """The names as a whole, folded."""
    return {name for text in service.name.values() if (name := fold(text))}


def values(service: Service, terms: Mapping[str, Term]) -> dict[str, Iterable[str]]:
    """What the entry is filtered by and counted under; themes with all above them."""
    return {
        "municipality": (service.municipality,),
        "taxonomy": with_parents(service.taxonomy, terms),
        "languages": service.languages,
        "accessibility": service.accessibility,
        "fees": (service.fees,) if service.fees else (),
    }


def stale_from(service: Service) -> int:
    """The proleptic day from which nobody should rely on the entry any more."""
    ends = expires_on("service", service.verified_on)
    return NEVER_VERIFIED if ends is None else date.fromisoformat(ends).toordinal()


def with_parents(codes: Iterable[str], terms: Mapping[str, Term]) -> set[str]:
    """Themes and all above them."""
    found: set[str] = set()
    for code in codes:
        at: str | None = code
        while at is not None and at in terms and at not in found:
            found.add(at)
            at = terms[at].parent
    return found


def _theme_texts(codes: Iterable[str], terms: Mapping[str, Term]) -> Iterator[str]:
    for code in with_parents(codes, terms):
        yield from terms[code].name.values()
        for more in terms[code].words.values():
            yield from more
