"""Packs packed: named by their content, compressed beforehand, and told as the difference from an earlier one."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass

import brotli
import zopfli.gzip

from imigr_directory.packs.lines import FORMAT, Lines, parsed

NAME_OCTETS = 16
LARGE = 2_000_000
"""From this size on the slower settings would take seconds."""


@dataclass(frozen=True)
class Pack:
    """A pack as it is kept. ``name`` is the beginning of the SHA-256 of its text; ``size`` is that of the text."""

    name: str
    size: int
    br: bytes
    gz: bytes


def name_of(text: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.sha256(text.encode()).digest()[:NAME_OCTETS].hex()


def packed(text: str) -> Pack:
    """Compressed as far as it goes, once; serving costs nothing then."""
    raw = text.encode()
    return Pack(name_of(text), len(raw), compressed(raw), zipped(raw))


def compressed(raw: bytes) -> bytes:
    """By brotli (RFC 7932)."""
    made: bytes = brotli.compress(raw, mode=brotli.MODE_TEXT, quality=11 if len(raw) < LARGE else 9, lgwin=22)
    return made


def zipped(raw: bytes) -> bytes:
    """As gzip (RFC 1952) for those who know no brotli; zopfli finds five per cent more than zlib, in half a second."""
    made: bytes = zopfli.gzip.compress(raw, numiterations=5) if len(raw) < LARGE else gzip.compress(raw, 9, mtime=0)
    return made


def text_of(pack: Pack) -> str:
    """As it was."""
    return gzip.decompress(pack.gz).decode()


def difference(old: str, new: str) -> str:
    """What makes the text ``new`` of ``old``: lines to put in and records to leave out, as JSON. Lines are told as they
    stand, so that whoever applies it gets the very text and can compare its name."""
    before, after = parsed(old), parsed(new)
    told = {
        "format": FORMAT,
        "from": name_of(old),
        "to": name_of(new),
        "head": after.head if after.head != before.head else None,
        "set": {one: line for one, line in sorted(after.records.items()) if before.records.get(one) != line},
        "drop": sorted(set(before.records) - set(after.records)),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def applied(old: str, told: str) -> str:
    """What a client does with a difference. Raises ValueError when it does not fit."""
    change, before = json.loads(told), parsed(old)
    records = {one: line for one, line in before.records.items() if one not in set(change["drop"])} | change["set"]
    text = Lines(before.head if change["head"] is None else change["head"], records).text()
    if change["from"] != name_of(old) or change["to"] != name_of(text):
        raise ValueError("this difference belongs to another pack")
    return text
