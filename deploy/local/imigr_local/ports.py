"""Free TCP ports: the standard one when nobody has it, otherwise another."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable

HOST = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_000
"""Below the range Linux gives to outgoing connections, so that none of these takes our port."""


def is_free(port: int) -> bool:
    """True when a server could listen on this port of the local host now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def any_free(taken: Iterable[int] = ()) -> int:
    """A free port nobody in `taken` has been promised."""
    refused = set(taken)
    for _ in range(2_000):
        port = random.randint(LOWEST, HIGHEST)  # noqa: S311  a port is no secret
        if port not in refused and is_free(port):
            return port
    raise OSError("no free TCP port between 20000 and 32000")


def choose(wanted: dict[str, int]) -> dict[str, int]:
    """For each name its wanted port when free, otherwise another; 0 means any."""
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        usable = port != 0 and port not in chosen.values() and is_free(port)
        chosen[name] = port if usable else any_free(chosen.values())
    return chosen
