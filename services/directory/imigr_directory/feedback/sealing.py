"""Remarks to the editors, readable with the service's key only."""

from __future__ import annotations

import hashlib
import hmac

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from imigr_kit.keyed import keyed_hash
from imigr_kit.secret import Secret

PURPOSE = b"remark of a reader"


class RemarkSeal:
    """Authenticated encryption (XSalsa20-Poly1305) under a key that follows from the service's, which lies outside the
    database. The box is bound to the record it belongs to: copied into another one it does not open."""

    def __init__(self, key: Secret[bytes]) -> None:
        self._key = key

    def seal(self, record: str, text: Secret[str]) -> bytes:
        """To be stored."""
        return bytes(self._box(record).encrypt(text.reveal().encode()))

    def open(self, record: str, sealed: bytes) -> Secret[str] | None:
        """As it was; None for what this key has not sealed for this record."""
        try:
            return Secret(self._box(record).decrypt(sealed).decode())
        except (CryptoError, UnicodeDecodeError):
            return None

    def mark(self, purpose: str, text: str) -> str:
        """A keyed hash, where a plain one could be guessed from short texts."""
        return keyed_hash(self._key, purpose, text)

    def _box(self, record: str) -> SecretBox:
        text = PURPOSE + b"\x00" + record.encode()
        return SecretBox(hmac.new(self._key.reveal(), text, hashlib.sha256).digest())
