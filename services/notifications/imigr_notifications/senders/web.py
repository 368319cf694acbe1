"""One HTTP exchange with bounded waits, in two steps: connect, then hand over."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from imigr_notifications.ports import Uncertain, Unreachable

STEP_SECONDS = 5.0
MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back; at most 64 KB of it."""

    status: int
    body: str
    retry_after: timedelta | None


class Exchange:
    """A connection to the host of ``url``, made at once. Raises Unreachable, before anything was sent."""

    def __init__(self, url: str, now: datetime | None = None) -> None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        self._host = parts.netloc.rpartition("@")[2]
        self._now = now
        if parts.scheme == "https":
            context = ssl.create_default_context()
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=STEP_SECONDS, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, port, timeout=STEP_SECONDS)
        try:
            self._connection.connect()
        except (OSError, http.client.HTTPException):
            raise Unreachable("http_unreachable") from None

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Raises Uncertain when no whole answer comes: the other side may have acted."""
        try:
            self._connection.request(method, target, body, dict(headers))
            response = self._connection.getresponse()
            text = response.read(MOST_BYTES).decode("utf-8", "replace")
            return Answer(response.status, text, self._wait(response.headers.get("Retry-After")))
        except (OSError, http.client.HTTPException):
            raise Uncertain("http_no_answer") from None

    def close(self) -> None:
        """End it."""
        self._connection.close()

    def _wait(self, header: str | None) -> timedelta | None:
        """Retry-After (RFC 9110 10.2.3): seconds, or a date."""
        if header is None:
            return None
        if header.strip().isdigit():
            return timedelta(seconds=min(int(header), 24 * 3600))
        try:
            until = parsedate_to_datetime(header)
        except ValueError:
            return None
        return max(until.astimezone(UTC) - (self._now or datetime.now(UTC)), timedelta(0))
