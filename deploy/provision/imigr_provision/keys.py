"""Makes every key file of the platform, each in the folder of the one part that may read it."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from nacl.public import PrivateKey

from imigr_provision.catalogue import Catalogue, Part
from imigr_provision.files import ensure, write_private
from imigr_provision.server_secrets import password

Make = Callable[[Path], bytes]
"""Makes the content of a file, given the folder of all secrets."""


def ensure_keys(catalogue: Catalogue, folder: Path) -> None:
    """Makes what is missing and keeps what is there; the addresses are written by `servers`."""
    for part in catalogue.parts:
        for name in part.secrets.values():
            if name in MAKERS:
                _ensure(folder, part, name)


def ensure_staff_passwords(folder: Path, staff: Path) -> None:
    """A drawn password for every demo account of data/staff.json that has none yet."""
    target = folder / "accounts" / "staff_passwords.json"
    known: dict[str, str] = json.loads(target.read_text()) if target.exists() else {}
    missing = [email for email in _emails(json.loads(staff.read_text())) if email not in known]
    if missing or not target.exists():
        fresh = {email: password()[:16].decode() for email in missing}
        write_private(target, json.dumps(known | fresh, indent=2).encode())


def _emails(raw: object) -> list[str]:
    if isinstance(raw, dict):
        own = [raw["email"]] if isinstance(raw.get("email"), str) else []
        return own + [email for value in raw.values() for email in _emails(value)]
    return [email for value in raw for email in _emails(value)] if isinstance(raw, list) else []


def _ensure(folder: Path, part: Part, name: str) -> None:
    make = MAKERS[name]
    ensure(folder / part.name / name, lambda: make(folder))


def _random_key(_: Path) -> bytes:
    return base64.b64encode(secrets.token_bytes(32))


def _vault_private(_: Path) -> bytes:
    return base64.b64encode(bytes(PrivateKey.generate()))


def _vault_public(folder: Path) -> bytes:
    private = ensure(folder / "notifications" / "vault_private_key", lambda: _vault_private(folder))
    return base64.b64encode(bytes(PrivateKey(base64.b64decode(private)).public_key))


def _master_keys(_: Path) -> bytes:
    """Named, so that a new one can be added and the old one kept for what it has wrapped."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return json.dumps({"current": "k1", "keys": {"k1": key}}).encode()


def _signing_key(_: Path) -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _signing_public(folder: Path) -> bytes:
    private = ensure(folder / "accounts" / "token_signing_key.pem", lambda: _signing_key(folder))
    key = load_pem_private_key(private, password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _smpp_password(folder: Path) -> bytes:
    """The notifications service and the local receiving peer hold the same one (8 characters at most, SMPP 3.4)."""
    return ensure(folder / "notifications" / "smpp_password", lambda: password()[:8])


MAKERS: dict[str, Make] = {
    "hash_key": _random_key,
    "signing_key": _random_key,
    "vault_private_key": _vault_private,
    "vault_public_key": _vault_public,
    "vault_master_keys.json": _master_keys,
    "token_signing_key.pem": _signing_key,
    "token_public_key.pem": _signing_public,
    "smpp_password": _smpp_password,
}
