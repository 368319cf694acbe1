"""A mail sink: takes every message by SMTP and delivers it into the mailbox."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

from imigr_peers.mailbox import Mailbox, Received, direction


class Sink:
    """aiosmtpd's handler interface."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One entry per recipient, as each would see it."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        message = BytesParser(EmailMessage, policy=default).parsebytes(raw)
        for recipient in envelope.rcpt_tos:
            self._mailbox.add(_received(message, str(recipient)))
        return "250 2.0.0 taken"


def _received(message: EmailMessage, recipient: str) -> Received:
    body = message.get_body(("plain", "html"))
    words = str(body.get_content()).replace("\r\n", "\n").rstrip("\n") if body is not None else ""
    return Received(
        id=uuid.uuid4().hex,
        channel="email",
        sender=str(message.get("from", "")),
        to=recipient,
        subject=str(message.get("subject", "")),
        text=words,
        direction=direction(words),
        parts=1,
        encoding=str(message.get_content_charset() or "us-ascii"),
        received_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )


async def serve(host: str, port: int, mailbox: Mailbox) -> asyncio.Server:
    """Listens for SMTP without TLS and without login: it is reached from this machine only."""
    sink, loop = Sink(mailbox), asyncio.get_running_loop()
    return await loop.create_server(lambda: SMTP(sink, hostname="imigr.local", loop=loop), host, port)
