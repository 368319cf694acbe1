"""What accounts reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imigr_kit.secret import Secret
from imigr_kit.settings import KitSettings, as_int, as_key, as_text_secret, setting


@dataclass(frozen=True, kw_only=True)
class AccountsSettings(KitSettings):
    """The kit's settings, the signing key of staff tokens, and the key of the look-up hashes."""

    service: ClassVar[str] = "accounts"

    signing_key: Secret[str] = setting(
        "IMIGR_TOKEN_SIGNING_KEY", as_text_secret, comment="Ed25519 private key (PEM) that signs staff tokens"
    )
    key: Secret[bytes] = setting(
        "IMIGR_ACCOUNTS_KEY", as_key, comment="Key of the hashes of emails and tokens, 32 bytes in base64"
    )
    token_seconds: int = setting("IMIGR_TOKEN_SECONDS", as_int, default=900, comment="Life of a staff token")
