"""The order of names in a list as readers of a language expect it.

Three levels after the Unicode Collation Algorithm (UTS 10): letters, then accents and vowel signs, then capitals;
numbers by value; punctuation counts for nothing. The letters of Latin script stand before those of Arabic, and for
readers of a language written in Arabic letters the other way round (CLDR reorders scripts so).
"""

from __future__ import annotations

import re
import unicodedata

_PART = re.compile(r"\d+|[^\W\d_]+")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_OF_ARABIC_SCRIPT = frozenset({"ar", "fa", "ur", "ps", "ckb", "ug"})
_LETTERS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و", "ئ": "ي", "œ": "oe", "æ": "ae", "ـ": None})
_OWN_LETTERS: dict[str, dict[str, str]] = {
    "es": {"ñ": "n\U0010fffe"},
    "sv": {"å": "z\U0010fffc", "ä": "z\U0010fffd", "ö": "z\U0010fffe"},
    "tr": {"ç": "c\U0010fffe", "ğ": "g\U0010fffe", "ı": "h\U0010fffe", "ö": "o\U0010fffe", "ş": "s\U0010fffe"},
}
"""Letters that are letters of their own in a language, after another one (CLDR)."""


def key(text: str, language: str) -> bytes:
    """What names of a list are compared by, byte by byte; without numbers longer than twenty digits."""
    base = language.partition("-")[0]
    for letter, place in _OWN_LETTERS.get(base, {}).items():
        text = text.replace(letter, place).replace(letter.upper(), place)
    parts = b" ".join(_part(part, base in _OF_ARABIC_SCRIPT) for part in _PART.findall(_plain(text)))
    accents = unicodedata.normalize("NFD", text).casefold()
    return b"\0".join((parts, _bytes(accents), _bytes(text.swapcase())))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _part(part: str, arabic_first: bool) -> bytes:
    if part.isdecimal():
        return b"\1" + b"%020d" % int(part[:20])
    return (b"\2" if bool(_ARABIC.search(part)) == arabic_first else b"\3") + _bytes(part)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
