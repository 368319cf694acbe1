"""What notifications reads from the environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from imigr_kit.secret import Secret
from imigr_kit.settings import AUDIT_HEAD, KitSettings, as_int, as_key, as_path, as_seconds, as_text_secret, setting
from imigr_notifications.channels import ChannelPlan, as_channels


@dataclass(frozen=True)
class MasterKeys:
    """Keys that wrap the data keys of contacts; ``current`` names the one for new contacts."""

    current: str
    keys: dict[str, Secret[bytes]]


def as_master_keys(text: str) -> MasterKeys:
    """``{"current": "k2", "keys": {"k1": "<base64>", "k2": "<base64>"}}``."""
    content = json.loads(text)
    keys = {name: as_key(value) for name, value in content["keys"].items()}
    if content["current"] not in keys:
        raise ValueError("must name one of its keys as current")
    return MasterKeys(content["current"], keys)


def as_smpp_password(text: str) -> Secret[str]:
    """SMPP 3.4, section 4.1: at most 8 characters; a longer one would be cut and refused by the centre."""
    password = as_text_secret(text)
    if len(password.reveal()) > 8:
        raise ValueError("must have at most 8 characters (SMPP 3.4)")
    return password


def as_system_id(text: str) -> str:
    """SMPP 3.4, section 4.1: at most 15 characters."""
    if not 0 < len(text) <= 15:
        raise ValueError("must have 1 to 15 characters (SMPP 3.4)")
    return text


@dataclass(frozen=True, kw_only=True)
class NotificationsSettings(KitSettings):
    """The kit's settings, the vault's keys, and where messages are handed over."""

    service: ClassVar[str] = "notifications"

    vault_private_key: Secret[bytes] = setting(
        "IMIGR_VAULT_PRIVATE_KEY", as_key, comment="X25519 key that opens sealed contacts, 32 bytes in base64"
    )
    vault_master_keys: MasterKeys = setting(
        "IMIGR_VAULT_MASTER_KEYS", as_master_keys, comment="JSON with the keys that wrap each contact's own key"
    )
    vault_hash_key: Secret[bytes] = setting(
        "IMIGR_VAULT_HASH_KEY", as_key, comment="Key of the look-up hash of addresses, 32 bytes in base64"
    )
    erasure_ledger: Path | None = setting(
        "IMIGR_ERASURE_LEDGER",
        as_path,
        default=None,
        comment="File outside the database's backup that remembers erasures, to be replayed after a restore",
    )
    audit_head: Path | None = setting("IMIGR_AUDIT_HEAD", as_path, default=None, comment=AUDIT_HEAD)
    reveals_an_hour: int = setting(
        "IMIGR_REVEALS_AN_HOUR",
        as_int,
        default=20,
        comment="How many addresses one of the staff is shown in an hour",
    )
    channels: ChannelPlan | None = setting(
        "IMIGR_CHANNELS",
        as_channels,
        default=None,
        comment="JSON with the providers of SMS and email, and which of them each municipality uses",
    )
    public_url: str = setting(
        "IMIGR_PUBLIC_URL", default="http://127.0.0.1:8080", comment="Address in links of messages"
    )
    smpp_host: str = setting("IMIGR_SMPP_HOST", default="127.0.0.1", comment="SMS centre (SMPP 3.4)")
    smpp_port: int = setting("IMIGR_SMPP_PORT", as_int, default=2775, comment="Its port")
    smpp_system_id: str = setting("IMIGR_SMPP_SYSTEM_ID", as_system_id, default="imigr", comment="Name to bind with")
    smpp_password: Secret[str] = setting("IMIGR_SMPP_PASSWORD", as_smpp_password, comment="Password to bind with")
    sms_sender: str = setting("IMIGR_SMS_SENDER", default="Commune", comment="Sender shown on the phone")
    smtp_host: str = setting("IMIGR_SMTP_HOST", default="127.0.0.1", comment="Mail relay")
    smtp_port: int = setting("IMIGR_SMTP_PORT", as_int, default=25, comment="Its port")
    smtp_from: str = setting("IMIGR_SMTP_FROM", default="commune@localhost", comment="Sender of emails")
    doubt_seconds: float = setting(
        "IMIGR_DOUBT_SECONDS",
        as_seconds,
        default=40.0,
        comment="How long a message whose answer was lost waits for a receipt before its doubt is ended",
    )
    lease_seconds: float = setting(
        "IMIGR_DELIVERY_LEASE_SECONDS",
        as_seconds,
        default=20.0,
        comment="How long a message belongs to one worker; a worker that died is noticed after it",
    )

    @property
    def command_key(self) -> Secret[bytes]:
        """Idempotency keys are hashed under the key of the look-up hashes."""
        return self.vault_hash_key
