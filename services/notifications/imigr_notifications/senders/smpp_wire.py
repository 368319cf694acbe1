"""The octets of SMPP 3.4 that pass most often: many messages written at once, their answers read as they come.

Binds and all else are the library's; these are written here because it spends more on one of them than the
rest of a message costs.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from smpplib import exceptions, smpp

_HEADER = struct.Struct(">LLLL")
_TAKEN = struct.Struct(">LLLLB")
_PARAMETER = struct.Struct(">HH")
_SUBMIT_SM, _SUBMIT_SM_RESP = 0x0000_0004, 0x8000_0004
_DELIVER_SM, _DELIVER_SM_RESP = 0x0000_0005, 0x8000_0005
_RECEIPTED_MESSAGE_ID, _MESSAGE_PAYLOAD = 0x001E, 0x0424
LONGEST = 1 << 20
READ = 1 << 16


@dataclass(frozen=True)
class Submit:
    """One submit_sm (section 4.4.1); the addresses are given with their type and plan of numbers."""

    source: tuple[int, int, str]
    destination: tuple[int, int, str]
    is_with_header: bool
    validity: str
    coding: int
    octets: bytes

    def encode(self, number: int) -> bytes:
        """With the sequence number it travels under; a receipt is asked for."""
        body = b"".join(
            (
                b"\x00",
                *map(_address, (self.source, self.destination)),
                bytes((0x40 if self.is_with_header else 0, 0, 0)),
                b"\x00",
                self.validity.encode("ascii"),
                b"\x00",
                bytes((1, 0, self.coding, 0, len(self.octets))),
                self.octets,
            )
        )
        return _HEADER.pack(16 + len(body), _SUBMIT_SM, 0, number) + body


@dataclass(frozen=True)
class Answer:
    """A submit_sm_resp or generic_nack: to which message, with which status, and the id that it has there."""

    number: int
    status: int
    message_id: str


@dataclass(frozen=True)
class Brought:
    """A deliver_sm (section 4.6.1): a receipt, or what a phone wrote. ``receipted`` is the message id that a
    receipt names in its parameters, else empty."""

    number: int
    source: str
    esm_class: int
    data_coding: int
    octets: bytes
    receipted: str


def brought(raw: bytes, number: int) -> Brought:
    """Read one; raises the library's PDUError when its fields do not fit."""
    try:
        _, at = _text(raw, _HEADER.size)
        source, at = _text(raw, at + 2)
        _, at = _text(raw, at + 2)
        esm_class, at = raw[at], at + 3
        for _ in ("scheduled", "valid"):
            _, at = _text(raw, at)
        coding, length, at = raw[at + 2], raw[at + 4], at + 5
        parameters = dict(_parameters(raw, at + length))
    except (IndexError, ValueError, struct.error):
        raise exceptions.PDUError("deliver_sm") from None
    octets = raw[at : at + length] or parameters.get(_MESSAGE_PAYLOAD, b"")
    receipted = parameters.get(_RECEIPTED_MESSAGE_ID, b"").rstrip(b"\x00").decode("latin-1")
    return Brought(number, source, esm_class, coding, octets, receipted)


def _text(raw: bytes, at: int) -> tuple[str, int]:
    end = raw.index(b"\x00", at)
    return raw[at:end].decode("latin-1"), end + 1


def _parameters(raw: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at < len(raw):
        tag, length = _PARAMETER.unpack_from(raw, at)
        at += _PARAMETER.size
        if at + length > len(raw):
            raise ValueError("parameter")
        yield tag, raw[at : at + length]
        at += length


def taken(answers: Sequence[tuple[int, int]]) -> bytes:
    """deliver_sm_resp (section 4.6.2) for each sequence number and status, with the empty message id."""
    return b"".join(_TAKEN.pack(_TAKEN.size, _DELIVER_SM_RESP, status, number, 0) for number, status in answers)


def line(client: Any) -> socket.socket:
    """The library's connection; raises the library's ConnectionError when another thread has parted with it."""
    found: socket.socket | None = client._socket
    if found is None:
        raise exceptions.ConnectionError
    return found


class Reader:
    """Reads what a centre sends, as much at a time as has come."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._rest = b""

    def read(self) -> Iterator[Answer | Brought | Any]:
        """What has come since: answers, and the library's PDU of all else. Waits as long as the socket allows;
        raises TimeoutError, OSError, or the library's errors when it is no SMPP or the connection has ended."""
        octets = line(self._client).recv(READ)
        if not octets:
            raise exceptions.ConnectionError
        self._rest += octets
        start = 0
        try:
            while len(self._rest) - start >= _HEADER.size:
                length, command, status, number = _HEADER.unpack_from(self._rest, start)
                if not _HEADER.size <= length <= LONGEST:
                    raise exceptions.PDUError("length")
                if len(self._rest) - start < length:
                    return
                raw = self._rest[start : start + length]
                start += length
                yield self._pdu(raw, command, status, number)
        finally:
            self._rest = self._rest[start:]

    def _pdu(self, raw: bytes, command: int, status: int, number: int) -> Answer | Brought | Any:
        if command == _SUBMIT_SM_RESP:
            return Answer(number, status, raw[16:].partition(b"\x00")[0].decode("latin-1"))
        if command == _DELIVER_SM:
            return brought(raw, number)
        pdu = smpp.parse_pdu(raw, client=self._client, allow_unknown_opt_params=True)
        return Answer(number, status, "") if pdu.command == "generic_nack" else pdu


def _address(address: tuple[int, int, str]) -> bytes:
    kind, plan, text = address
    return bytes((kind, plan)) + text.encode("ascii") + b"\x00"
