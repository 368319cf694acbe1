"""An SMS centre that speaks SMPP 3.4 and delivers into the mailbox; shares no code with any client."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import sys
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from imigr_peers.alphabet import PartOf, UnknownCoding, decode, split_header
from imigr_peers.behaviour import Behaviour
from imigr_peers.mailbox import Mailbox, Received, direction
from imigr_peers.pdu import (
    HEADER,
    LONGEST,
    RESPONSE,
    Bind,
    Command,
    Malformed,
    Pdu,
    Status,
    Submit,
    Tag,
    deliver_receipt,
    parameter,
    text,
)

NAME = "imigr-smsc"
IDLE_SECONDS = 120.0
AGAIN_SECONDS = 1.0
DELIVERED, UNDELIVERABLE = 2, 5
BINDS = (Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER)


@dataclass(frozen=True)
class Account:
    """Who may bind."""

    system_id: str
    password: str


class Centre:
    """Everything the sessions share: account, mailbox, unfinished long messages, receivers of receipts."""

    def __init__(self, account: Account, mailbox: Mailbox, behaviour: Behaviour) -> None:
        self.account, self.behaviour = account, behaviour
        self.receivers: list[Session] = []
        self._waiting: list[bytes] = []
        self._mailbox = mailbox
        self._unfinished: dict[tuple[str, str, int, int], dict[int, bytes]] = {}

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listens; each connection is a session of its own."""
        return await asyncio.start_server(lambda reader, writer: Session(self, reader, writer).run(), host, port)

    def bring(self, receipt: bytes, first: Session | None = None) -> None:
        """To the session that asked, else to any that can receive, else to the next that binds: a receipt that
        nobody acknowledged is brought again."""
        target = first if first in self.receivers else next(iter(self.receivers), None)
        if target is None:
            self._waiting.append(receipt)
        else:
            target.bring(receipt)

    def joined(self, session: Session) -> None:
        """A receiver is there, and gets what waited."""
        self.receivers.append(session)
        waiting, self._waiting = self._waiting, []
        for receipt in waiting:
            session.bring(receipt)

    def left(self, session: Session, unacknowledged: Iterable[bytes]) -> None:
        """A receiver is gone, with what it did not acknowledge."""
        if session in self.receivers:
            self.receivers.remove(session)
        for receipt in unacknowledged:
            self.bring(receipt)

    def accept(self, submit: Submit) -> str:
        """Takes one message or part; returns its id. Raises UnknownCoding."""
        message_id = uuid.uuid4().hex
        part, octets = split_header(submit.octets) if submit.has_header else (_sar(submit), submit.octets)
        if part is None:
            self._deliver(submit, octets, message_id, 1)
            return message_id
        decode(octets, submit.data_coding)
        key = (submit.source, submit.destination, part.reference, part.total)
        parts = self._unfinished.setdefault(key, {})
        parts[part.number] = octets
        if len(parts) == part.total:
            del self._unfinished[key]
            whole = b"".join(octets for _, octets in sorted(parts.items()))
            self._deliver(submit, whole, message_id, part.total)
        return message_id

    def _deliver(self, submit: Submit, octets: bytes, message_id: str, parts: int) -> None:
        words, encoding = decode(octets, submit.data_coding)
        self._mailbox.add(
            Received(
                id=message_id,
                channel="sms",
                sender=submit.source,
                to=_international(submit.destination),
                subject="",
                text=words,
                direction=direction(words),
                parts=parts,
                encoding=encoding,
                received_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            )
        )


def _sar(submit: Submit) -> PartOf | None:
    """Long messages may also be told by optional parameters instead of a header."""
    found = [submit.parameters.get(tag) for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)]
    if None in found:
        return None
    reference, total, number = (int.from_bytes(one or b"", "big") for one in found)
    return PartOf(reference, total, number)


def _international(number: str) -> str:
    return number if number.startswith("+") or not number.isdigit() else f"+{number}"


