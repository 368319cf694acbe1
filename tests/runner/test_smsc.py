"""The SMS centre of the local runner, byte by byte (SMPP 3.4) and with a client library of its own making."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import smpplib.client
import smpplib.consts
from imigr_peers.behaviour import Behaviour
from imigr_peers.mailbox import Mailbox
from imigr_peers.smsc import Account, Centre

PASSWORD = "s3cret"
BIND_BODY = b"imigr\0" + PASSWORD.encode() + b"\0" + b"\0" + b"\x34\x00\x00" + b"\0"


class Wire:
    """A bare connection that speaks in frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, command: int, sequence: int, body: bytes = b"") -> None:
        self._writer.write(struct.pack(">IIII", 16 + len(body), command, 0, sequence) + body)
        await self._writer.drain()

    async def hear(self) -> tuple[int, int, int, bytes]:
        """command, status, sequence, body."""
        head = await asyncio.wait_for(self._reader.readexactly(16), 5)
        length, command, status, sequence = struct.unpack(">IIII", head)
        return command, status, sequence, await self._reader.readexactly(length - 16)

    async def ask(self, command: int, body: bytes = b"", sequence: int = 7) -> tuple[int, int, int, bytes]:
        await self.say(command, sequence, body)
        return await self.hear()

    def leave(self) -> None:
        """Gone without a word."""
        self._writer.close()

    async def is_closed(self) -> bool:
        return await asyncio.wait_for(self._reader.read(1), 5) == b""


class Place:
    """A centre with its mailbox, and connections to it."""

    def __init__(self, folder: Path) -> None:
        self.mailbox = Mailbox(folder / "received.jsonl")
        self.behaviour = Behaviour()
        self.port = 0
        self._centre = Centre(Account("imigr", PASSWORD), self.mailbox, self.behaviour)

    async def open(self) -> asyncio.Server:
        server = await self._centre.serve("127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def connect(self, *, bind: int | None = 0x02) -> Wire:
        """Bound as a transmitter unless said otherwise."""
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self.port))
        if bind is not None:
            assert (await wire.ask(bind, BIND_BODY))[1] == 0
        return wire

    def texts(self) -> list[str]:
        return [one.text for one in self.mailbox.find()]


Scenario = Callable[[Place], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scenario], Place]:
    def run(scenario: Scenario) -> Place:
        place = Place(tmp_path)

        async def around() -> None:
            server = await place.open()
            try:
                await asyncio.wait_for(scenario(place), 20)
            finally:
                server.close()

        asyncio.run(around())
        return place

    return run


def submit(
    octets: bytes, *, coding: int = 0, esm_class: int = 0, receipt: int = 0, to: bytes = b"21620123456"
) -> bytes:
    """Body of submit_sm, written out field by field (section 4.4.1)."""
    addresses = b"\0" + b"\x05\x00" + b"IMIGR\0" + b"\x01\x01" + to + b"\0"
    rest = bytes([esm_class, 0, 0]) + b"\0" + b"\0" + bytes([receipt, 0, coding, 0, len(octets)])
    return addresses + rest + octets


def test_a_wrong_password_is_refused_and_the_right_one_bound(play: Callable[[Scenario], Place]) -> None:
    """ESME_RINVPASWD is 0x0E; bind_transceiver_resp is 0x80000009 with the same sequence number."""

    async def scenario(place: Place) -> None:
        wire = await place.connect(bind=None)
        wrong = BIND_BODY.replace(PASSWORD.encode(), b"nothing")
        assert await wire.ask(0x09, wrong, sequence=1) == (0x80000009, 0x0E, 1, b"")
        command, status, sequence, body = await wire.ask(0x09, BIND_BODY, sequence=2)
        assert (command, status, sequence) == (0x80000009, 0, 2)
        assert body.startswith(b"imigr-smsc\0")
        assert (await wire.ask(0x09, BIND_BODY))[1] == 0x05

    play(scenario)


def test_an_unknown_system_id_is_refused(play: Callable[[Scenario], Place]) -> None:
    """ESME_RINVSYSID is 0x0F."""

    async def scenario(place: Place) -> None:
        wire = await place.connect(bind=None)
        assert (await wire.ask(0x02, BIND_BODY.replace(b"imigr", b"other")))[1] == 0x0F

    play(scenario)


