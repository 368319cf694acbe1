"""Ed25519 signatures of tickets and certificates (RFC 8032), by libsodium."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from imigr_kit.secret import Secret


class KeyRing:
    """Signs with the present key; verifies with it and with those it has replaced. A key's id is the beginning of
    the hash of its public half."""

    def __init__(self, seed: Secret[bytes], retired: Sequence[bytes] = ()) -> None:
        self._key = SigningKey(seed.reveal())
        present = bytes(self._key.verify_key)
        self._public = {key_id(public): public for public in (present, *retired)}
        self.key_id = key_id(present)

    def sign(self, purpose: bytes, body: bytes) -> bytes:
        """64 octets over purpose and body."""
        return bytes(self._key.sign(purpose + body).signature)

    def verify(self, signing_key_id: str, purpose: bytes, body: bytes, signature: bytes) -> bool:
        """Whether one of our keys made it for this purpose."""
        return verify(self._public, signing_key_id, purpose, body, signature)

    def public_keys(self) -> dict[str, str]:
        """Public keys in base64 by their id."""
        return {one: base64.b64encode(public).decode() for one, public in self._public.items()}


def key_id(public: bytes) -> str:
    """8 hexadecimal digits."""
    return hashlib.sha256(public).hexdigest()[:8]


def verify(public: Mapping[str, bytes], signing_key_id: str, purpose: bytes, body: bytes, signature: bytes) -> bool:
    """Whether the named key made the signature for this purpose; needs nothing but public keys."""
    key = public.get(signing_key_id)
    if key is None:
        return False
    try:
        VerifyKey(key).verify(purpose + body, signature)
    except (BadSignatureError, ValueError):
        return False
    return True
