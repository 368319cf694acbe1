"""Keyed hashes and what is derived from them: look-up values, spoken references, body hashes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from imigr_kit.secret import Secret

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Letters and digits that are not taken for one another aloud or on paper: no 0 O, 1 I L, U."""
REFERENCE_LETTERS = 8


def keyed_hash(key: Secret[bytes], purpose: str, text: str) -> str:
    """HMAC-SHA256 in hex, separated by purpose: the same text under two purposes cannot be compared."""
    return _digest(key, purpose, text).hex()


def short_reference(key: Secret[bytes], record_id: str) -> str:
    """A reference to read aloud and write on paper, such as ``K7MP-2QXA`` (about 39 bits)."""
    number = int.from_bytes(_digest(key, "reference", record_id), "big")
    letters = []
    for _ in range(REFERENCE_LETTERS):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def normalise_reference(text: str) -> str:
    """A reference as typed by a person, in its one written form; anything else comes back unmatched."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    return f"{letters[:4]}-{letters[4:]}"


def body_hash(payload: Mapping[str, Any]) -> str:
    """SHA-256 in hex of the canonical JSON of a command, its idempotency key left out."""
    body = {name: value for name, value in payload.items() if name != "idempotency_key"}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _digest(key: Secret[bytes], purpose: str, text: str) -> bytes:
    return hmac.new(key.reveal(), f"{purpose}\x00{text}".encode(), hashlib.sha256).digest()