@pytest.mark.parametrize("bind", [None, 0x01])
def test_only_a_transmitter_submits(play: Callable[[Scenario], Place], bind: int | None) -> None:
    """Unbound or bound as receiver: ESME_RINVBNDSTS, 0x04."""

    async def scenario(place: Place) -> None:
        wire = await place.connect(bind=bind)
        assert (await wire.ask(0x04, submit(b"Hello")))[:2] == (0x80000004, 0x04)

    assert play(scenario).texts() == []


def test_the_gsm_alphabet_is_read_with_its_extension(play: Callable[[Scenario], Place]) -> None:
    """0x1B announces a second table: 0x1B 0x65 is the euro sign, 0x05 is é, 0x00 is @."""

    async def scenario(place: Place) -> None:
        wire = await place.connect()
        command, status, sequence, body = await wire.ask(0x04, submit(b"caf\x05 2\x1b\x65 \x00"))
        assert (command, status, sequence) == (0x80000004, 0, 7)
        assert len(body.rstrip(b"\0")) == 32

    (message,) = play(scenario).mailbox.find()
    assert (message.text, message.to, message.sender) == ("café 2€ @", "+21620123456", "IMIGR")
    assert (message.encoding, message.direction) == ("gsm-7", "ltr")


def test_the_parts_of_a_long_arabic_message_are_joined(play: Callable[[Scenario], Place]) -> None:
    """UCS-2 parts with an 8-bit reference, arriving in the wrong order, make one right-to-left text."""
    words = "موعدك في المرسى يوم الإثنين على الساعة التاسعة صباحا " * 3
    octets = words.encode("utf-16-be")
    halves = [octets[:134], octets[134:268], octets[268:]]

    async def scenario(place: Place) -> None:
        wire = await place.connect()
        for number in (2, 3, 1):
            header = bytes([5, 0x00, 3, 0xA7, 3, number])
            body = submit(header + halves[number - 1], coding=8, esm_class=0x40)
            assert (await wire.ask(0x04, body))[1] == 0
            assert (place.texts() == []) is (number != 1)

    (message,) = play(scenario).mailbox.find()
    assert message.text == words
    assert (message.parts, message.encoding, message.direction) == (3, "ucs-2", "rtl")


def test_long_messages_of_two_senders_are_kept_apart(play: Callable[[Scenario], Place]) -> None:
    """The reference counts per destination: equal references to two numbers are two messages."""

    async def scenario(place: Place) -> None:
        wire = await place.connect()
        for number, word in ((1, b"one "), (2, b"two")):
            for to in (b"21620000001", b"21620000002"):
                header = bytes([6, 0x08, 4, 0, 9, 2, number])
                await wire.ask(0x04, submit(header + word + to[-1:], esm_class=0x40, to=to))

    assert sorted(play(scenario).texts()) == ["one 1two1", "one 2two2"]


def test_a_receipt_that_nobody_acknowledged_is_brought_again(play: Callable[[Scenario], Place]) -> None:
    """To whoever binds next, when the first receiver died with it; after an acknowledgement it is over."""

    async def scenario(place: Place) -> None:
        first = await place.connect(bind=0x09)
        await first.ask(0x04, submit(b"Hello", receipt=1))
        _, _, number, receipt = await first.hear()
        first.leave()
        second = await place.connect(bind=0x09)
        command, _, number, again = await second.hear()
        assert (command, again) == (0x05, receipt)
        await second.say(0x80000005, number, b"\0")
        second.leave()
        third = await place.connect(bind=0x09)
        assert (await third.ask(0x15))[0] == 0x80000015

    play(scenario)


def test_a_receipt_follows_the_answer_when_it_is_asked_for(play: Callable[[Scenario], Place]) -> None:
    """deliver_sm, esm_class 0x04, text of appendix B, and the id as optional parameter 0x001E."""

    async def scenario(place: Place) -> None:
        wire = await place.connect(bind=0x09)
        _, _, _, answer = await wire.ask(0x04, submit(b"Hello", receipt=1))
        message_id = answer.rstrip(b"\0")
        command, _, sequence, body = await wire.hear()
        assert command == 0x05
        assert b"id:" + message_id + b" " in body
        assert b"stat:DELIVRD err:000" in body
        assert b"\x00\x1e" + struct.pack(">H", len(message_id) + 1) + message_id + b"\0" in body
        await wire.say(0x80000005, sequence, b"\0")
        assert (await wire.ask(0x15))[0] == 0x80000015

    play(scenario)


