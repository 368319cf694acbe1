"""Fetches a calendar by its address: public hosts only, bounded in size and time, no redirects, no credentials."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import urlsplit

MOST_OCTETS = 2_000_000
SECONDS = 10.0
PORTS = {"http": 80, "https": 443}


class NotFetched(Exception):
    """The address cannot be fetched, or must not be; the argument is a reason."""


def fetch(url: str, *, allow_private: bool = False) -> bytes:
    """The body. The name is resolved once and that address is connected to, so that it cannot change in between.

    ``allow_private`` is for an operator whose partner is in the same network, and for tests. Raises NotFetched.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.password:
        raise NotFetched("not_an_http_address")
    give_up = time.monotonic() + SECONDS
    try:
        port = parts.port or PORTS[parts.scheme]
        address = _resolved(parts.hostname, port, allow_private)
        connection = _connection(parts.scheme, parts.hostname, port, address)
    except (OSError, ValueError) as error:
        raise NotFetched("unreachable") from error
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Accept": "text/calendar", "User-Agent": "imigr-events"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise NotFetched(f"status_{answer.status}")
        return _body(answer, give_up)
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched("unreachable") from error
    finally:
        connection.close()


def _resolved(host: str, port: int, allow_private: bool) -> str:
    found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not allow_private and not all(ipaddress.ip_address(one).is_global for one in found):
        raise NotFetched("private_address")
    return sorted(found)[0]


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    raw = socket.create_connection((address, port), timeout=SECONDS)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    connection.sock = raw
    if scheme == "https":
        connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    return connection


def _body(answer: http.client.HTTPResponse, give_up: float) -> bytes:
    body = bytearray()
    while chunk := answer.read1(65_536):
        body += chunk
        if len(body) > MOST_OCTETS:
            raise NotFetched("too_large")
        if time.monotonic() > give_up:
            raise NotFetched("too_slow")
    return bytes(body)
