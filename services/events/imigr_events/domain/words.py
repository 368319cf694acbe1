"""Words as people search them: case, accents, vowel signs and the spellings of alef make no difference."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_SAME = str.maketrans({"ة": "ه", "ى": "ي", "ـ": ""})
"""Arabic letters that are written for one another, and the stretching sign."""


def plain(text: str) -> str:
    """The text as it is compared. NFKD takes accents, hamza and vowel signs apart from their letters (Unicode
    category Mn), and they are left out."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if unicodedata.category(letter) != "Mn").translate(_SAME)


def holds(texts: Iterable[str], words: Iterable[str]) -> bool:
    """Whether every word stands somewhere in the texts."""
    whole = plain(" ".join(texts))
    return all(plain(word) in whole for word in words)
