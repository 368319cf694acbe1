"""Who listens on which address, as the kernel tells it: no program of the machine is needed for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path

LISTEN = "0A"
"""State of a listening socket in /proc/net/tcp."""


def addresses(pids: Iterable[int]) -> dict[str, set[str]]:
    """The addresses (``127.0.0.1:5672``) on which processes listen for TCP, by what the process is called."""
    listening = dict(_listening())
    found: dict[str, set[str]] = {}
    for pid in pids:
        for inode in _sockets(pid) & set(listening):
            found.setdefault(_name(pid), set()).add(listening[inode])
    return found


def foreign(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Those of the addresses that another machine can reach."""
    reachable = {name: {one for one in each if not _is_loopback(one)} for name, each in found.items()}
    return {name: each for name, each in reachable.items() if each}


def _is_loopback(address: str) -> bool:
    return ip_address(address.rpartition(":")[0]).is_loopback


def _listening() -> Iterator[tuple[str, str]]:
    """Inode and address of every listening TCP socket of this machine."""
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net", table)
        for line in path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else ():
            _, local, _, state, *rest = line.split()
            if state == LISTEN:
                host, _, port = local.partition(":")
                yield rest[5], f"{_host(host)}:{int(port, 16)}"


def _host(raw: str) -> str:
    """The kernel writes each word of four octets in the byte order of the machine."""
    words = [bytes.fromhex(raw[at : at + 8])[::-1] for at in range(0, len(raw), 8)]
    return str(ip_address(b"".join(words)))


def _sockets(pid: int) -> set[str]:
    found = set()
    try:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            target = os.readlink(handle)
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:  # it has ended meanwhile
        return found
    return found


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return "ended"
