"""The ways out: SMS by SMPP 3.4 and email by SMTP, both with bounded waits."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from smpplib import consts, exceptions
from smpplib.client import Client

from imigr_kit.logs import get_logger
from imigr_kit.metrics import counter
from imigr_kit.secret import Secret
from imigr_notifications.ports import DeliveryError
from imigr_notifications.sms_text import Alphabet, Sms, cut, encoded

log = get_logger(__name__)

ANSWER_SECONDS = 5.0
IDLE_SECONDS = 30.0
"""A bind that was not used so long is checked with enquire_link before the next message."""
THROTTLED = 0x58
QUEUE_FULL = 0x14
SYSTEM_ERROR = 0x08
_TEMPORARY = frozenset({THROTTLED, QUEUE_FULL, SYSTEM_ERROR})

RECEIPTS = counter("imigr_notifications_receipts", "Delivery receipts received from the SMS centre")


class SmppSender:
    """One bind to an SMS centre, made when first needed and re-made after any trouble."""

    def __init__(self, host: str, port: int, system_id: str, password: Secret[str], sender: str) -> None:
        self._address = (host, port)
        self._login = (system_id, password)
        self._sender = sender
        self._lock = threading.Lock()
        self._client: Any = None
        self._answers: dict[int, Any] = {}
        self._used_at = 0.0

    def send(self, address: Secret[str], subject: str, body: str) -> Sequence[str]:
        """The message ids of all parts; the subject is not used."""
        with self._lock:
            return self._send(address, cut(body))

    def close(self) -> None:
        """Drop the bind."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.disconnect()
            except (OSError, exceptions.ConnectionError):
                return

    def _send(self, address: Secret[str], sms: Sms) -> Sequence[str]:
        client = self._bound()
        reference = random.randrange(256)  # noqa: S311  # a concatenation reference, not a secret
        left = False
        try:
            ids = []
            for number, part in enumerate(sms.parts, start=1):
                pdu = client.send_message(**self._fields(address, sms, part, number, reference))
                left = True
                ids.append(self._answer(client, pdu.sequence))
            self._used_at = time.monotonic()
            return ids
        except (OSError, exceptions.ConnectionError) as error:
            self.close()
            raise DeliveryError("smpp_no_answer", temporary=True, left=left) from error

    def _fields(self, address: Secret[str], sms: Sms, part: str, number: int, reference: int) -> dict[str, Any]:
        header = bytes([5, 0, 3, reference, len(sms.parts), number]) if len(sms.parts) > 1 else b""
        coding = consts.SMPP_ENCODING_ISO10646 if sms.alphabet is Alphabet.UCS2 else consts.SMPP_ENCODING_DEFAULT
        return {
            "source_addr_ton": consts.SMPP_TON_ALNUM,
            "source_addr": self._sender,
            "dest_addr_ton": consts.SMPP_TON_INTL,
            "dest_addr_npi": consts.SMPP_NPI_ISDN,
            "destination_addr": address.reveal().lstrip("+"),
            "short_message": header + encoded(part, sms.alphabet),
            "data_coding": coding,
            "esm_class": consts.SMPP_GSMFEAT_UDHI if header else consts.SMPP_MSGMODE_FORWARD,
            "registered_delivery": True,
        }

    def _answer(self, client: Any, sequence: int) -> str:
        end = time.monotonic() + ANSWER_SECONDS
        while sequence not in self._answers:
            if time.monotonic() > end:
                raise TimeoutError("no submit_sm_resp")
            client.read_once(auto_send_enquire_link=False)
        pdu = self._answers.pop(sequence)
        if pdu.status != 0:
            raise DeliveryError(f"smpp_{pdu.status:#04x}", temporary=pdu.status in _TEMPORARY)
        return _text(pdu.message_id)

    def _bound(self) -> Any:
        if self._client is not None and time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()
        if self._client is None:
            self._client = self._bind()
            self._used_at = time.monotonic()
        return self._client

    def _bind(self) -> Any:
        self._answers.clear()
        client = Client(*self._address, timeout=ANSWER_SECONDS, allow_unknown_opt_params=True)
        client.set_message_sent_handler(self._on_answer)
        client.set_error_pdu_handler(self._on_answer)
        client.set_message_received_handler(self._on_receipt)
        try:
            client.connect()
            system_id, password = self._login
            client.bind_transceiver(system_id=system_id, password=password.reveal())
        except exceptions.PDUError as error:
            client.disconnect()
            raise DeliveryError("smpp_bind_refused", temporary=True) from error
        except (OSError, exceptions.ConnectionError) as error:
            raise DeliveryError("smpp_unreachable", temporary=True) from error
        return client

    def _on_answer(self, pdu: Any) -> None:
        self._answers[pdu.sequence] = pdu

    @staticmethod
    def _on_receipt(pdu: Any) -> int | None:
        RECEIPTS.inc()
        return None


class SmtpSender:
    """One connection per message to a mail relay."""

    def __init__(self, host: str, port: int, sender: str) -> None:
        self._address = (host, port)
        self._sender = sender

    def send(self, address: Secret[str], subject: str, body: str) -> Sequence[str]:
        """The Message-ID."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, address.reveal(), subject
        message["Message-ID"] = make_msgid(domain=self._sender.partition("@")[2] or "localhost")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        try:
            with smtplib.SMTP(*self._address, timeout=ANSWER_SECONDS) as relay:
                relay.send_message(message)
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(f"smtp_{error.smtp_code}", temporary=error.smtp_code < 500) from error
        except smtplib.SMTPRecipientsRefused as error:
            code = min((code for code, _ in error.recipients.values()), default=550)
            raise DeliveryError(f"smtp_{code}", temporary=code < 500) from error
        except (TimeoutError, OSError, smtplib.SMTPException) as error:
            raise DeliveryError("smtp_unreachable", temporary=True) from error
        return [str(message["Message-ID"])]


def _text(value: Any) -> str:
    return value.decode("ascii", "replace").rstrip("\x00") if isinstance(value, bytes) else str(value)
