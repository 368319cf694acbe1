"""Public reads from memory: fresh ones without touching Flask, stale ones when what is behind is down."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from imigr_gateway.languages import chain

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

STALE_SECONDS = 24 * 3600
MOST_BYTES = 32 * 1024 * 1024
WAIT_SECONDS = 3.5

FRESH_SECONDS: tuple[tuple[str, str, str, float], ...] = (
    ("/api/v1/municipalities", "", "directory", 30.0),
    ("/api/v1/taxonomy", "", "directory", 30.0),
    ("/api/v1/services", "", "directory", 30.0),
    ("/api/v1/organizations", "", "directory", 30.0),
    ("/api/v1/locations", "", "directory", 30.0),
    ("/api/v1/articles", "", "directory", 30.0),
    ("/api/v1/alerts", "", "directory", 30.0),
    ("/api/v1/packs", "", "directory", 30.0),
    ("/api/v1/brochures", "", "directory", 30.0),
    ("/api/v1/directory/changes", "", "directory", 1.0),
    ("/hsds/v3", "", "directory", 30.0),
    ("/api/v1/guichets", "/slots", "guichet", 1.0),
    ("/api/v1/guichets", "/board", "guichet", 1.0),
    ("/api/v1/guichets", "", "guichet", 30.0),
    ("/api/v1/events", "", "events", 5.0),
    ("/api/v1/agenda", "", "events", 5.0),
    ("/e/", "", "events", 5.0),
    ("/s/", "", "directory", 30.0),
    ("/sitemap", ".xml", "directory", 600.0),
)
"""Prefix and ending of a path, the service it depends on, and for how long an answer is fresh."""


@dataclass(frozen=True)
class Entry:
    """One kept answer."""

    service: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    etag: str
    stored_at: float
    fresh_until: float
    generation: int


class CachedReads:
    """WSGI in front of the application. Keyed by path, query, languages and whether linked data is accepted;
    bounded in bytes; one caller at a time asks for a missing answer while the others wait for it."""

    def __init__(self, app: Wsgi, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._now = monotonic
        self._entries: OrderedDict[tuple[Any, ...], Entry] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._asking: dict[tuple[Any, ...], threading.Event] = {}
        self._generation = 0
        self._distrusted: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer from memory, or ask the application and keep what it says."""
        rule = _rule(environ)
        if rule is None:
            return self._app(environ, start_response)
        key = (
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            chain(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
            "ld+json" in environ.get("HTTP_ACCEPT", ""),
        )
        entry = self._entries.get(key)
        if entry is not None and self._is_fresh(entry):
            return self._tell(environ, start_response, entry, "hit")
        return self._ask(environ, start_response, key, rule, entry)

    def distrust(self, service: str | None = None) -> None:
        """What depends on the service (or everything) is no longer fresh; it is kept for bad times. Costs the same
        however much is kept: an entry is compared with the last distrust when it is asked for."""
        with self._lock:
            self._generation += 1
            self._distrusted[service or ""] = self._generation

    def _is_fresh(self, entry: Entry) -> bool:
        told = max(self._distrusted.get("", 0), self._distrusted.get(entry.service, 0))
        return entry.generation >= told and self._now() < entry.fresh_until

    def _ask(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        key: tuple[Any, ...],
        rule: tuple[str, float],
        entry: Entry | None,
    ) -> Iterable[bytes]:
        with self._lock:
            other = self._asking.get(key)
            if other is None:
                self._asking[key] = threading.Event()
        if other is not None:
            other.wait(WAIT_SECONDS)
            kept = self._entries.get(key)
            if kept is not None and (kept is not entry or self._is_fresh(kept)):
                return self._tell(environ, start_response, kept, "hit")
            return self._app(environ, start_response)
        try:
            return self._fetch(environ, start_response, key, rule, entry)
        finally:
            with self._lock:
                self._asking.pop(key).set()

    def _fetch(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        key: tuple[Any, ...],
        rule: tuple[str, float],
        entry: Entry | None,
    ) -> Iterable[bytes]:
        generation = self._generation
        status, headers, body = self._run(environ)
        if status.startswith("200"):
            etag = _etag(body)
            now = self._now()
            made = Entry(rule[0], (*_kept(headers), ("ETag", etag)), body, etag, now, now + rule[1], generation)
            self._keep(key, made)
            return self._tell(environ, start_response, made, "fwd=miss")
        if status.startswith("5") and entry is not None and self._now() - entry.stored_at < STALE_SECONDS:
            return self._tell(environ, start_response, entry, "hit; fwd=stale")
        start_response(status, headers)
        return [body]

    def _run(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        said: list[Any] = []

        def keep(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> Callable[[bytes], None]:
            said[:] = [status, headers]
            return lambda chunk: None

        plain = {name: value for name, value in environ.items() if name != "HTTP_IF_NONE_MATCH"}
        plain["REQUEST_METHOD"] = "GET"
        answer = self._app(plain, keep)
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        return said[0], said[1], body

    def _keep(self, key: tuple[Any, ...], entry: Entry) -> None:
        with self._lock:
            old = self._entries.pop(key, None)
            self._bytes += len(entry.body) - (len(old.body) if old else 0)
            self._entries[key] = entry
            while self._bytes > MOST_BYTES:
                _, dropped = self._entries.popitem(last=False)
                self._bytes -= len(dropped.body)

    def _tell(
        self, environ: dict[str, Any], start_response: Callable[..., Any], entry: Entry, how: str
    ) -> Iterable[bytes]:
        age = int(self._now() - entry.stored_at)
        headers = [*entry.headers, ("Age", str(age)), ("Cache-Status", f"imigr-gateway; {how}")]
        if environ.get("HTTP_IF_NONE_MATCH") == entry.etag:
            start_response("304 Not Modified", [one for one in headers if one[0] != "Content-Length"])
            return [b""]
        start_response("200 OK", headers)
        return [entry.body if environ["REQUEST_METHOD"] == "GET" else b""]


def _rule(environ: dict[str, Any]) -> tuple[str, float] | None:
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    path = environ.get("PATH_INFO", "")
    if "ndjson" in environ.get("QUERY_STRING", ""):
        return None  # a stream of everything is not kept in memory
    for prefix, ending, service, seconds in FRESH_SECONDS:
        if path.startswith(prefix) and path.endswith(ending):
            return service, seconds
    return None


def _kept(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    dropped = {"etag", "x-correlation-id", "age"}
    return tuple(one for one in headers if one[0].lower() not in dropped)


def _etag(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
