"""SMS by SMPP 3.4: one bind that is kept open, receipts as they come, all waits bounded."""

from __future__ import annotations

import logging
import queue
import socket
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smpplib import consts, exceptions, smpp
from smpplib.client import Client

from imigr_kit.logs import get_logger
from imigr_kit.secret import Secret
from imigr_notifications.figures import INBOUND
from imigr_notifications.ports import (
    HandOver,
    HandOverAll,
    NotWanted,
    Outcome,
    Outgoing,
    Receipt,
    Refused,
    Taken,
    Unreachable,
)
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.senders.inbound import read_inbound
from imigr_notifications.senders.smpp_window import RECEIPT, Load, Window, outcome_of, read_receipt, validity, windows
from imigr_notifications.senders.smpp_wire import Answer, Brought, Reader, Submit, line, taken
from imigr_notifications.sms_text import Alphabet, Sms, TextTooLong, cut, encoded

log = get_logger(__name__)

ANSWER_SECONDS = 5.0
SILENCE_SECONDS = 10.0
"""After so long without a word the centre is asked whether it is there; a second silence ends the bind."""
ROUND = 200
"""Receipts that are stored together."""
BROUGHT = 1_000
"""What the centre may bring before it is asked to wait."""
RECONNECT_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)

_TEMPORARY_TROUBLE = 0x64
"""ESME_RX_T_APPN: asks the centre to bring a receipt again later."""
_NUMBER = (consts.SMPP_TON_INTL, consts.SMPP_NPI_ISDN)
_NAME = (consts.SMPP_TON_ALNUM, consts.SMPP_NPI_UNK)
_LIBRARY_LOG = "imigr.smpp"

_TROUBLE = (OSError, exceptions.ConnectionError, exceptions.PDUError, exceptions.UnknownCommandError)


@dataclass(frozen=True)
class SmppAccount:
    """Where to bind, and as whom; ``sender`` is shown on phones: up to 11 letters, or a number."""

    host: str
    port: int
    system_id: str
    password: Secret[str]
    sender: str
    window: int = 16
    """Parts that may wait for their answer at a time."""


