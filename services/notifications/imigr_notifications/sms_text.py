"""SMS text: which alphabet, how many parts, and where to cut (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

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
_CODES = {letter: code for code, letter in enumerate(_BASIC)}
_PASTED = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
    }
)


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
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_PASTED)


def transliterated(text: str) -> str:
    """Latin letters outside GSM-7 without their marks (ç to c, ê to e, œ to oe); other scripts unchanged."""
    plain = text.replace("œ", "oe").replace("Œ", "OE")
    return "".join(letter if _fits(letter) else _bare(letter) for letter in plain)


def cut(text: str) -> Sms:
    """The text in its cheapest alphabet; no part splits an extension character or a surrogate pair."""
    alphabet = Alphabet.GSM7 if all(_fits(letter) for letter in text) else Alphabet.UCS2
    cost = _septets if alphabet is Alphabet.GSM7 else _utf16_units
    units = sum(cost(letter) for letter in text)
    if units <= SINGLE[alphabet]:
        return Sms(alphabet, (text,), units)
    parts, part, used = [], "", 0
    for letter in text:
        if used + cost(letter) > JOINED[alphabet]:
            parts.append(part)
            part, used = "", 0
        part, used = part + letter, used + cost(letter)
    return Sms(alphabet, (*parts, part), units)


def encoded(part: str, alphabet: Alphabet) -> bytes:
    """The octets of one part: unpacked septets (as SMPP carries them) or UTF-16 big endian."""
    if alphabet is Alphabet.UCS2:
        return part.encode("utf-16-be")
    octets = bytearray()
    for letter in part:
        octets += bytes([_ESCAPE, _EXTENSION[letter]]) if letter in _EXTENSION else bytes([_CODES[letter]])
    return bytes(octets)


def _fits(letter: str) -> bool:
    return (letter in _CODES and letter != "\x1b") or letter in _EXTENSION


def _septets(letter: str) -> int:
    return 2 if letter in _EXTENSION else 1


def _utf16_units(letter: str) -> int:
    return 2 if ord(letter) > 0xFFFF else 1


def _bare(letter: str) -> str:
    stripped = "".join(one for one in unicodedata.normalize("NFD", letter) if not unicodedata.combining(one))
    return stripped if stripped.isascii() else letter
