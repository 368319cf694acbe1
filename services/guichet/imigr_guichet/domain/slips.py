"""Slips: a signed text on paper that lets a desk check a person in without a network.

``G1.<base32 of body and signature>``: letters and digits that a QR code holds in its dense alphanumeric mode. The
body is ``imigr-slip-1``, then 4 octets of the key's id, 4 of the start (seconds since 1970), 2 of minutes, 16 each of
guichet and appointment (UUID), and the desk as an octet of length and UTF-8. Ed25519 (RFC 8032) over the whole body.
Neither the topic nor the language is in it: a slip that is found on the street says where and when, and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

PREFIX = "G1."
PURPOSE = b"imigr-slip-1"
SIGNATURE_OCTETS = 64
_HEAD = struct.Struct(">4sIH16s16s")


@dataclass(frozen=True)
class Slip:
    """What a slip says; who shows it is served, named or not."""

    key_id: str
    guichet_id: str
    appointment_id: str
    desk: str
    start: datetime
    minutes: int

    def body(self) -> bytes:
        """The octets that are signed."""
        head = _HEAD.pack(
            bytes.fromhex(self.key_id),
            int(self.start.timestamp()),
            self.minutes,
            uuid.UUID(self.guichet_id).bytes,
            uuid.UUID(self.appointment_id).bytes,
        )
        desk = self.desk.encode()
        return PURPOSE + head + bytes([len(desk)]) + desk


class Unreadable(ValueError):
    """The text is no slip at all."""


def written(slip: Slip, signature: bytes) -> str:
    """The text of a slip."""
    raw = slip.body().removeprefix(PURPOSE) + signature
    return PREFIX + base64.b32encode(raw).decode().rstrip("=")


def read(text: str) -> tuple[Slip, bytes]:
    """A slip and its signature, not yet verified. Raises Unreadable, also for a second way to write the same."""
    try:
        packed = text.removeprefix(PREFIX)
        raw = base64.b32decode(packed + "=" * (-len(packed) % 8))
        body, signature = raw[:-SIGNATURE_OCTETS], raw[-SIGNATURE_OCTETS:]
        key_id, start, minutes, guichet, appointment = _HEAD.unpack(body[: _HEAD.size])
        rest = body[_HEAD.size :]
        slip = Slip(
            key_id.hex(),
            str(uuid.UUID(bytes=guichet)),
            str(uuid.UUID(bytes=appointment)),
            rest[1 : 1 + rest[0]].decode(),
            datetime.fromtimestamp(start, UTC),
            minutes,
        )
    except (binascii.Error, struct.error, ValueError, IndexError, OverflowError) as error:
        raise Unreadable from error
    if written(slip, signature) != text:
        raise Unreadable
    return slip, signature