class SmppSender:
    """Keeps a transceiver bind to an SMS centre and shares it among all senders of the process.

    One thread connects, binds and reads: answers go to the senders that wait for them, receipts to
    ``on_receipts``, as many as have come; they are acknowledged only after that returned, so none is lost.
    """

    def __init__(
        self,
        account: SmppAccount,
        on_receipts: Callable[[Sequence[Receipt]], None],
        on_inbound: Callable[[Inbound], None] | None = None,
    ) -> None:
        self._account = account
        self._on_receipts = on_receipts
        self._on_inbound = on_inbound
        self._client: Any = None
        self._waiting: dict[int, tuple[Window, int]] = {}
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._brought: queue.Queue[tuple[Any, Brought]] = queue.Queue(BROUGHT)
        self._thread = threading.Thread(target=self._keep_bound, name="smpp", daemon=True)
        self._taker = threading.Thread(target=self._take_all, name="smpp-brought", daemon=True)
        library = logging.getLogger(_LIBRARY_LOG)
        library.setLevel(logging.CRITICAL)  # its debug lines hold numbers and texts

    def start(self) -> None:
        """Begin to bind; returns at once."""
        self._thread.start()
        self._taker.start()

    def close(self) -> None:
        """End the bind."""
        self._closing.set()
        client = self._client
        if client is not None:
            self._part(client)
        for thread in (self._thread, self._taker):
            if thread.is_alive():
                thread.join(ANSWER_SECONDS)

    @property
    def is_bound(self) -> bool:
        """True while messages can be sent."""
        return self._client is not None

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """One message; its part ids. Raises a DeliveryError."""
        found = self.send_many([outgoing], lambda parts: [one for one, number in parts.items() if hand_over(number)])
        outcome = found.get(outgoing.message_id)
        if isinstance(outcome, Taken):
            return outcome.ids
        raise outcome or NotWanted("not_wanted")

    def send_many(self, batch: Sequence[Outgoing], hand_over: HandOverAll) -> Mapping[str, Outcome]:
        """All messages, a window at a time. What a window holds leaves together, so a crash cannot come between
        the parts of a message, and the centre is never owed more answers than the window is wide."""
        outcomes: dict[str, Outcome] = {}
        loads = []
        for outgoing in batch:
            try:
                loads.append(self._load(outgoing))
            except TextTooLong:
                outcomes[outgoing.message_id] = Refused("too_long")
        for window in windows(loads, self._account.window):
            outcomes |= self._send_window(window, hand_over)
        return outcomes

    def _send_window(self, window: Sequence[Load], hand_over: HandOverAll) -> Mapping[str, Outcome]:
        client = self._client
        if client is None:
            return {load.id: Unreachable("smpp_unbound", taken=load.taken) for load in window}
        allowed = hand_over({load.id: load.parts for load in window})
        going = [load for load in window if load.id in allowed]
        answers = self._submit(client, [one for load in going for one in load.left])
        outcomes: dict[str, Outcome] = {}
        for load in going:
            mine, answers = answers[: len(load.left)], answers[len(load.left) :]
            outcomes[load.id] = outcome_of(mine, load.taken)
        return outcomes

    def _load(self, outgoing: Outgoing) -> Load:
        sms = cut(outgoing.body.reveal())
        all_parts = [self._part_of(outgoing, sms, number) for number in range(1, len(sms.parts) + 1)]
        return Load(outgoing.message_id, len(all_parts), all_parts[len(outgoing.taken) :], outgoing.taken)

    def _submit(self, client: Any, parts: Sequence[Submit]) -> Sequence[Answer | None]:
        """Write them in one go; their answers, as far as they came in time and the bind held."""
        window = Window(len(parts))
        if not parts:
            return ()
        with self._writing:
            numbers = [client.next_sequence() for _ in parts]
            self._waiting.update({number: (window, place) for place, number in enumerate(numbers)})
            try:
                line(client).sendall(b"".join(map(Submit.encode, parts, numbers)))
            except _TROUBLE:
                self._part(client)
                window.done.set()
        window.done.wait(ANSWER_SECONDS)
        for number in numbers:
            self._waiting.pop(number, None)
        return list(window.answers)

    def _part_of(self, outgoing: Outgoing, sms: Sms, number: int) -> Submit:
        """One submit_sm. The reference of a long message is made from its id, so that a part sent again
        completes the same message on the phone."""
        reference = zlib.crc32(outgoing.message_id.encode()) & 0xFF
        header = bytes([5, 0, 3, reference, len(sms.parts), number]) if len(sms.parts) > 1 else b""
        sender = self._account.sender.lstrip("+")
        return Submit(
            source=(*(_NUMBER if sender.isdigit() else _NAME), sender),
            destination=(*_NUMBER, outgoing.address.reveal().lstrip("+")),
            is_with_header=bool(header),
            validity=validity(outgoing.valid_seconds),
            coding=0x08 if sms.alphabet is Alphabet.UCS2 else 0x00,
            octets=header + encoded(sms.parts[number - 1], sms.alphabet),
        )

    def _keep_bound(self) -> None:
        failures = 0
        while not self._closing.is_set():
            client = self._bind()
            if client is not None:
                failures = 0
                self._client = client
                self._read(client)
                self._client = None
                self._part(client)
            self._give_up_waiting()
            self._closing.wait(RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)])
            failures += 1

    def _bind(self) -> Any:
        account = self._account
        client = Client(
            account.host,
            account.port,
            timeout=ANSWER_SECONDS,
            allow_unknown_opt_params=True,
            logger_name=_LIBRARY_LOG,
        )
        try:
            client.connect()
            client.bind_transceiver(system_id=account.system_id, password=account.password.reveal())
            client._socket.settimeout(SILENCE_SECONDS)
            client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except _TROUBLE as error:
            status = error.args[1] if len(error.args) > 1 else None
            log.warning("smpp.not_bound", reason=type(error).__name__, status=status)
            self._part(client)
            return None
        log.info("smpp.bound")
        return client

    def _read(self, client: Any) -> None:
        """Until the bind is lost."""
        asked, reader = False, Reader(client)
        while not self._closing.is_set():
            try:
                for found in reader.read():
                    asked = False
                    self._handle(client, found)
            except TimeoutError:
                if asked or not self._ask(client):
                    log.warning("smpp.silent")
                    return
                asked = True
            except _TROUBLE as error:
                if not self._closing.is_set():
                    log.warning("smpp.lost", reason=type(error).__name__)
                return

    def _handle(self, client: Any, pdu: Any) -> None:
        if isinstance(pdu, Answer):
            window, place = self._waiting.pop(pdu.number, (None, 0))
            if window is not None:
                window.put(place, pdu)
        elif isinstance(pdu, Brought):
            try:
                self._brought.put_nowait((client, pdu))
            except queue.Full:
                self._acknowledge(client, [(pdu.number, _TEMPORARY_TROUBLE)])
        elif pdu.command in {"enquire_link", "unbind"}:
            self._answer(client, pdu, f"{pdu.command}_resp")
            if pdu.command == "unbind":
                raise exceptions.ConnectionError

    def _take_all(self) -> None:
        """Store what the centre brings, beside the reading: an answer to a message must not wait behind receipts
        that wait for the database. What a lost bind brought is stored all the same; its answer goes nowhere, and
        the centre's repetition is recognised."""
        while not self._closing.is_set():
            found = self._next_round()
            receipts = [receipt for _, one in found if (receipt := read_receipt(one)) is not None]
            noted = self._stored(self._on_receipts, receipts)
            answers: dict[Any, list[tuple[int, int]]] = {}
            for client, one in found:
                status = noted if one.esm_class & RECEIPT else self._stored(self._hear, one)
                answers.setdefault(client, []).append((one.number, status))
            for client, its in answers.items():
                self._acknowledge(client, its)

    def _next_round(self) -> list[tuple[Any, Brought]]:
        """What has been brought and waits, at most a round; nothing when nothing comes for a while."""
        found: list[tuple[Any, Brought]] = []
        try:
            found.append(self._brought.get(timeout=0.5))
            while len(found) < ROUND:
                found.append(self._brought.get_nowait())
        except queue.Empty:
            pass  # that was all
        return found

    def _stored(self, store: Callable[[Any], None], what: Any) -> int:
        """The status to answer with: what was brought is taken when it is stored."""
        try:
            if what:
                store(what)
        except Exception as error:  # noqa: BLE001  # whatever it was: the centre keeps the receipt and repeats it
            log.warning("smpp.not_stored", reason=type(error).__name__)
            return _TEMPORARY_TROUBLE
        return 0

    def _hear(self, written: Brought) -> None:
        INBOUND.inc()
        if self._on_inbound is not None:
            self._on_inbound(read_inbound(written))

    def _acknowledge(self, client: Any, answers: Sequence[tuple[int, int]]) -> None:
        """deliver_sm_resp for all of them in one go; over a lost bind they go nowhere."""
        try:
            with self._writing:
                line(client).sendall(taken(answers))
        except _TROUBLE:
            return

    def _answer(self, client: Any, pdu: Any, command: str) -> None:
        answer = smpp.make_pdu(command, client=client, status=0, sequence=pdu.sequence)
        answer.sequence = pdu.sequence
        with self._writing:
            client.send_pdu(answer)

    def _ask(self, client: Any) -> bool:
        try:
            with self._writing:
                client.send_pdu(smpp.make_pdu("enquire_link", client=client))
        except _TROUBLE:
            return False
        return True

    def _give_up_waiting(self) -> None:
        """Nobody will answer what was sent over the lost bind."""
        waiting, self._waiting = self._waiting, {}
        for window, _ in waiting.values():
            window.done.set()

    def _part(self, client: Any) -> None:
        if self._client is client:
            self._client = None
        try:
            client.state = consts.SMPP_CLIENT_STATE_OPEN
            client.disconnect()
        except OSError:
            return