class Session:
    """One client connection: unbound, then transmitter, receiver or transceiver."""

    def __init__(self, centre: Centre, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._centre, self._reader, self._writer = centre, reader, writer
        self._bound: int | None = None
        self._numbers = itertools.count(1)
        self._brought: dict[int, bytes] = {}
        self._handlers: dict[int, Callable[[Pdu], Pdu | None]] = {
            Command.SUBMIT_SM: self._submit,
            Command.ENQUIRE_LINK: lambda pdu: pdu.answer(),
            Command.UNBIND: self._unbind,
            **dict.fromkeys(BINDS, self._bind),
        }

    async def run(self) -> None:
        """Until the client leaves, says nonsense, or stays silent for two minutes."""
        try:
            while not self._writer.is_closing():
                pdu = await asyncio.wait_for(self._read(), IDLE_SECONDS)
                await self._handle(pdu)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        except Malformed as problem:
            print(f"smsc: closed a connection: {problem}", file=sys.stderr, flush=True)
        finally:
            self._centre.left(self, self._brought.values())
            self._writer.close()

    async def _read(self) -> Pdu:
        head = await self._reader.readexactly(HEADER.size)
        length, command, status, sequence = HEADER.unpack(head)
        if not HEADER.size <= length <= LONGEST:
            self._writer.write(Pdu(Command.GENERIC_NACK, Status.INVALID_LENGTH, 0).encode())
            raise Malformed(f"a PDU of {length} octets")
        return Pdu(command, status, sequence, await self._reader.readexactly(length - HEADER.size))

    async def _handle(self, pdu: Pdu) -> None:
        if pdu.command & RESPONSE:
            self._acknowledged(pdu)
            return
        handler = self._handlers.get(pdu.command)
        try:
            answer = handler(pdu) if handler else _refused(pdu)
        except Malformed:
            answer = pdu.answer(Status.INVALID_LENGTH)
        if answer is not None:
            self.send(answer)
            await self._writer.drain()
        if pdu.command == Command.UNBIND:
            self._writer.close()

    def _acknowledged(self, pdu: Pdu) -> None:
        receipt = self._brought.pop(pdu.sequence, None)
        if receipt is not None and pdu.status != Status.OK:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._centre.bring, receipt)

    def bring(self, receipt: bytes) -> None:
        """A deliver_sm, remembered until it is acknowledged."""
        number = next(self._numbers)
        self._brought[number] = receipt
        self.send(Pdu(Command.DELIVER_SM, Status.OK, number, receipt))

    def send(self, pdu: Pdu) -> None:
        self._writer.write(pdu.encode())

    def _bind(self, pdu: Pdu) -> Pdu:
        if self._bound is not None:
            return pdu.answer(Status.ALREADY_BOUND)
        wanted, account = Bind.decode(pdu.body), self._centre.account
        if wanted.system_id != account.system_id:
            return pdu.answer(Status.INVALID_SYSTEM_ID)
        if not hmac.compare_digest(wanted.password.encode(), account.password.encode()):
            return pdu.answer(Status.INVALID_PASSWORD)
        self._bound = pdu.command
        if pdu.command != Command.BIND_TRANSMITTER:
            asyncio.get_running_loop().call_soon(self._centre.joined, self)
        return pdu.answer(body=text(NAME) + parameter(Tag.SC_INTERFACE_VERSION, b"\x34"))

    def _unbind(self, pdu: Pdu) -> Pdu:
        return pdu.answer(Status.OK if self._bound is not None else Status.WRONG_BIND_STATE)

    def _submit(self, pdu: Pdu) -> Pdu | None:
        behaviour = self._centre.behaviour
        if self._bound not in {Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER}:
            return pdu.answer(Status.WRONG_BIND_STATE)
        if behaviour.is_throttled():
            return pdu.answer(Status.THROTTLED)
        if behaviour.wants("fail"):
            return pdu.answer(Status.SYSTEM_ERROR)
        submit = Submit.decode(pdu.body)
        if not submit.destination.lstrip("+").isdigit():
            return pdu.answer(Status.INVALID_DESTINATION)
        return self._take(pdu, submit)

    def _take(self, pdu: Pdu, submit: Submit) -> Pdu | None:
        behaviour = self._centre.behaviour
        delivered = _international(submit.destination) not in behaviour.undeliverable
        try:
            message_id = self._centre.accept(submit) if delivered else uuid.uuid4().hex
        except UnknownCoding as problem:
            print(f"smsc: refused a message: {problem}", file=sys.stderr, flush=True)
            return pdu.answer(Status.SUBMIT_FAILED)
        self._report(submit, message_id, delivered=delivered)
        silent = behaviour.wants("silent")
        return None if silent else pdu.answer(body=text(message_id))

    def _report(self, submit: Submit, message_id: str, *, delivered: bool) -> None:
        """registered_delivery (section 5.2.17): 1 asks for every outcome, 2 for failures only."""
        asked = submit.registered_delivery & 0x03
        if asked not in {1, 2} or (asked == 2 and delivered):
            return
        now = f"{datetime.now(UTC):%y%m%d%H%M}"
        word, error = ("DELIVRD", "000") if delivered else ("UNDELIV", "001")
        words = f"id:{message_id} sub:001 dlvrd:00{int(delivered)} submit date:{now} done date:{now}"
        words += f" stat:{word} err:{error} text:"
        body = deliver_receipt(message_id, submit, words, DELIVERED if delivered else UNDELIVERABLE)
        asyncio.get_running_loop().call_soon(self._centre.bring, body, self)


def _refused(pdu: Pdu) -> Pdu:
    return Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND, pdu.sequence)
