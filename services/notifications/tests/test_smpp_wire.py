"""The octets of SMPP that are written here, beside what the library makes of them."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from smpplib import exceptions, smpp
from smpplib.client import Client

from imigr_kit.secret import Secret
from imigr_notifications.senders.smpp import SmppAccount, SmppSender
from imigr_notifications.senders.smpp_wire import Answer, Brought, Reader, Submit, brought, line, taken

LIBRARY = Client("127.0.0.1", 1, allow_unknown_opt_params=True)
RECEIPT = b"id:abc sub:001 dlvrd:001 submit date:2611241800 done date:2611241800 stat:DELIVRD err:000 text:"


@pytest.mark.parametrize("octets", [b"salut", bytes(range(1, 141)), b"\x05\x00\x03\x01\x02\x01" + b"x" * 134])
@pytest.mark.parametrize("with_header", [True, False])
def test_a_submit_sm_is_what_the_library_would_write(octets: bytes, with_header: bool) -> None:
    """The same octets, field by field."""
    ours = Submit((5, 0, "Commune"), (1, 1, "21620123456"), with_header, "000001000000000R", 8, octets)
    library = smpp.make_pdu(
        "submit_sm", client=LIBRARY, source_addr_ton=5, source_addr_npi=0, source_addr="Commune",
        dest_addr_ton=1, dest_addr_npi=1, destination_addr="21620123456", short_message=octets, data_coding=8,
        esm_class=0x40 if with_header else 0, registered_delivery=1, validity_period="000001000000000R",
    )  # fmt: skip
    library.sequence = 77
    assert ours.encode(77) == library.generate()


def delivered(*parameters: tuple[int, bytes], **more: Any) -> bytes:
    """A deliver_sm as the library writes it; optional parameters by hand, since it cannot write octets there."""
    fields: dict[str, Any] = {
        "source_addr": "21620123456",
        "destination_addr": "Commune",
        "short_message": RECEIPT,
        "esm_class": 4,
        "data_coding": 0,
    }
    pdu = smpp.make_pdu("deliver_sm", client=LIBRARY, **(fields | more))
    pdu.sequence = 9
    octets: bytes = pdu.generate() + b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in parameters)
    return struct.pack(">L", len(octets)) + octets[4:]


def test_a_deliver_sm_is_read() -> None:
    """A receipt with its id in the parameters, a text in its place, a text in the payload."""
    assert brought(delivered((0x1E, b"abc\0")), 9) == Brought(9, "21620123456", 4, 0, RECEIPT, "abc")
    assert brought(delivered(short_message=b"STOP", esm_class=0), 9).octets == b"STOP"
    assert brought(delivered((0x424, b"STOP"), short_message=b""), 9).octets == b"STOP"


def test_a_broken_deliver_sm_is_an_error_and_nothing_else() -> None:
    """Cut off anywhere, or of any octets: told as the library tells it, never another exception."""
    whole = delivered((0x1E, b"abc\0"))
    for octets in [whole[:end] for end in range(16, len(whole))] + [whole[:16] + os.urandom(60) for _ in range(200)]:
        try:
            brought(octets, 1)
        except exceptions.PDUError:
            continue


def test_an_acknowledgement_is_what_the_library_reads() -> None:
    """Several in one go."""
    first, second = taken([(9, 0), (10, 0x64)])[:17], taken([(9, 0), (10, 0x64)])[17:]
    for octets, number, status in ((first, 9, 0), (second, 10, 0x64)):
        pdu = smpp.parse_pdu(octets, client=LIBRARY)
        assert (pdu.command, pdu.sequence, pdu.status) == ("deliver_sm_resp", number, status)


@pytest.fixture
def joined() -> Iterator[tuple[socket.socket, Reader]]:
    """The centre's end of a connection, and who reads at the other."""
    ours, theirs = socket.socketpair()
    client = Client("127.0.0.1", 1, allow_unknown_opt_params=True)
    client._socket = ours
    yield theirs, Reader(client)
    ours.close()
    theirs.close()


def test_answers_cut_anywhere_are_put_together(joined: tuple[socket.socket, Reader]) -> None:
    """However the octets come, each answer is told once and in order."""
    centre, reader = joined
    answers = [Answer(number, number % 3, f"id-{number}") for number in range(1, 6)]
    octets = b"".join(
        struct.pack(">LLLL", 17 + len(one.message_id), 0x8000_0004, one.status, one.number)
        + one.message_id.encode()
        + b"\0"
        for one in answers
    )
    found: list[Any] = []
    for octet in octets:
        centre.sendall(bytes([octet]))
        found += reader.read()
    assert found == answers


@pytest.mark.parametrize("octets", [b"\x00\x00\x00\x01" + b"\x00" * 12, b"\xff" * 16, b"HTTP/1.1 400 Bad"])
def test_what_is_no_smpp_ends_the_bind(joined: tuple[socket.socket, Reader], octets: bytes) -> None:
    """A length that cannot be is an error at once."""
    centre, reader = joined
    centre.sendall(octets)
    with pytest.raises(exceptions.PDUError):
        list(reader.read())


def test_a_line_that_another_thread_has_parted_with_is_a_lost_line() -> None:
    """The library sets its socket to nothing when it disconnects; that is an error like any loss, not a surprise that
    would end a thread."""
    parted = Client("127.0.0.1", 1, allow_unknown_opt_params=True)
    with pytest.raises(exceptions.ConnectionError):
        list(Reader(parted).read())
    sender = SmppSender(SmppAccount("127.0.0.1", 1, "x", Secret("x"), "x"), lambda _receipts: None)
    sender._acknowledge(parted, [(1, 0)])
    with pytest.raises(exceptions.ConnectionError):
        line(parted)
    assert sender._submit(parted, [Submit((1, 1, "1"), (1, 1, "2"), False, "", 0, b"x")]) == [None]
