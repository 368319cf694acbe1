"""Tickets: a signed text that fits into a QR code and can be checked without a network.

``T1.<base32 of body and signature>``: letters and digits that a QR code holds in its dense alphanumeric mode. The
body is: 4 octets of the key's id, 4 of the time it is good until (seconds since 1970), 1 of places, then event id and
registration id, each as an octet of length and UTF-8, a UUID as length 0 and 16 octets. The signature is Ed25519
(RFC 8032) over ``imigr-ticket-1`` and the body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

PREFIX = "T1."
PURPOSE = b"imigr-ticket-1"
SIGNATURE_OCTETS = 64
_HEAD = struct.Struct(">4sIB")


@dataclass(frozen=True)
class Ticket:
    """What a ticket says. Nobody is named: who shows it may come in."""

    key_id: str
    event_id: str
    registration_id: str
    places: int
    good_until: datetime

    @property
    def id(self) -> str:
        """What the list of cancelled tickets knows it by; the registration cannot be found from it."""
        return ticket_id(self.registration_id)

    def body(self) -> bytes:
        """The octets that are signed, after the purpose."""
        head = _HEAD.pack(bytes.fromhex(self.key_id), int(self.good_until.timestamp()), self.places)
        return head + _packed(self.event_id) + _packed(self.registration_id)


class Unreadable(ValueError):
    """The text is no ticket at all."""


def ticket_id(registration_id: str) -> str:
    """16 hexadecimal digits."""
    return hashlib.sha256(f"imigr-ticket\x00{registration_id}".encode()).hexdigest()[:16]


def written(ticket: Ticket, signature: bytes) -> str:
    """The text of a ticket."""
    return PREFIX + base64.b32encode(ticket.body() + signature).decode().rstrip("=")


def read(text: str) -> tuple[Ticket, bytes]:
    """A ticket and its signature, not yet verified. Raises Unreadable, also for a second way to write the same."""
    try:
        packed = text.removeprefix(PREFIX)
        raw = base64.b32decode(packed + "=" * (-len(packed) % 8))
        body, signature = raw[:-SIGNATURE_OCTETS], raw[-SIGNATURE_OCTETS:]
        key_id, good_until, places = _HEAD.unpack(body[: _HEAD.size])
        event_id, rest = _unpacked(body[_HEAD.size :])
        registration_id, rest = _unpacked(rest)
        ticket = Ticket(key_id.hex(), event_id, registration_id, places, datetime.fromtimestamp(good_until, UTC))
    except (binascii.Error, struct.error, ValueError, IndexError, OverflowError) as error:
        raise Unreadable from error
    if rest or written(ticket, signature) != text:
        raise Unreadable
    return ticket, signature


def fault(ticket: Ticket, event_id: str, now: datetime, cancelled: Collection[str]) -> str | None:
    """Why a ticket whose signature is good does not open this door; None when it does. Needs no network."""
    if ticket.event_id != event_id:
        return "other_event"
    if now > ticket.good_until:
        return "expired"
    return "cancelled" if ticket.id in cancelled else None


def _packed(text: str) -> bytes:
    try:
        if str(uuid.UUID(text)) == text:
            return b"\x00" + uuid.UUID(text).bytes
    except ValueError:
        pass
    raw = text.encode()
    return bytes([len(raw)]) + raw


def _unpacked(raw: bytes) -> tuple[str, bytes]:
    length = raw[0] or 16
    part, rest = raw[1 : 1 + length], raw[1 + length :]
    if len(part) != length:
        raise Unreadable
    return (part.decode() if raw[0] else str(uuid.UUID(bytes=part))), rest
