"""Passwords the servers themselves start with; standard library only, since they come first."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from imigr_provision.files import ensure

MONGO_ADMIN, MONGO_KEYFILE = "mongo/admin_password", "mongo/keyfile"
BROKER_ADMIN, ERLANG_COOKIE = "broker/admin_password", "broker/erlang_cookie"


def password() -> bytes:
    """Letters, digits, '-' and '_': safe in an address without quoting."""
    return secrets.token_urlsafe(24).encode()


def ensure_server_secrets(folder: Path) -> None:
    """Makes what is missing, keeps what is there."""
    ensure(folder / MONGO_ADMIN, password)
    ensure(folder / BROKER_ADMIN, password)
    ensure(folder / ERLANG_COOKIE, lambda: secrets.token_hex(16).upper().encode(), 0o400)
    ensure(folder / MONGO_KEYFILE, lambda: base64.b64encode(secrets.token_bytes(96)), 0o400)
