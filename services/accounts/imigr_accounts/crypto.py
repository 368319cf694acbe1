"""Slow password hashes, signed tokens."""

from __future__ import annotations

from typing import Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from imigr_kit.secret import Secret

_TIME, _MEMORY_KIB, _LANES = 2, 19 * 1024, 1
"""OWASP's floor for argon2id (19 MiB, 2 passes, 1 lane): about 20 ms on one core."""


class Argon2:
    """argon2id (RFC 9106)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_TIME, memory_cost=_MEMORY_KIB, parallelism=_LANES)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash with its parameters in the text."""
        return self._hasher.hash(password)

    def verify(self, password_hash: str, password: str) -> bool:
        """Whether it fits."""
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def waste(self, password: str) -> None:
        """As long as verify."""
        self.verify(self._nobody, password)


class EdDsa:
    """JWS with Ed25519 (RFC 8037)."""

    def __init__(self, pem: Secret[str]) -> None:
        self._pem = pem

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWS."""
        return jwt.encode(claims, self._pem.reveal(), algorithm="EdDSA")
