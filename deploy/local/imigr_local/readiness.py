"""Cheap questions that tell whether a process answers yet."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable

Check = Callable[[], bool]
SECONDS = 2.0


def accepts(host: str, port: int) -> Check:
    """Ready when the port takes a connection."""

    def check() -> bool:
        try:
            with socket.create_connection((host, port), timeout=SECONDS):
                return True
        except OSError:
            return False

    return check


def answers(url: str) -> Check:
    """Ready when the address answers 200."""

    def check() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError, ValueError):
            return False

    return check


def greets_amqp(host: str, port: int) -> Check:
    """Ready when the broker starts the AMQP 0-9-1 handshake (a mere listening port is too early)."""

    def check() -> bool:
        try:
            with socket.create_connection((host, port), timeout=SECONDS) as connection:
                connection.settimeout(SECONDS)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(8)[:1] == b"\x01"
        except OSError:
            return False

    return check


def both(first: Check, second: Check) -> Check:
    """Ready when the two are."""
    return lambda: first() and second()
