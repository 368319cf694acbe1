"""What accounts reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from imigr_kit.secret import Secret
from imigr_kit.settings import AUDIT_HEAD, KitSettings, as_int, as_key, as_path, as_text_secret, setting


def as_signing_key(text: str) -> Secret[str]:
    """An Ed25519 private key as PEM, without a passphrase."""
    try:
        key = load_pem_private_key(text.strip().encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("must be an Ed25519 private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("must be an Ed25519 private key in PEM")
    return as_text_secret(text)


def as_token_seconds(text: str) -> int:
    """Between a minute and an hour: a token cannot be taken back."""
    seconds = as_int(text)
    if not 60 <= seconds <= 3600:
        raise ValueError("must be 60 to 3600")
    return seconds


@dataclass(frozen=True, kw_only=True)
class AccountsSettings(KitSettings):
    """The kit's settings, the signing key of staff tokens, and the key of the look-up hashes."""

    service: ClassVar[str] = "accounts"

    signing_key: Secret[str] = setting(
        "IMIGR_TOKEN_SIGNING_KEY", as_signing_key, comment="Ed25519 private key (PEM) that signs staff tokens"
    )
    key: Secret[bytes] = setting(
        "IMIGR_ACCOUNTS_KEY",
        as_key,
        comment="Key of the hashes of emails and tokens and of the audit chain, 32 bytes in base64",
    )
    audit_head: Path | None = setting("IMIGR_AUDIT_HEAD", as_path, default=None, comment=AUDIT_HEAD)
    token_seconds: int = setting(
        "IMIGR_TOKEN_SECONDS", as_token_seconds, default=900, comment="Life of a staff token, 60 to 3600"
    )

    @property
    def command_key(self) -> Secret[bytes]:
        """Idempotency keys are hashed under the key of the look-up hashes."""
        return self.key