def test_an_undeliverable_message_is_reported_and_not_shown(play: Callable[[Scenario], Place]) -> None:
    """registered_delivery 2 asks for failures only."""

    async def scenario(place: Place) -> None:
        place.behaviour.change({"undeliverable": ["+21620123456"]})
        wire = await place.connect(bind=0x09)
        await wire.ask(0x04, submit(b"Hello", receipt=2))
        _, _, _, body = await wire.hear()
        assert b"stat:UNDELIV" in body

    assert play(scenario).texts() == []


def test_a_throttled_client_is_told_and_nothing_is_taken(play: Callable[[Scenario], Place]) -> None:
    """ESME_RTHROTTLED is 0x58."""

    async def scenario(place: Place) -> None:
        place.behaviour.change({"throttle_next": 1})
        wire = await place.connect()
        assert (await wire.ask(0x04, submit(b"first")))[1] == 0x58
        assert (await wire.ask(0x04, submit(b"second")))[1] == 0

    assert play(scenario).texts() == ["second"]


def test_a_rate_limit_lets_so_many_through_each_second(play: Callable[[Scenario], Place]) -> None:
    """The third of three quick messages meets a limit of two."""

    async def scenario(place: Place) -> None:
        place.behaviour.change({"per_second": 2})
        wire = await place.connect()
        assert [(await wire.ask(0x04, submit(b"x")))[1] for _ in range(3)] == [0, 0, 0x58]

    assert len(play(scenario).texts()) == 2


def test_an_answer_can_be_kept_back_although_the_message_was_taken(play: Callable[[Scenario], Place]) -> None:
    """The doubt that every sender must live with: sent, but not known to be."""

    async def scenario(place: Place) -> None:
        place.behaviour.change({"silent_next": 1})
        wire = await place.connect()
        await wire.say(0x04, 8, submit(b"Hello"))
        assert (await wire.ask(0x15, sequence=9))[:3] == (0x80000015, 0, 9)

    assert play(scenario).texts() == ["Hello"]


def test_an_unknown_command_gets_a_generic_nack(play: Callable[[Scenario], Place]) -> None:
    """ESME_RINVCMDID, 0x03, with the sequence number of the stranger."""

    async def scenario(place: Place) -> None:
        wire = await place.connect()
        assert await wire.ask(0x0103, b"?", sequence=31) == (0x80000000, 0x03, 31, b"")

    play(scenario)


def test_a_body_cut_short_is_refused_and_the_session_goes_on(play: Callable[[Scenario], Place]) -> None:
    """ESME_RINVCMDLEN, 0x02."""

    async def scenario(place: Place) -> None:
        wire = await place.connect()
        assert (await wire.ask(0x04, submit(b"Hello")[:-2]))[1] == 0x02
        assert (await wire.ask(0x15))[1] == 0

    assert play(scenario).texts() == []


def test_a_length_beyond_reason_ends_the_connection(play: Callable[[Scenario], Place]) -> None:
    """The centre never waits for gigabytes."""

    async def scenario(place: Place) -> None:
        wire = await place.connect()
        wire._writer.write(struct.pack(">IIII", 0x7FFFFFFF, 4, 0, 1))
        assert (await wire.hear())[:2] == (0x80000000, 0x02)
        assert await wire.is_closed()

    play(scenario)


def test_unbind_is_answered_before_the_connection_closes(play: Callable[[Scenario], Place]) -> None:
    """unbind_resp is 0x80000006."""

    async def scenario(place: Place) -> None:
        wire = await place.connect()
        assert (await wire.ask(0x06))[:2] == (0x80000006, 0)
        assert await wire.is_closed()

    play(scenario)


def test_a_client_library_of_others_is_understood(play: Callable[[Scenario], Place]) -> None:
    """smpplib binds, submits and reads its message id."""

    def talk(port: int) -> None:
        client = smpplib.client.Client("127.0.0.1", port, timeout=5, allow_unknown_opt_params=True)
        ids: list[bytes] = []
        client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id))
        client.connect()
        client.bind_transceiver(system_id="imigr", password=PASSWORD)
        client.send_message(
            source_addr="IMIGR",
            destination_addr="21620123456",
            short_message="مرحبا".encode("utf-16-be"),
            data_coding=smpplib.consts.SMPP_ENCODING_ISO10646,
            registered_delivery=False,
        )
        client.read_once()
        assert len(ids[0]) == 32
        client.unbind()
        client.disconnect()

    async def scenario(place: Place) -> None:
        await asyncio.to_thread(talk, place.port)

    assert play(scenario).texts() == ["مرحبا"]
