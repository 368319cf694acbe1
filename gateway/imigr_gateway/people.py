"""Phone numbers and emails on their one way: checked, sealed to the vault's key, published, forgotten."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from nacl.public import PublicKey, SealedBox
from phonenumbers import PhoneNumberType

from imigr_gateway.routing import Backends
from imigr_kit.errors import FieldError, Invalid
from imigr_kit.ids import new_id
from imigr_kit.secret import Secret

HOME_REGION = "TN"
PUBLISH_SECONDS = 1.2
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


@dataclass(frozen=True)
class Link:
    """The manage link of one command: ``token`` for the person, ``hash`` for the service."""

    token: str
    hash: str


@dataclass(frozen=True)
class Person:
    """What a person gave to be reached; it lives for one request."""

    channel: str
    address: Secret[str]
    language: str


class InvalidContact(Invalid):
    """The phone or the email cannot be written to; the field says which."""

    code = "gateway.invalid_input"


def person(phone: str | None, email: str | None, language: str) -> Person | None:
    """Who wants messages, if anybody. Raises InvalidContact, which never holds the address."""
    if phone and email:
        raise InvalidContact(
            fields=[FieldError("email", "gateway.invalid_input", "give a phone or an email, not both")]
        )
    if phone:
        return Person("sms", _mobile(phone), language)
    if email:
        return Person("email", _email(email), language)
    return None


class Desk:
    """Derives links and contact ids from the idempotency key, and hands contacts to the vault."""

    def __init__(self, key: Secret[bytes], vault_key: Secret[bytes], backends: Backends, instance: str) -> None:
        self._key = key
        self._box = SealedBox(PublicKey(vault_key.reveal()))
        self._backends = backends
        self._source = f"/{instance}/gateway"

    def link(self, kind: str, municipality: str, idempotency_key: str) -> Link:
        """The manage link: 128 bits that follow from the key, so a retry gets the same; ``kind`` is a letter."""
        digest = self._digest("manage", kind, idempotency_key)[:16]
        secret = f"{kind}-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
        return Link(f"{municipality}.{secret}", hash_of(secret))

    def give(self, who: Person, link: Link, municipality: str, idempotency_key: str) -> str:
        """Seal the contact, publish it confirmed on the vault's private queue; the contact's id.

        Raises BrokerUnavailable, before anything was booked.
        """
        digest = self._digest("contact", idempotency_key, who.address.reveal())[:16]
        contact_id = str(uuid.UUID(bytes=_version_8(digest)))
        content = {
            "channel": who.channel,
            "address": who.address.reveal(),
            "language": who.language,
            "manage_token": link.token,
        }
        self._publish("contact_intake", "contact.given", contact_id, municipality, {"contact_id": contact_id}, content)
        return contact_id

    def give_answer(self, address: Secret[str], text: Secret[str], provider: str, reference: str) -> None:
        """Seal what a phone wrote, and publish it confirmed to notifications. The id follows from the provider's
        reference, so an SMS that is brought twice is recognised. Raises BrokerUnavailable."""
        named = f"{provider}:{reference}" if reference else ""
        content = {"address": address.reveal(), "text": text.reveal(), "reference": named}
        digest = self._digest("answer", named or new_id())[:16]
        self._publish("inbound_sms", "answer.given", str(uuid.UUID(bytes=_version_8(digest))), "home", {}, content)

    def provider_token(self, provider: str) -> str:
        """What a provider of SMS shows when it brings one: it follows from the gateway's key."""
        return base64.urlsafe_b64encode(self._digest("provider", provider)[:18]).decode()

    def _publish(
        self, queue: str, kind: str, subject: str, municipality: str, data: dict[str, str], content: dict[str, str]
    ) -> None:
        sealed = self._box.encrypt(json.dumps(content).encode())
        event = {
            "specversion": "1.0",
            "id": new_id(),
            "source": self._source,
            "type": f"tn.imigr.gateway.{kind}.v1",
            "subject": subject,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "municipality": municipality,
            "data": data | {"sealed": base64.b64encode(sealed).decode()},
        }
        name = f"{self._backends.name('notifications', municipality)}.{queue}"
        self._backends.client.publish_confirmed(name, event, timeout=PUBLISH_SECONDS)

    def contact_key(self, who: Person, scope: str) -> str:
        """A keyed hash of an address that finds it again within one record only, such as one event: "once per phone"
        without anything that could be joined elsewhere."""
        return self._digest("contact-key", scope, who.address.reveal()).hex()

    def client_key(self, address: str) -> str:
        """A keyed hash of a network address that changes every day, for rate limits; the address is not kept."""
        return self._digest("client", datetime.now(UTC).date().isoformat(), address).hex()

    def salt(self, idempotency_key: str, name: Secret[str]) -> bytes:
        """Follows from the key of a request and the name in it, so that a retry makes the same certificate."""
        return self._digest("salt", idempotency_key, name.reveal())

    def device_key(self, token: str) -> str:
        """A keyed hash of a token that a device keeps, for limits per device; it changes every month."""
        return self._digest("device", datetime.now(UTC).strftime("%Y-%m"), token).hex()

    def _digest(self, purpose: str, *parts: str) -> bytes:
        text = "\x00".join((purpose, *parts))
        return hmac.new(self._key.reveal(), text.encode(), hashlib.sha256).digest()


def hash_of(secret: str) -> str:
    """What services are told of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def split_token(token: str) -> tuple[str, str]:
    """Municipality and secret hash of a manage token; nonsense gives a hash that nothing has."""
    municipality, _, secret = token.partition(".")
    return municipality[:64] or "-", hash_of(secret)


def _mobile(text: str) -> Secret[str]:
    raw = "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in unicodedata.normalize("NFKC", text)
    )
    digits = "".join(letter for letter in raw if letter.isdigit())
    if not raw.strip().startswith("+") and len(digits) == 11 and digits.startswith("216"):
        raw = f"+{digits}"
    refusal = InvalidContact(fields=[FieldError("phone", "notifications.not_a_mobile_number", "")])
    if any(letter.isalpha() for letter in raw) or ";" in raw:
        raise refusal
    try:
        number = phonenumbers.parse(raw, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise refusal from None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _MOBILE:
        raise refusal
    return Secret(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(text: str) -> Secret[str]:
    try:
        found = validate_email(text.strip(" "), check_deliverability=False)
    except EmailNotValidError:
        raise InvalidContact(fields=[FieldError("email", "notifications.not_an_email", "")]) from None
    return Secret(found.ascii_email or found.normalized)


def _version_8(digest: bytes) -> bytes:
    """A UUID of version 8 (RFC 9562 5.8): the bits are ours."""
    octets = bytearray(digest)
    octets[6] = (octets[6] & 0x0F) | 0x80
    octets[8] = (octets[8] & 0x3F) | 0x80
    return bytes(octets)
