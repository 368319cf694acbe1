"""SMS text: which alphabet, how many parts, and where to cut (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_ESCAPE = 0x1B
_OCTETS = {letter: bytes([code]) for code, letter in enumerate(_BASIC) if code != _ESCAPE}
_OCTETS |= {letter: bytes([_ESCAPE, code]) for letter, code in _EXTENSION.items()}
_LETTERS = frozenset(_OCTETS)
_COUNT_TWO = frozenset(_EXTENSION)
_LAST_OF_ONE_UNIT = "\uffff"
_PASTED = {
    "'": "\u2018\u2019\u201a\u2032",
    '"': "\u201c\u201d\u201e\u2033«»",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
    " ": "\u00a0\u202f\u2009\u2007\t",
    "...": "\u2026",
    "": "\u200b\ufeff",
    "\n": "\u2028\u2029",
}
_PLAIN = str.maketrans({odd: plain for plain, odds in _PASTED.items() for odd in odds})
_LATIN = str.maketrans({"œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"})
RIGHT_TO_LEFT_MARK = "\u200f"
MOST_PARTS = 255


class TextTooLong(ValueError):
    """More than 255 parts: no such message exists."""


class Alphabet(StrEnum):
    """How the text travels: one septet per letter (two for the extension table), or UTF-16 units."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


SINGLE = {Alphabet.GSM7: 160, Alphabet.UCS2: 70}
JOINED = {Alphabet.GSM7: 153, Alphabet.UCS2: 67}
"""Units per part once a concatenation header of six octets is needed."""


@dataclass(frozen=True)
class Sms:
    """A text cut into parts; ``units`` counts septets or UTF-16 units of the whole."""

    alphabet: Alphabet
    parts: tuple[str, ...]
    units: int


def tidy(text: str) -> str:
    """Typographic quotes, dashes, ellipses and no-break spaces as plain ones; line ends as one character."""
    composed = unicodedata.normalize("NFC", text)
    return composed.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)


def transliterated(text: str) -> str:
    """Latin letters outside GSM-7 without their marks (ç to c, ê to e, œ to oe); a text with Arabic letters
    needs UCS-2 anyway and is left as it is."""
    if _LETTERS.issuperset(text) or any(map(_is_right_to_left, set(text))):
        return text
    plain = text.translate(_LATIN)
    return plain.translate({ord(letter): _bare(letter) for letter in set(plain) - _LETTERS})


def ordered(text: str) -> str:
    """A text with Arabic letters whose lines a phone shows in the right order.

    A phone takes the direction of a line from its first strong letter (Unicode Annex 9, rule P2). A line
    that begins in Latin and goes on in Arabic gets one mark, unless the mark would cost a part.
    """
    if not any(map(_is_right_to_left, set(text))):
        return text
    for index, line in enumerate(text.split("\n")):
        if _begins_wrongly(line):
            lines = text.split("\n")
            lines[index] = RIGHT_TO_LEFT_MARK + line
            marked = "\n".join(lines)
            text = marked if len(cut(marked).parts) == len(cut(text).parts) else text
    return text


def expensive(text: str) -> dict[str, str]:
    """Why a text costs what it costs: letters that take two septets (``double``) or force UCS-2 (``forces``)."""
    odd = {letter: "forces" for letter in text if not _fits(letter)}
    return odd | {letter: "double" for letter in text if letter in _EXTENSION}


def cut(text: str) -> Sms:
    """The text in its cheapest alphabet; no part splits an extension character or a surrogate pair.

    Raises TextTooLong.
    """
    alphabet = Alphabet.GSM7 if _LETTERS.issuperset(text) else Alphabet.UCS2
    double = _double(text, alphabet)
    units = len(text) + len(double)
    if units <= SINGLE[alphabet]:
        return Sms(alphabet, (text,), units)
    width, parts, start = JOINED[alphabet], [], 0
    while start < len(text):
        end, before = start + width, bisect_left(double, start)
        while (over := end - start + bisect_left(double, end) - before - width) > 0:
            end -= (over + 1) // 2  # no fewer letters can make up for what is over
        parts.append(text[start:end])
        start = end
    if len(parts) > MOST_PARTS:
        raise TextTooLong
    return Sms(alphabet, tuple(parts), units)


def _double(text: str, alphabet: Alphabet) -> list[int]:
    """Where letters stand that count two."""
    if alphabet is Alphabet.GSM7:
        if _COUNT_TWO.isdisjoint(text):
            return []
        return [at for at, letter in enumerate(text) if letter in _EXTENSION]
    if max(text) <= _LAST_OF_ONE_UNIT:
        return []
    return [at for at, letter in enumerate(text) if letter > _LAST_OF_ONE_UNIT]


def encoded(part: str, alphabet: Alphabet) -> bytes:
    """The octets of one part: unpacked septets (as SMPP carries them) or UTF-16 big endian."""
    if alphabet is Alphabet.UCS2:
        return part.encode("utf-16-be")
    return b"".join(map(_OCTETS.__getitem__, part))


def _fits(letter: str) -> bool:
    return letter in _LETTERS


@lru_cache(4_096)
def _is_right_to_left(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in {"R", "AL"}


def _begins_wrongly(line: str) -> bool:
    strong = [letter for letter in line if unicodedata.bidirectional(letter) in {"L", "R", "AL"}]
    return bool(strong) and not _is_right_to_left(strong[0]) and any(map(_is_right_to_left, strong))


def _bare(letter: str) -> str:
    stripped = "".join(one for one in unicodedata.normalize("NFD", letter) if not unicodedata.combining(one))
    return stripped if stripped and all(map(_fits, stripped)) else letter
