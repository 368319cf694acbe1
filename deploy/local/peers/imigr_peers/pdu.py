"""Bytes of SMPP 3.4: header, C-octet strings, optional parameters (SMPP v3.4, sections 3 to 5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

HEADER = struct.Struct(">IIII")
LONGEST = 65_536
RESPONSE = 0x80000000


class Command:
    """command_id values (section 5.1.2.1)."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_TRANSMITTER = 0x00000002
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    BIND_TRANSCEIVER = 0x00000009
    ENQUIRE_LINK = 0x00000015


class Status:
    """command_status values (section 5.1.3)."""

    OK = 0x00000000
    INVALID_LENGTH = 0x00000002
    INVALID_COMMAND = 0x00000003
    WRONG_BIND_STATE = 0x00000004
    ALREADY_BOUND = 0x00000005
    SYSTEM_ERROR = 0x00000008
    INVALID_DESTINATION = 0x0000000B
    INVALID_PASSWORD = 0x0000000E
    INVALID_SYSTEM_ID = 0x0000000F
    SUBMIT_FAILED = 0x00000045
    THROTTLED = 0x00000058


class Tag:
    """Tags of optional parameters (section 5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class Malformed(ValueError):
    """The bytes are no PDU of this kind."""


@dataclass(frozen=True)
class Pdu:
    """One protocol data unit; the body is still bytes."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body

    def answer(self, status: int = Status.OK, body: bytes = b"") -> Pdu:
        """The response PDU with the same sequence number."""
        return Pdu(self.command | RESPONSE, status, self.sequence, body)


class Reader:
    """Takes fields off a body, from left to right; raises Malformed at its end."""

    def __init__(self, body: bytes) -> None:
        self._body, self._place = body, 0

    def text(self) -> str:
        """A C-octet string: Latin letters up to a zero octet."""
        end = self._body.find(b"\0", self._place)
        if end < 0:
            raise Malformed("a string without its final zero")
        octets = self._body[self._place : end]
        self._place = end + 1
        return octets.decode("latin-1")

    def octet(self) -> int:
        return self.octets(1)[0]

    def octets(self, count: int) -> bytes:
        taken = self._body[self._place : self._place + count]
        if len(taken) != count:
            raise Malformed("the body ends too early")
        self._place += count
        return taken

    def parameters(self) -> dict[int, bytes]:
        """All that is left, as optional parameters by tag."""
        found: dict[int, bytes] = {}
        while self._place < len(self._body):
            tag, length = struct.unpack(">HH", self.octets(4))
            found[tag] = self.octets(length)
        return found


@dataclass(frozen=True)
class Bind:
    """Body of the three bind requests (section 4.1)."""

    system_id: str
    password: str

    @classmethod
    def decode(cls, body: bytes) -> Bind:
        reader = Reader(body)
        return cls(reader.text(), reader.text())


@dataclass(frozen=True)
class Submit:
    """What the centre needs of submit_sm (section 4.4)."""

    source: str
    destination: str
    esm_class: int
    registered_delivery: int
    data_coding: int
    octets: bytes
    parameters: dict[int, bytes] = field(default_factory=dict)

    @property
    def has_header(self) -> bool:
        """True when the octets begin with a user data header (esm_class, bit 6)."""
        return bool(self.esm_class & 0x40)

    @classmethod
    def decode(cls, body: bytes) -> Submit:
        reader = Reader(body)
        reader.text()  # service_type
        reader.octets(2)  # source ton and npi
        source = reader.text()
        reader.octets(2)  # destination ton and npi
        destination = reader.text()
        esm_class = reader.octet()
        reader.octets(2)  # protocol_id, priority_flag
        reader.text()  # schedule_delivery_time
        reader.text()  # validity_period
        registered = reader.octet()
        reader.octet()  # replace_if_present_flag
        coding = reader.octet()
        reader.octet()  # sm_default_msg_id
        octets = reader.octets(reader.octet())
        parameters = reader.parameters()
        octets = octets or parameters.get(Tag.MESSAGE_PAYLOAD, b"")
        return cls(source, destination, esm_class, registered, coding, octets, parameters)


def text(value: str) -> bytes:
    """A C-octet string."""
    return value.encode("latin-1") + b"\0"


def parameter(tag: int, value: bytes) -> bytes:
    """An optional parameter."""
    return struct.pack(">HH", tag, len(value)) + value


def deliver_receipt(message_id: str, submit: Submit, words: str, state: int) -> bytes:
    """Body of a deliver_sm that reports what became of a message (section 4.6 and appendix B)."""
    octets = words.encode("ascii")
    head = text("") + b"\x01\x01" + text(submit.destination) + b"\x01\x01" + text(submit.source)
    head += b"\x04\x00\x00" + text("") + text("") + b"\x00\x00\x00\x00" + bytes([len(octets)]) + octets
    known = parameter(Tag.RECEIPTED_MESSAGE_ID, text(message_id))
    return head + known + parameter(Tag.MESSAGE_STATE, bytes([state]))


def deliver_message(source: str, destination: str, words: str) -> bytes:
    """Body of a deliver_sm with what a phone wrote, in UCS-2 (section 4.6)."""
    octets = words.encode("utf-16-be")[:254]
    head = text("") + b"\x01\x01" + text(source.lstrip("+")) + b"\x01\x01" + text(destination)
    return head + b"\x00\x00\x00" + text("") + text("") + b"\x00\x00\x08\x00" + bytes([len(octets)]) + octets
