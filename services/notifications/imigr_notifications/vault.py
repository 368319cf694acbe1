"""Encryption of contacts: a data key per contact, wrapped by a master key from outside the database."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from imigr_kit.keyed import keyed_hash
from imigr_kit.secret import Secret
from imigr_notifications.addresses import email_address, mobile_number
from imigr_notifications.domain import ASKED_FOR, Consent
from imigr_notifications.errors import NotAMobileNumber, NotAnEmail, UndecryptableContact
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.settings import MasterKeys

_NONCE = 12
CHANNELS = frozenset({"sms", "email"})


@dataclass(frozen=True)
class Contact:
    """A contact in the clear, only ever inside a process."""

    channel: str
    address: Secret[str]
    language: str
    manage_token: Secret[str] | None
    person: str = ""
    """Keyed hash of the address, once it is in the vault."""
    consents: frozenset[str] = ASKED_FOR


@dataclass(frozen=True)
class Unusable:
    """A contact that was given but cannot be written to; the address itself is not kept."""

    channel: str
    reason: str


@dataclass(frozen=True)
class Sealed:
    """A contact at rest: AES-256-GCM under its own key (bound to the contact id), that key wrapped by the
    master key ``key_id``, and a keyed hash of the address for look-up."""

    wrapped_key: bytes
    key_id: str
    box: bytes
    lookup: str


class Vault:
    """Opens what the gateway sealed, and seals what the database keeps."""

    def __init__(self, private_key: Secret[bytes], masters: MasterKeys, hash_key: Secret[bytes]) -> None:
        self._private_key = private_key
        self._masters = masters
        self._hash_key = hash_key

    def open_intake(self, sealed: bytes, countries: Collection[str]) -> Contact | Unusable:
        """The contact in an X25519 sealed box (libsodium), its address normalised; Unusable when it is no
        mobile number of the countries, or no email address. Raises UndecryptableContact."""
        try:
            content = json.loads(SealedBox(PrivateKey(self._private_key.reveal())).decrypt(sealed))
            channel, address = str(content["channel"]), Secret(str(content["address"]))
            language, token = str(content["language"]), content.get("manage_token")
            consents = frozenset(Consent(one) for one in content.get("consents", ASKED_FOR))
        except (CryptoError, ValueError, KeyError, TypeError):
            raise UndecryptableContact from None
        if channel not in CHANNELS:
            raise UndecryptableContact
        try:
            normal = mobile_number(address, countries) if channel == "sms" else email_address(address)
        except (NotAMobileNumber, NotAnEmail) as error:
            return Unusable(channel, error.code)
        return Contact(channel, normal, language, None if token is None else Secret(str(token)), consents=consents)

    def open_answer(self, sealed: bytes) -> Inbound:
        """An SMS from a phone in a sealed box. Raises UndecryptableContact."""
        try:
            content = json.loads(SealedBox(PrivateKey(self._private_key.reveal())).decrypt(sealed))
            return Inbound(Secret(str(content["address"])), Secret(str(content["text"])), str(content["reference"]))
        except (CryptoError, ValueError, KeyError, TypeError):
            raise UndecryptableContact from None

    def seal(self, contact_id: str, contact: Contact) -> Sealed:
        """Encrypt for the database, under a fresh key."""
        key = AESGCM.generate_key(bit_length=256)
        token = None if contact.manage_token is None else contact.manage_token.reveal()
        plain = json.dumps({"address": contact.address.reveal(), "manage_token": token}).encode()
        master = self._masters.current
        return Sealed(
            wrapped_key=_encrypt(self._masters.keys[master].reveal(), key, contact_id),
            key_id=master,
            box=_encrypt(key, plain, contact_id),
            lookup=self.lookup(contact.address),
        )

    def open(self, contact_id: str, sealed: Sealed, channel: str, language: str) -> Contact:
        """Decrypt one contact; raises UndecryptableContact when a key is gone or the data was altered."""
        master = self._masters.keys.get(sealed.key_id)
        if master is None:
            raise UndecryptableContact
        try:
            key = _decrypt(master.reveal(), sealed.wrapped_key, contact_id)
            content: dict[str, Any] = json.loads(_decrypt(key, sealed.box, contact_id))
        except (InvalidTag, ValueError):
            raise UndecryptableContact from None
        token = content["manage_token"]
        return Contact(channel, Secret(content["address"]), language, None if token is None else Secret(token))

    def rewrapped(self, contact_id: str, sealed: Sealed) -> Sealed:
        """The same contact with its key under the current master key; the data itself is not touched.

        Raises UndecryptableContact.
        """
        old = self._masters.keys.get(sealed.key_id)
        if old is None:
            raise UndecryptableContact
        try:
            key = _decrypt(old.reveal(), sealed.wrapped_key, contact_id)
        except InvalidTag:
            raise UndecryptableContact from None
        master = self._masters.current
        wrapped = _encrypt(self._masters.keys[master].reveal(), key, contact_id)
        return Sealed(wrapped, master, sealed.box, sealed.lookup)

    @property
    def current_key(self) -> str:
        """Name of the master key for new contacts."""
        return self._masters.current

    def receipt(self, contact_id: str, at: datetime) -> str:
        """A code that shows, with the contact's id and the moment, that we said it was erased."""
        return keyed_hash(self._hash_key, "erasure", f"{contact_id} {at.isoformat()}")[:16]

    def slip(self, text: str) -> str:
        """Keyed hash of something that must be recognised and not read."""
        return keyed_hash(self._hash_key, "slip", text)

    def unsubscribe_token(self, contact_id: str) -> str:
        """What ends emails to a contact: its id, and a proof that we made the link."""
        return f"{contact_id}~{keyed_hash(self._hash_key, 'unsubscribe', contact_id)[:22]}"

    def unsubscribed(self, token: str) -> str | None:
        """The contact of a token; None when the token was not made here."""
        contact_id = token.partition("~")[0]
        return contact_id if hmac.compare_digest(self.unsubscribe_token(contact_id).encode(), token.encode()) else None

    def report_token(self, provider: str) -> str:
        """What a provider shows when it reports."""
        return keyed_hash(self._hash_key, "report", provider)[:32]

    def is_report_token(self, provider: str, token: str) -> bool:
        """True for the one that was made for it."""
        return hmac.compare_digest(self.report_token(provider).encode(), token.encode())

    def lookup(self, address: Secret[str]) -> str:
        """Keyed hash by which an address is found again (opt-outs); a plain hash would be broken in a minute."""
        return keyed_hash(self._hash_key, "address", address.reveal())


def hint(contact: Contact) -> str:
    """Enough to recognise one's own address, and too little to use another's: the last two digits, or the first
    letter and the domain."""
    address = contact.address.reveal()
    if contact.channel == "sms":
        return "*" * (len(address) - 2) + address[-2:]
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _encrypt(key: bytes, plain: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def _decrypt(key: bytes, box: bytes, bound_to: str) -> bytes:
    return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], bound_to.encode())
