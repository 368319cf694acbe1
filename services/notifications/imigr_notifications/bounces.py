"""Reads delivery status notifications: mails that say what became of a mail (RFC 3464)."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email import policy
from email.message import Message

MOST_BYTES = 2 * 1024 * 1024
_STATUS = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})")


@dataclass(frozen=True)
class Bounce:
    """``message_id`` is ours; ``status`` an enhanced status code (RFC 3463) such as ``5.1.1``."""

    message_id: str
    status: str
    is_final: bool
    """False when the relay still tries."""

    @property
    def is_permanent(self) -> bool:
        """No other attempt can succeed."""
        return self.status.startswith("5")

    @property
    def is_about_the_address(self) -> bool:
        """The address does not exist or takes nothing any more: 5.1.x, and 5.2.1 (mailbox disabled)."""
        return self.status.startswith("5.1.") or self.status == "5.2.1"


def read_bounce(octets: bytes) -> Bounce | None:
    """The bounce in a mail; None for any other mail, and for one that does not name a mail of ours."""
    if len(octets) > MOST_BYTES:
        return None
    mail = email.message_from_bytes(octets, policy=policy.default)
    if mail.get_content_type() != "multipart/report":
        return None
    status, action, original = "", "", ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            status, action = _recipient(part)
        elif kind in {"message/rfc822", "text/rfc822-headers"}:
            original = original or _original(part)
    if not status or not original or action not in {"failed", "delayed"}:
        return None
    return Bounce(original, status, action == "failed")


def _recipient(part: Message) -> tuple[str, str]:
    """Status and action of the first recipient; we write to one person at a time."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        found = _STATUS.match(str(block.get("Status", "")).strip())
        if found:
            return found[0], str(block.get("Action", "")).strip().lower()
    return "", ""


def _original(part: Message) -> str:
    content = part.get_payload()
    if isinstance(content, list) and content and isinstance(content[0], Message):
        return str(content[0].get("Message-ID", "")).strip()
    headers = email.message_from_string(str(content), policy=policy.default)
    return str(headers.get("Message-ID", "")).strip()
