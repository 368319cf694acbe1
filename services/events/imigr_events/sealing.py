"""The id of a contact beside a registration, readable with the service's key only."""

from __future__ import annotations

import hashlib
import hmac

from nacl.secret import SecretBox

from imigr_kit.secret import Secret

PURPOSE = b"contact of a registration"


class ContactSeal:
    """Authenticated encryption with a random nonce (XSalsa20-Poly1305), under a key that follows from the service's.

    A registration's document says which kinds its seats are; without the key, which lies outside the database,
    nobody can tell whose contact that is, nor whether two registrations have the same.
    """

    def __init__(self, key: Secret[bytes]) -> None:
        self._box = SecretBox(hmac.new(key.reveal(), PURPOSE, hashlib.sha256).digest())

    def seal(self, contact_id: str) -> bytes:
        """To be stored."""
        return bytes(self._box.encrypt(contact_id.encode()))

    def open(self, sealed: bytes) -> str:
        """As it was. Raises nacl's CryptoError for anything that this key has not sealed."""
        return self._box.decrypt(sealed).decode()
