"""Folding: lower case, no accents, no vowel signs, one form of alef, yaa and taa marbuta, no article."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

ARABIC = re.compile(r"[\u0600-\u06ff]")
_WORD = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)
"""Letters and digits apart, so that ``C2`` and ``المنار1`` are found with and without a space."""
_MARKS = re.compile(r"[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200c-\u200f\u202a-\u202e\u2066-\u2069]")
_LETTERS = str.maketrans(
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
_ARTICLES = ("وال", "بال", "كال", "فال", "ولل", "لل", "ال")
_ELISIONS = frozenset({"l", "d", "s", "n", "j", "m", "t", "qu"})
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "ı": "i", "’": "'", "ʼ": "'", "`": "'"})


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word: ``word`` without the Arabic article and the clitics before it, ``kept`` with them."""

    word: str
    kept: str


def words(text: str) -> list[str]:
    """Folded words in order, without the Arabic article and the clitics before it."""
    return [token.word for token in tokens(text)]


def tokens(text: str) -> list[Token]:
    """Folded words in order. Letters written apart (``ص ي د ل ي ة``) are one word; an elided French article is
    none."""
    return [_token(word) for word in _together(_WORD.findall(_plain(text))) if word.translate(_LETTERS)]


def fold(text: str) -> str:
    """A whole text folded: its words with one space between."""
    return " ".join(words(text))


@lru_cache(maxsize=20_000)
def _token(word: str) -> Token:
    if not ARABIC.search(word):
        return Token(word, word)
    kept = word.translate(_LETTERS)
    for article in _ARTICLES:
        if kept.startswith(article) and len(kept) - len(article) >= 2:
            return Token(kept[len(article) :], kept)
    return Token(kept, kept)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _MARKS.sub("", text.translate(_LIGATURES)))
    # NFKD takes hamza and madda off their letters; what is left of them is a combining mark like the accents.
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return bare.casefold().translate(_LIGATURES)


def _together(found: list[str]) -> Iterator[str]:
    single: list[str] = []
    for word in [*found, ""]:
        if len(word) == 1 and ARABIC.match(word):
            single.append(word)
            continue
        # Two single letters are more often a conjunction and an initial than a word written apart.
        yield from ["".join(single)] if len(single) > 2 else single
        single = []
        if word and word not in _ELISIONS:
            yield word
