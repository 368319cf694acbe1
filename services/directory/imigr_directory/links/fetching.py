"""One careful look at an address that somebody wrote: bounded in time and bytes, and never at our own network.

The name is resolved here, every address it has must be a public one, and the connection goes to the address that was
checked: a name that changes its mind between the check and the connection (DNS rebinding) leads nowhere. Each redirect
is checked in the same way.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.util.ssl_ import create_urllib3_context

from imigr_directory.links.domain import Outcome

SECONDS: Final = 8.0
CONNECT_SECONDS: Final = 3.0
REDIRECTS: Final = 5
_PORTS: Final = {"http": 80, "https": 443}
_AGENT: Final = "imigr-link-check"
Resolve = Callable[[str], Sequence[str]]


def resolve(host: str) -> Sequence[str]:
    """Every address of a name."""
    return sorted({str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})


def look(website: str, *, resolve: Resolve = resolve, ports: dict[str, int] | None = None) -> Outcome:
    """What is there; answers within ``SECONDS`` and never raises for what it meets. ``ports``: those allowed, by
    scheme."""
    until = time.monotonic() + SECONDS
    for _ in range(REDIRECTS + 1):
        outcome, further = _hop(website, resolve, ports or _PORTS, until)
        if further is None:
            return outcome
        website = further
    return Outcome("too_many_redirects")


def _hop(website: str, resolve: Resolve, ports: dict[str, int], until: float) -> tuple[Outcome, str | None]:
    try:
        parts = urlsplit(website)
        port = parts.port or ports.get(parts.scheme)
    except ValueError:
        return Outcome("unfit_address"), None
    if parts.scheme not in ports or not parts.hostname or parts.username or port != ports[parts.scheme]:
        return Outcome("unfit_address"), None
    try:
        addresses = resolve(parts.hostname)
    except (OSError, UnicodeError):
        return Outcome("no_such_host"), None
    if not addresses or not all(is_public(one) for one in addresses):
        return Outcome("private_address"), None
    try:
        return _asked(parts, addresses[0], port, until)
    except SSLError:
        return Outcome("bad_certificate"), None
    except (HTTPError, HTTPException, OSError, ValueError):
        return Outcome("no_answer"), None


def is_public(address: str) -> bool:
    """Whether the address is on the internet: not this machine, not a private or reserved network, not one of these in
    the clothes of IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in (found, *_inside(found)))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    teredo = list(address.teredo or ())
    nat64 = [IPv4Address(int(address) & 0xFFFFFFFF)] if address in _NAT64 else []
    return [one for one in (address.ipv4_mapped, address.sixtofour, *teredo, *nat64) if one is not None]


class _Nat64:
    """64:ff9b::/96 (RFC 6052)."""

    def __contains__(self, address: IPv6Address) -> bool:
        return int(address) >> 32 == 0x0064FF9B << 64


_NAT64: Final = _Nat64()


def _asked(parts: SplitResult, address: str, port: int, until: float) -> tuple[Outcome, str | None]:
    host = parts.hostname or ""
    connection = _connection(parts.scheme, host, address, port)
    watch = threading.Timer(max(0.1, until - time.monotonic()), _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Host": parts.netloc, "User-Agent": _AGENT}, preload_content=False)
        answer = connection.getresponse()
        return _read(answer.status, answer.headers.get("Location"), parts.geturl())
    finally:
        watch.cancel()
        connection.close()


def _connection(scheme: str, host: str, address: str, port: int) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(address, port, timeout=CONNECT_SECONDS)
    context = create_urllib3_context()
    context.load_default_certs()
    return HTTPSConnection(
        address, port, timeout=CONNECT_SECONDS, ssl_context=context, server_hostname=host, assert_hostname=host
    )


def _cut(connection: HTTPConnection) -> None:
    """The time is over: whoever waits on the socket is woken."""
    if connection.sock is not None:
        connection.sock.shutdown(socket.SHUT_RDWR)


def _read(status: int, location: str | None, here: str) -> tuple[Outcome, str | None]:
    if status in (301, 302, 303, 307, 308) and location:
        return Outcome("ok", status), urljoin(here, location)
    if status in (404, 410):
        return Outcome("gone", status), None
    if status >= 500:
        return Outcome("server_error", status), None
    return Outcome("ok" if status < 400 else "refused", status), None
