"""SMS by SMPP 3.4: one bind that is kept open, receipts as they come, all waits bounded."""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smpplib import consts, exceptions, smpp
from smpplib.client import Client

from imigr_kit.logs import get_logger
from imigr_kit.secret import Secret
from imigr_notifications.figures import INBOUND
from imigr_notifications.ports import (
    HandOver,
    HandOverAll,
    NotNow,
    NotWanted,
    Outcome,
    Outgoing,
    Receipt,
    Refused,
    Taken,
    Throttled,
    Uncertain,
    Unreachable,
)
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.senders.inbound import read_inbound
from imigr_notifications.sms_text import Alphabet, Sms, TextTooLong, cut, encoded

log = get_logger(__name__)

ANSWER_SECONDS = 5.0
SILENCE_SECONDS = 10.0
"""After so long without a word the centre is asked whether it is there; a second silence ends the bind."""
BROUGHT = 1_000
"""What the centre may bring before it is asked to wait."""
RECONNECT_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)

THROTTLED, QUEUE_FULL = 0x58, 0x14
_SLOW_DOWN = frozenset({THROTTLED, QUEUE_FULL})
_NEVER = frozenset({0x01, 0x02, 0x0A, 0x0B, 0x33, 0x34, 0x40, 0x48, 0x49, 0x50, 0x51, 0x61, 0x62, 0xC0})
"""Answers that the same message would get again: bad length, source, destination, kind of number, ..."""
_TEMPORARY_TROUBLE = 0x64
"""ESME_RX_T_APPN: asks the centre to bring a receipt again later."""
_RECEIPT = 0x04
_FINAL = {"DELIVRD": True, "UNDELIV": False, "EXPIRED": False, "DELETED": False, "REJECTD": False}
"""Final states in a receipt (appendix B); others are steps on the way."""
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


@dataclass(frozen=True)
class _Load:
    """A message cut into parts; ``left`` are those that its centre does not have yet."""

    id: str
    parts: int
    left: Sequence[dict[str, Any]]
    taken: tuple[str, ...]


@dataclass
class _Answer:
    """Waits for the answer to one submit_sm; ``status`` stays None when the bind is lost first."""

    done: threading.Event = field(default_factory=threading.Event)
    status: int | None = None
    provider_id: str = ""


