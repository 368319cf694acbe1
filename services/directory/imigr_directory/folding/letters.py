"""Folding: lower case, no accents, no vowel signs, one form of alef, yaa and taa marbuta, no article."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

ARABIC = re.compile(r"[\u0600-\u06ff]")
_WORD = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)
"""Letters and digits apart, so that ``C2`` and ``المنار1`` are found with and without a space."""
MARKS = re.compile(
    r"[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640"
    r"\u200c-\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Accents, vowel signs, tatweel, and the signs that only turn the direction of writing."""
LETTERS = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ء": "",
        "ؤ": "و",
        "ئ": "ي",
        "ى": "ي",
        "ی": "ي",
        "ة": "ه",
        "ہ": "ه",
        "ک": "ك",
        "گ": "ك",
        "ڨ": "ق",
        "ڤ": "ف",
        "پ": "ب",
    }
)
ARTICLES = ("وال", "بال", "كال", "فال", "ولل", "لل", "ال")
ELISIONS = frozenset({"l", "d", "s", "n", "j", "m", "t", "qu"})
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "ı": "i", "’": "'", "ʼ": "'", "`": "'"})


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word: ``word`` without the Arabic article and the clitics before it, ``kept`` with them."""

    word: str
    kept: str


def words(text: str) -> list[str]:
    """Folded words in order, without the Arabic article and the clitics before it."""
    return [token.word for token in tokens(text)]


@lru_cache(maxsize=10_000)
def tokens(text: str) -> tuple[Token, ...]:
    """Folded words in order. Letters written apart (``ص ي د ل ي ة``) are one word; an elided French article is
    none."""
    return tuple(token for word in _together(_WORD.findall(_plain(text))) if (token := _token(word)).word)


def fold(text: str) -> str:
    """A whole text folded: its words with one space between."""
    return " ".join(words(text))


@lru_cache(maxsize=20_000)
def _token(word: str) -> Token:
    if not ARABIC.search(word):
        return Token(word, word)
    kept = word.translate(LETTERS)
    for article in ARTICLES:
        if kept.startswith(article) and len(kept) - len(article) >= 2:
            return Token(kept[len(article) :], kept)
    return Token(kept, kept)


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    # NFKD takes hamza and madda off their letters; what is left of them is a combining mark like the accents.
    decomposed = unicodedata.normalize("NFKD", text.translate(LIGATURES)).casefold().translate(LIGATURES)
    return MARKS.sub("", decomposed)


def _together(found: list[str]) -> Iterable[str]:
    if not any(len(word) == 1 and ARABIC.match(word) for word in found):
        return [word for word in found if word not in ELISIONS]
    return _joined(found)


def _joined(found: list[str]) -> Iterator[str]:
    single: list[str] = []
    for word in [*found, ""]:
        if len(word) == 1 and ARABIC.match(word):
            single.append(word)
            continue
        # Two single letters are more often a conjunction and an initial than a word written apart.
        yield from ["".join(single)] if len(single) > 2 else single
        single = []
        if word and word not in ELISIONS:
            yield word
