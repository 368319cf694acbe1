"""Email by SMTP (RFC 5321), over connections that are kept for a while, each step with a limit."""

from __future__ import annotations

import smtplib
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.policy import SMTP

from imigr_kit.secret import Secret
from imigr_notifications.ports import HandOver, NotNow, NotWanted, Outgoing, Refused, Uncertain, Unreachable
from imigr_notifications.senders.mail import mail_of

STEP_SECONDS = 5.0
KEPT_SECONDS = 8.0
"""A relay ends idle connections after a while; a younger one is used again."""
KEPT = 8
PERMANENT = 500
SECURITY = ("opportunistic", "starttls", "tls", "none")
_TROUBLE = (OSError, smtplib.SMTPException)


@dataclass(frozen=True)
class SmtpAccount:
    """A relay. ``security``: ``starttls`` insists on TLS, ``opportunistic`` uses it when it is offered, ``tls``
    begins with it, ``none`` never uses it. A password is never sent without TLS."""

    host: str
    port: int
    sender: str
    security: str = "opportunistic"
    username: str = ""
    password: Secret[str] = field(default_factory=lambda: Secret(""))
    authority: str | None = None
    """File with the certificate authority of the relay, when it is not a public one."""


class SmtpSender:
    """A mail relay, and the connections to it that are idle.

    The Message-ID is made from the message's own id: should a message in doubt be handed over twice, mail
    programs recognise the second copy.
    """

    def __init__(self, account: SmtpAccount) -> None:
        self._account = account
        self._idle: list[tuple[smtplib.SMTP, float]] = []
        self._lock = threading.Lock()

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """The Message-ID. The mail is handed over after the relay has accepted sender and recipient.
        A text that would break a header is refused."""
        try:
            mail = mail_of(outgoing, self._account.sender)
            octets = mail.as_bytes(policy=SMTP)
        except ValueError:
            raise Refused("unwritable") from None
        relay = self._ready(outgoing)
        try:
            if not hand_over(1):
                raise NotWanted("not_wanted")
            _content(relay, octets)
        except BaseException:
            relay.close()
            raise
        self._keep(relay)
        return [str(mail["Message-ID"])]

    def _ready(self, outgoing: Outgoing) -> smtplib.SMTP:
        """A connection whose relay has accepted sender and recipient. One that was kept and has died meanwhile is
        replaced by a fresh one."""
        kept = self._kept()
        if kept is not None:
            try:
                self._envelope(kept, outgoing)
            except Unreachable:
                kept.close()
            except BaseException:
                kept.close()
                raise
            else:
                return kept
        relay = self._connect()
        try:
            self._envelope(relay, outgoing)
        except BaseException:
            relay.close()
            raise
        return relay

    def _connect(self) -> smtplib.SMTP:
        account = self._account
        try:
            context = ssl.create_default_context(cafile=account.authority)
            if account.security == "tls":
                relay: smtplib.SMTP = smtplib.SMTP_SSL(
                    account.host, account.port, timeout=STEP_SECONDS, context=context
                )
            else:
                relay = smtplib.SMTP(account.host, account.port, timeout=STEP_SECONDS)
        except _TROUBLE:
            raise Unreachable("smtp_unreachable") from None
        try:
            self._secure(relay, context)
        except BaseException as error:
            relay.close()
            if isinstance(error, _TROUBLE):
                raise Unreachable("smtp_unreachable") from None
            raise
        return relay

    def _secure(self, relay: smtplib.SMTP, context: ssl.SSLContext) -> None:
        account = self._account
        relay.ehlo_or_helo_if_needed()
        is_secure = account.security == "tls"
        if account.security in {"starttls", "opportunistic"} and relay.has_extn("starttls"):
            relay.starttls(context=context)
            relay.ehlo()
            is_secure = True
        if account.security == "starttls" and not is_secure:
            raise Unreachable("smtp_no_tls")
        if account.username:
            if not is_secure:
                raise Unreachable("smtp_no_tls")
            try:
                relay.login(account.username, account.password.reveal())
            except smtplib.SMTPAuthenticationError:
                raise Unreachable("smtp_not_allowed") from None

    def _envelope(self, relay: smtplib.SMTP, outgoing: Outgoing) -> None:
        try:
            _check(*relay.mail(self._account.sender))
            _check(*relay.rcpt(outgoing.address.reveal()))
        except _TROUBLE:
            raise Unreachable("smtp_unreachable") from None

    def _kept(self) -> smtplib.SMTP | None:
        with self._lock:
            while self._idle:
                relay, since = self._idle.pop()
                if time.monotonic() - since < KEPT_SECONDS:
                    return relay
                relay.close()
        return None

    def _keep(self, relay: smtplib.SMTP) -> None:
        with self._lock:
            if len(self._idle) < KEPT:
                self._idle.append((relay, time.monotonic()))
                return
        relay.close()


def _content(relay: smtplib.SMTP, octets: bytes) -> None:
    try:
        _check(*relay.data(octets))
    except smtplib.SMTPDataError as error:
        _check(error.smtp_code, b"")
    except _TROUBLE:
        raise Uncertain("smtp_no_answer") from None


def _check(code: int, _answer: bytes) -> None:
    """Sort an answer by its first digit (RFC 5321, section 4.2.1); the text is dropped, it may hold the address.
    421 ends the connection and says nothing about the message."""
    if code == 421:
        raise Unreachable("smtp_421")
    if code >= PERMANENT:
        raise Refused(f"smtp_{code}")
    if code >= 400:
        raise NotNow(f"smtp_{code}")
