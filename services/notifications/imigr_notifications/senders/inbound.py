"""SMS that a phone sent to us, out of a deliver_sm (SMPP 3.4, section 4.6)."""

from __future__ import annotations

from imigr_kit.secret import Secret
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.senders.smpp_wire import Brought

UCS2, LATIN_1 = 0x08, 0x03
HAS_HEADER = 0x40
_GSM_LETTERS = {0x00: "@", 0x04: "è", 0x05: "é", 0x06: "ù", 0x07: "ì", 0x08: "ò", 0x1F: "É", 0x7F: "à"}
"""The default alphabet agrees with ASCII in all that a command is written with, but for these."""


def read_inbound(brought: Brought) -> Inbound:
    """Who wrote what. SMPP gives no id to a message that comes in, so repetitions are told by their content."""
    octets = brought.octets
    if brought.esm_class & HAS_HEADER and octets:
        octets = octets[octets[0] + 1 :]
    digits = "".join(letter for letter in brought.source if letter.isdigit())
    return Inbound(Secret(f"+{digits}"), Secret(_decoded(octets, brought.data_coding)), "")


def _decoded(octets: bytes, coding: int) -> str:
    if coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    if coding == LATIN_1:
        return octets.decode("latin-1")
    return "".join(_GSM_LETTERS.get(one, chr(one)) for one in octets)
