"""Searches every place where a phone number or an email must not be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imigr_demo.http import Site

from tests import sites

CONTROL = "control-value-that-is-not-encrypted-71c2"
_PEERS = ("received.jsonl", "peers.log")
"""The receiving phones themselves: they are meant to have the messages."""


def plant_control(platform: Any) -> None:
    """Write a plain value into the vault's database, which the search must find."""
    with sites.database(platform) as client:
        client["imigr_notifications"]["control"].insert_one({"value": CONTROL})
        client.admin.command("fsync")


def needles(phones: Iterable[str], emails: Iterable[str]) -> list[bytes]:
    """The canaries as they would appear: a phone is looked for in its local form, which every other form holds."""
    return [phone.removeprefix("+216").encode() for phone in phones] + [email.encode() for email in emails]


def files_with(folder: Path, wanted: list[bytes]) -> dict[str, int]:
    """Files below the folder that hold any of the needles, and how many needles."""
    found: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in _PEERS:
            try:
                content = path.read_bytes()
            except OSError:
                continue
            hits = _hits(content, wanted)
            if hits:
                found[str(path.relative_to(folder))] = hits
    return found


def sinks(platform: Any, told_bytes: Iterable[bytes], wanted: list[bytes]) -> dict[str, int]:
    """Everything: raw files of broker and database, logs, metrics of every process, what a listener was told."""
    found = files_with(platform.instance.folder, wanted)
    for name in ("directory", "guichet", "events", "notifications", "accounts", "gateway", "streams"):
        port = platform.port(name)
        figures = Site(f"http://127.0.0.1:{port}").raw("/metrics")
        hits = _hits(figures, wanted)
        if hits:
            found[f"metrics of {name}"] = hits
    told = b"\n".join(told_bytes)
    hits = _hits(told, wanted)
    if hits:
        found["events"] = hits
    return found


def _hits(content: bytes, wanted: list[bytes]) -> int:
    """How many needles are in the content. Needles that begin alike are looked for together, in one pass."""
    heads: dict[bytes, list[bytes]] = {}
    for needle in wanted:
        heads.setdefault(needle[:4], []).append(needle)
    return sum(
        1 for head, needles in heads.items() if head in content and any(_is_there(content, one) for one in needles)
    )


def _is_there(content: bytes, needle: bytes) -> bool:
    """Whether the needle stands there as itself.

    A phone number counts alone or behind its country code. Eight digits in the middle of a longer number are no phone
    number: MongoDB's own files are full of times in nanoseconds, and some of them hold any eight digits by chance.
    """
    if needle not in content:
        return False
    if not needle.isdigit():
        return True
    return re.search(rb"(?:(?<![0-9])|(?<![0-9])(?:00)?216)" + needle + rb"(?![0-9])", content) is not None
