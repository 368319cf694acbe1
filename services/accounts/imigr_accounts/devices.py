"""Device tokens (OWASP's "device cookies"): who has signed in on a device before is not held up by what others try.

A token says only that somebody signed in with this email on this device. It opens nothing: it gives the device a count
of tries of its own, which no stranger can use up.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

Hashed = Callable[[str, str], str]

LASTS = timedelta(days=180)


def device_token(hashed: Hashed, email: str, nonce: str, now: datetime) -> str:
    """A token for the device on which this email has just signed in: ``<nonce>.<time>.<mac>``."""
    head = f"{nonce}.{int(now.timestamp())}"
    return f"{head}.{_mac(hashed, head, email)}"


def known_device(hashed: Hashed, email: str, token: str | None, now: datetime) -> str | None:
    """The nonce of a good token for this email that is not too old; else None."""
    head, _, mac = (token or "").rpartition(".")
    nonce, _, issued = head.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(hashed, head, email).encode()):
        return None
    return nonce if now - LASTS < datetime.fromtimestamp(int(issued), now.tzinfo) else None


def _mac(hashed: Hashed, head: str, email: str) -> str:
    return hashed("device", f"{head} {email}")
