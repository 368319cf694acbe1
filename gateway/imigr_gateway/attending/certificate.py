"""The code of a certificate: a signed statement and the holder's name, verified with public keys alone.

``C1.<statement>.<signature>``, both base64url. The statement is the JSON that the events service signed, in which
``holder`` is a commitment: SHA-256 over ``imigr-holder``, a salt of 16 octets and the name. The code carries name and
salt instead, so whoever verifies computes the commitment again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from imigr_kit.errors import FieldError, Invalid
from imigr_kit.secret import Secret

PREFIX = "C1."
PURPOSE = b"imigr-certificate-1"
REVOKED_PURPOSE = b"imigr-revoked-1"
SALT_OCTETS = 16
MOST_LETTERS = 80
_STATED = frozenset(
    {"number", "municipality", "language", "title", "days", "attended", "sessions", "minutes", "issued_on"}
)
_SIGNS = frozenset(" '’.-")


class BadHolder(Invalid):
    """The name cannot be printed as it was typed; the error never holds it."""

    code = "gateway.invalid_input"


@dataclass(frozen=True)
class Verified:
    """What a good certificate says: what is printed on it."""

    holder: Secret[str]
    statement: Mapping[str, Any]


def holder(typed: str) -> Secret[str]:
    """A name as it is printed: letters of any script, spaces, apostrophes, hyphens and dots. Raises BadHolder."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    letters = [letter for letter in name if letter not in _SIGNS]
    is_plain = all(unicodedata.category(letter)[0] in "LM" for letter in letters)
    if not letters or not is_plain or len(name) > MOST_LETTERS:
        raise BadHolder(fields=[FieldError("holder", "gateway.invalid_input", "letters, spaces, ' - and . only")])
    return Secret(name)


def commitment(name: Secret[str], salt: bytes) -> str:
    """What the events service signs in place of the name, in hex; without the salt nothing follows from it."""
    return hashlib.sha256(b"imigr-holder\x00" + salt + name.reveal().encode()).hexdigest()


def composed(signed: Mapping[str, Any], name: Secret[str], salt: bytes) -> Secret[str]:
    """The code, given the answer of ``sign_certificate``."""
    shown = {field: value for field, value in signed["statement"].items() if field != "holder"}
    shown |= {"holder": name.reveal(), "salt": _b64(salt), "key": signed["key_id"]}
    raw = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return Secret(f"{PREFIX}{_b64(raw)}.{_b64(base64.b64decode(signed['signature']))}")


def municipality_of(code: Secret[str]) -> str | None:
    """Whose keys are needed, as the code itself says; None for what is no code."""
    read = _read(code)
    return None if read is None else str(read[0]["municipality"])


def verify(code: Secret[str], keys: Mapping[str, str]) -> Verified | None:
    """What the certificate says if one of the public keys (base64 by id) made it, else None. Needs no network."""
    read = _read(code)
    if read is None:
        return None
    shown, signature = read
    try:
        salt, name = _raw(shown["salt"]), Secret(shown["holder"])
        statement = {field: shown[field] for field in _STATED}
        body = _canonical(statement | {"holder": commitment(name, salt)})
        VerifyKey(base64.b64decode(keys[shown["key"]])).verify(PURPOSE + body, signature)
    except (BadSignatureError, KeyError, ValueError, TypeError, AttributeError, UnicodeError):
        return None
    return Verified(name, statement)


def revoked(listed: Mapping[str, Any], keys: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The statement of a list of revoked certificates if one of the public keys made it, else None. Needs no
    network."""
    try:
        statement: Mapping[str, Any] = listed["statement"]
        signature = base64.b64decode(listed["signature"])
        VerifyKey(base64.b64decode(keys[listed["key_id"]])).verify(REVOKED_PURPOSE + _canonical(statement), signature)
    except (BadSignatureError, KeyError, ValueError, TypeError):
        return None
    return statement


def _canonical(statement: Mapping[str, Any]) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _read(code: Secret[str]) -> tuple[dict[str, Any], bytes] | None:
    """Fields and signature; None unless it is written exactly as ``composed`` writes it."""
    try:
        packed, _, signature = code.reveal().strip().removeprefix(PREFIX).partition(".")
        raw, signed = _raw(packed), _raw(signature)
        shown = json.loads(raw)
        fields = _STATED | {"holder", "salt", "key"}
        is_ours = isinstance(shown, dict) and set(shown) == fields and f"{PREFIX}{_b64(raw)}.{_b64(signed)}"
    except (ValueError, binascii.Error, UnicodeError, RecursionError):
        return None
    return (shown, signed) if is_ours == code.reveal().strip() else None


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
