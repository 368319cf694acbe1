"""A JSON client on the standard library: what a partner with nothing installed would write."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Status, decoded body (None when empty or not JSON), and headers of one exchange."""

    status: int
    body: Any
    headers: dict[str, str]


class Site:
    """One base address and the language the reader prefers. ``address`` gives the visitor for whom each
    request speaks, told as a proxy tells it: believed by an installation that trusts this machine
    (IMIGR_TRUSTED_PROXIES)."""

    def __init__(self, base: str, language: str = "en", address: Callable[[], str] | None = None) -> None:
        self._base = base.rstrip("/")
        self._language = language
        self._address = address

    def get(self, path: str, **headers: str) -> Answer:
        """A GET; header names are written with underscores."""
        return self._exchange("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def raw(self, path: str) -> bytes:
        """The body of a GET, undecoded."""
        with urllib.request.urlopen(self._base + path, timeout=15) as answer:
            body: bytes = answer.read()
        return body

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """A POST of JSON; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._exchange("POST", path, json.dumps(body).encode(), named)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        """A PUT of JSON; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._exchange("PUT", path, json.dumps(body).encode(), named)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        visitor = {} if self._address is None else {"X-Forwarded-For": self._address()}
        request = urllib.request.Request(
            self._base + path,
            data=body,
            method=method,
            headers={"Content-Type": "application/json", "Accept-Language": self._language, **visitor, **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return Answer(answer.status, _decoded(answer.read()), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, _decoded(error.read()), dict(error.headers))


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