class SmppSender:
    """Keeps a transceiver bind to an SMS centre and shares it among all senders of the process.

    One thread connects, binds and reads: answers go to the senders that wait for them, receipts to
    ``on_receipt``; a receipt is acknowledged only after that returned, so none is lost.
    """

    def __init__(
        self,
        account: SmppAccount,
        on_receipt: Callable[[Receipt], None],
        on_inbound: Callable[[Inbound], None] | None = None,
    ) -> None:
        self._account = account
        self._on_receipt = on_receipt
        self._on_inbound = on_inbound
        self._client: Any = None
        self._waiting: dict[int, _Answer] = {}
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._brought: queue.Queue[tuple[Any, Any]] = queue.Queue(BROUGHT)
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
        for window in _windows(loads, self._account.window):
            outcomes |= self._send_window(window, hand_over)
        return outcomes

    def _send_window(self, window: Sequence[_Load], hand_over: HandOverAll) -> Mapping[str, Outcome]:
        client = self._client
        if client is None:
            return {load.id: Unreachable("smpp_unbound", taken=load.taken) for load in window}
        allowed = hand_over({load.id: load.parts for load in window})
        going = [load for load in window if load.id in allowed]
        answers = self._submit(client, [fields for load in going for fields in load.left])
        end, outcomes = time.monotonic() + ANSWER_SECONDS, {}
        for load in going:
            mine, answers = answers[: len(load.left)], answers[len(load.left) :]
            outcomes[load.id] = self._collect(mine, load.taken, end)
        return outcomes

    def _load(self, outgoing: Outgoing) -> _Load:
        sms = cut(outgoing.body.reveal())
        fields = [self._fields(outgoing, sms, number) for number in range(1, len(sms.parts) + 1)]
        return _Load(outgoing.message_id, len(fields), fields[len(outgoing.taken) :], outgoing.taken)

    def _submit(self, client: Any, messages: Sequence[dict[str, Any]]) -> list[_Answer]:
        """Write them in one go. When the bind is lost meanwhile, the answers stay without a status."""
        with self._writing:
            pdus = [smpp.make_pdu("submit_sm", client=client, **one) for one in messages]
            answers = [_Answer() for _ in pdus]
            self._waiting.update({pdu.sequence: answer for pdu, answer in zip(pdus, answers, strict=True)})
            try:
                client._socket.sendall(b"".join(pdu.generate() for pdu in pdus))
            except _TROUBLE:
                self._part(client)
                for answer in answers:
                    answer.done.set()
        return answers

    def _collect(self, answers: Sequence[_Answer], taken: Sequence[str], end: float) -> Outcome:
        ids, worst = list(taken), 0
        for answer in answers:
            answer.done.wait(max(0.0, end - time.monotonic()))
            if answer.status is None:
                return Uncertain("smpp_no_answer", taken=ids)
            if answer.status == 0 and not worst:
                ids.append(answer.provider_id)
            worst = worst or answer.status
        if worst in _SLOW_DOWN:
            return Throttled(f"smpp_{worst:#04x}", taken=ids)
        if worst in _NEVER:
            return Refused(f"smpp_{worst:#04x}", taken=ids)
        return NotNow(f"smpp_{worst:#04x}", taken=ids) if worst else Taken(tuple(ids))

    def _fields(self, outgoing: Outgoing, sms: Sms, number: int) -> dict[str, Any]:
        """One submit_sm. The reference of a long message is made from its id, so that a part sent again
        completes the same message on the phone."""
        reference = zlib.crc32(outgoing.message_id.encode()) & 0xFF
        header = bytes([5, 0, 3, reference, len(sms.parts), number]) if len(sms.parts) > 1 else b""
        is_number = self._account.sender.lstrip("+").isdigit()
        return {
            "source_addr_ton": consts.SMPP_TON_INTL if is_number else consts.SMPP_TON_ALNUM,
            "source_addr_npi": consts.SMPP_NPI_ISDN if is_number else consts.SMPP_NPI_UNK,
            "source_addr": self._account.sender.lstrip("+"),
            "dest_addr_ton": consts.SMPP_TON_INTL,
            "dest_addr_npi": consts.SMPP_NPI_ISDN,
            "destination_addr": outgoing.address.reveal().lstrip("+"),
            "short_message": header + encoded(sms.parts[number - 1], sms.alphabet),
            "data_coding": 0x08 if sms.alphabet is Alphabet.UCS2 else 0x00,
            "esm_class": consts.SMPP_GSMFEAT_UDHI if header else 0,
            "registered_delivery": 1,
            "validity_period": validity(outgoing.valid_seconds),
        }

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
        except _TROUBLE as error:
            status = error.args[1] if len(error.args) > 1 else None
            log.warning("smpp.not_bound", reason=type(error).__name__, status=status)
            self._part(client)
            return None
        log.info("smpp.bound")
        return client

    def _read(self, client: Any) -> None:
        """Until the bind is lost."""
        asked = False
        while not self._closing.is_set():
            try:
                pdu = client.read_pdu()
                asked = False
                self._handle(client, pdu)
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
        if pdu.command in {"submit_sm_resp", "generic_nack"}:
            answer = self._waiting.pop(pdu.sequence, None)
            if answer is not None:
                answer.status = int(pdu.status)
                answer.provider_id = _text(getattr(pdu, "message_id", None))
                answer.done.set()
        elif pdu.command == "deliver_sm":
            try:
                self._brought.put_nowait((client, pdu))
            except queue.Full:
                self._answer(client, pdu, "deliver_sm_resp", _TEMPORARY_TROUBLE)
        elif pdu.command in {"enquire_link", "unbind"}:
            self._answer(client, pdu, f"{pdu.command}_resp", 0)
            if pdu.command == "unbind":
                raise exceptions.ConnectionError

    def _take_all(self) -> None:
        """Store what the centre brings, beside the reading: an answer to a message must not wait behind receipts
        that wait for the database. What a lost bind brought is stored all the same; its answer goes nowhere, and
        the centre's repetition is recognised."""
        while not self._closing.is_set():
            try:
                client, pdu = self._brought.get(timeout=0.5)
            except queue.Empty:
                continue
            status = self._take(pdu)
            try:
                self._answer(client, pdu, "deliver_sm_resp", status)
            except _TROUBLE:
                continue

    def _take(self, pdu: Any) -> int:
        """The status to answer a deliver_sm with: a receipt, or what a person wrote, is taken when it is stored."""
        receipt = read_receipt(pdu)
        is_from_a_person = receipt is None and not int(pdu.esm_class) & _RECEIPT
        try:
            if receipt is not None:
                self._on_receipt(receipt)
            elif is_from_a_person:
                INBOUND.inc()
                if self._on_inbound is not None:
                    self._on_inbound(read_inbound(pdu))
        except Exception as error:  # noqa: BLE001  # whatever it was: the centre keeps the receipt and repeats it
            log.warning("smpp.not_stored", reason=type(error).__name__)
            return _TEMPORARY_TROUBLE
        return 0

    def _answer(self, client: Any, pdu: Any, command: str, status: int) -> None:
        answer = smpp.make_pdu(command, client=client, status=status, sequence=pdu.sequence)
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
        for answer in waiting.values():
            answer.done.set()

    def _part(self, client: Any) -> None:
        if self._client is client:
            self._client = None
        try:
            client.state = consts.SMPP_CLIENT_STATE_OPEN
            client.disconnect()
        except OSError:
            return


def _windows(loads: Sequence[_Load], width: int) -> Iterator[Sequence[_Load]]:
    """Groups of at most so many parts; a message of more parts goes alone."""
    window: list[_Load] = []
    for load in loads:
        if window and sum(len(one.left) for one in [*window, load]) > width:
            yield window
            window = []
        window.append(load)
    if window:
        yield window


def read_receipt(pdu: Any) -> Receipt | None:
    """The receipt in a deliver_sm; None for anything that is no final receipt of a known message id."""
    if not int(pdu.esm_class) & _RECEIPT:
        return None
    words = _text(pdu.short_message)
    found = re.search(r"\bid:(\S+)", words)
    provider_id = _text(getattr(pdu, "receipted_message_id", None)) or (found[1] if found else "")
    state = re.search(r"\bstat:(\w+)", words)
    delivered = _FINAL.get(state[1]) if state else None
    if not provider_id or delivered is None:
        return None
    return Receipt(provider_id, Secret(f"+{_text(pdu.source_addr).lstrip('+')}"), delivered)


def validity(seconds: int) -> str:
    """SMPP relative time (section 7.1.1.2): after it the centre drops the message instead of bringing it late."""
    days, rest = divmod(max(60, min(seconds, 7 * 24 * 3600)), 24 * 3600)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    return f"0000{days:02d}{hours:02d}{minutes:02d}{left:02d}000R"


def _text(value: Any) -> str:
    return value.decode("latin-1").rstrip("\x00") if isinstance(value, bytes) else str(value or "")
