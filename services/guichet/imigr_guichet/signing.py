"""Ed25519 signatures of slips (RFC 8032), by libsodium."""

from __future__ import annotations

import base64
import hashlib
import hmac

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from imigr_kit.secret import Secret


class SlipKey:
    """Signs slips under a key that follows from the service's own: whoever has that one could forge references and
    links anyway, and a town has one secret less to keep. The id is the beginning of the hash of the public half."""

    def __init__(self, key: Secret[bytes]) -> None:
        seed = hmac.new(key.reveal(), b"slip-signing\x001", hashlib.sha256).digest()
        self._key = SigningKey(seed)
        self.public = bytes(self._key.verify_key)
        self.key_id = hashlib.sha256(self.public).hexdigest()[:8]

    def sign(self, body: bytes) -> bytes:
        """64 octets."""
        return bytes(self._key.sign(body).signature)

    def verify(self, key_id: str, body: bytes, signature: bytes) -> bool:
        """Whether this key made it."""
        return key_id == self.key_id and verify(self.public, body, signature)

    def public_keys(self) -> dict[str, str]:
        """Public keys in base64 by their id; a device keeps them to verify without a network."""
        return {self.key_id: base64.b64encode(self.public).decode()}


def verify(public: bytes, body: bytes, signature: bytes) -> bool:
    """Whether the signature is good; needs nothing but the public key."""
    try:
        VerifyKey(public).verify(body, signature)
    except (BadSignatureError, ValueError):
        return False
    return True
