"""Slow password hashes, signed tokens."""

from __future__ import annotations

import unicodedata
from typing import Any

import jwt
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from imigr_kit.secret import Secret

_TIME, _MEMORY_KIB, _LANES = 2, 19 * 1024, 1
"""OWASP's floor for argon2id (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane). Hashing holds up the other
calls of the process, so the parameters are bounded; README.md has the measurement."""


class Argon2:
    """argon2id (RFC 9106). Passwords are normalised first (NFC, RFC 8265 section 4.2): keyboards differ in how
    they write the same letter."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_TIME, memory_cost=_MEMORY_KIB, parallelism=_LANES, type=Type.ID)
        self._nobodys = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash with its parameters in the text."""
        return self._hasher.hash(_normal(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it fits; without a hash it is False after the same work."""
        try:
            fits = self._hasher.verify(password_hash or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return fits and bool(password_hash)


class EdDsa:
    """JWS with Ed25519 (RFC 8037)."""

    def __init__(self, pem: Secret[str]) -> None:
        self._pem = pem

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWS."""
        return jwt.encode(claims, self._pem.reveal(), algorithm="EdDSA")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)
