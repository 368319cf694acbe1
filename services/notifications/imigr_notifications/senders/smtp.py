"""Email by SMTP (RFC 5321), one connection per message, each step with a limit."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

from imigr_notifications.ports import HandOver, NotNow, NotWanted, Outgoing, Refused, Uncertain, Unreachable

STEP_SECONDS = 5.0
PERMANENT = 500


class SmtpSender:
    """A mail relay. TLS is used when the relay offers it.

    The Message-ID is made from the message's own id: should a message in doubt be handed over twice, mail
    programs recognise the second copy.
    """

    def __init__(self, host: str, port: int, sender: str) -> None:
        self._address = (host, port)
        self._sender = sender

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """The Message-ID. The mail is handed over after the relay has accepted sender and recipient.
        A text that would break a header is refused."""
        try:
            mail = self._mail(outgoing)
        except ValueError:
            raise Refused("unwritable") from None
        try:
            relay = smtplib.SMTP(*self._address, timeout=STEP_SECONDS)
        except (OSError, smtplib.SMTPException):
            raise Unreachable("smtp_unreachable") from None
        try:
            self._envelope(relay, outgoing)
            if not hand_over(1):
                raise NotWanted("not_wanted")
            self._content(relay, mail)
        finally:
            relay.close()
        return [str(mail["Message-ID"])]

    def _envelope(self, relay: smtplib.SMTP, outgoing: Outgoing) -> None:
        try:
            relay.ehlo_or_helo_if_needed()
            if relay.has_extn("starttls"):
                relay.starttls(context=ssl.create_default_context())
                relay.ehlo()
            _check(*relay.mail(self._sender))
            _check(*relay.rcpt(outgoing.address.reveal()))
        except (OSError, smtplib.SMTPException):
            raise Unreachable("smtp_unreachable") from None

    def _content(self, relay: smtplib.SMTP, mail: EmailMessage) -> None:
        try:
            _check(*relay.data(mail.as_bytes(policy=SMTP)))
        except smtplib.SMTPDataError as error:
            _check(error.smtp_code, b"")
        except (OSError, smtplib.SMTPException):
            raise Uncertain("smtp_no_answer") from None

    def _mail(self, outgoing: Outgoing) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self._sender, outgoing.address.reveal(), outgoing.subject
        own = hashlib.sha256(outgoing.message_id.encode()).hexdigest()[:32]
        mail["Message-ID"] = f"<{own}@{self._sender.partition('@')[2] or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(outgoing.body.reveal())
        if outgoing.calendar is not None:
            mail.add_attachment(outgoing.calendar, "text", "calendar", filename="meeting.ics")
        return mail


def _check(code: int, _answer: bytes) -> None:
    """Sort an answer by its first digit (RFC 5321, section 4.2.1); the text is dropped, it may hold the address."""
    if code >= PERMANENT:
        raise Refused(f"smtp_{code}")
    if code >= 400:
        raise NotNow(f"smtp_{code}")
