"""SMS that a phone sent to us, out of a deliver_sm (SMPP 3.4, section 4.6)."""

from __future__ import annotations

from typing import Any

from imigr_kit.secret import Secret
from imigr_notifications.ports_replies import Inbound

UCS2, LATIN_1 = 0x08, 0x03
HAS_HEADER = 0x40
_GSM_LETTERS = {0x00: "@", 0x04: "è", 0x05: "é", 0x06: "ù", 0x07: "ì", 0x08: "ò", 0x1F: "É", 0x7F: "à"}
"""The default alphabet agrees with ASCII in all that a command is written with, but for these."""


def read_inbound(pdu: Any) -> Inbound:
    """Who wrote what. SMPP gives no id to a message that comes in, so repetitions are told by their content."""
    octets = getattr(pdu, "short_message", None) or getattr(pdu, "message_payload", None) or b""
    octets = octets if isinstance(octets, bytes) else str(octets).encode("latin-1", "replace")
    if int(pdu.esm_class or 0) & HAS_HEADER and octets:
        octets = octets[octets[0] + 1 :]
    number = pdu.source_addr
    number = number.decode("latin-1") if isinstance(number, bytes) else str(number or "")
    digits = "".join(letter for letter in number if letter.isdigit())
    return Inbound(Secret(f"+{digits}"), Secret(_decoded(octets, int(pdu.data_coding or 0))), "")


def _decoded(octets: bytes, coding: int) -> str:
    if coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    if coding == LATIN_1:
        return octets.decode("latin-1")
    return "".join(_GSM_LETTERS.get(one, chr(one)) for one in octets)
