"""Texts of short messages: alphabets (3GPP TS 23.038) and the header of long ones (3GPP TS 23.040)."""

from __future__ import annotations

from dataclasses import dataclass

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
ESCAPE = 0x1B
CONCATENATED_8_BIT, CONCATENATED_16_BIT = 0x00, 0x08


class UnknownCoding(ValueError):
    """The data coding is none that this centre can read."""


@dataclass(frozen=True)
class PartOf:
    """Which part of which long message this is; parts count from 1."""

    reference: int
    total: int
    number: int


def gsm7(octets: bytes) -> str:
    """The default alphabet, one septet per octet as SMPP carries it."""
    letters: list[str] = []
    escaped = False
    for octet in octets:
        if escaped:
            letters.append(EXTENSION.get(octet, " "))
            escaped = False
        elif octet == ESCAPE:
            escaped = True
        elif octet < len(BASIC):
            letters.append(BASIC[octet])
        else:
            raise UnknownCoding(f"0x{octet:02x} is no letter of the GSM alphabet")
    return "".join(letters)


def decode(octets: bytes, data_coding: int) -> tuple[str, str]:
    """Text and the name of its alphabet; raises UnknownCoding."""
    try:
        if data_coding == 0x00:
            return gsm7(octets), "gsm-7"
        if data_coding == 0x01:
            return octets.decode("ascii"), "ascii"
        if data_coding == 0x03:
            return octets.decode("latin-1"), "latin-1"
        if data_coding == 0x08:
            return octets.decode("utf-16-be"), "ucs-2"
    except UnicodeDecodeError as error:
        raise UnknownCoding(str(error)) from error
    raise UnknownCoding(f"data coding 0x{data_coding:02x} is not supported")


def split_header(octets: bytes) -> tuple[PartOf | None, bytes]:
    """Takes the user data header off; raises UnknownCoding when it is cut short."""
    end = 1 + octets[0] if octets else 1
    if not octets or end > len(octets):
        raise UnknownCoding("the user data header is longer than the message")
    part, place = None, 1
    while place + 2 <= end:
        kind, length = octets[place], octets[place + 1]
        value = octets[place + 2 : place + 2 + length]
        if kind == CONCATENATED_8_BIT and len(value) == 3:
            part = PartOf(value[0], value[1], value[2])
        elif kind == CONCATENATED_16_BIT and len(value) == 4:
            part = PartOf(int.from_bytes(value[:2], "big"), value[2], value[3])
        place += 2 + length
    return part, octets[end:]
