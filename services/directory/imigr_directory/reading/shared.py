"""The short code of a service in links that people share: stable, since it follows from the id alone."""

from __future__ import annotations

import hashlib

ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"
"""Thirty-two letters without those that look alike."""
LETTERS = 10
"""Fifty bits: among 100,000 services two share a code with a probability of one in two hundred thousand."""


def code_of(service_id: str) -> str:
    """Ten letters."""
    number = int.from_bytes(hashlib.blake2b(service_id.encode(), digest_size=8).digest())
    return "".join(ALPHABET[(number >> (5 * at)) & 31] for at in range(LETTERS))
