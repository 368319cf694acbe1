"""What the events service reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imigr_kit.secret import Secret
from imigr_kit.settings import KitSettings, as_key, as_list, setting


def as_public_keys(text: str) -> tuple[bytes, ...]:
    """Ed25519 public keys in base64, separated by commas."""
    return tuple(as_key(word).reveal() for word in as_list(text))


@dataclass(frozen=True, kw_only=True)
class EventsSettings(KitSettings):
    """The kit's settings and the key of the look-up hashes."""

    service: ClassVar[str] = "events"

    key: Secret[bytes] = setting(
        "IMIGR_EVENTS_KEY", as_key, comment="Key of references and link hashes, 32 bytes in base64"
    )
    signing_key: Secret[bytes] = setting(
        "IMIGR_EVENTS_SIGNING_KEY",
        as_key,
        comment="Ed25519 seed of tickets and certificates, 32 bytes in base64",
    )
    retired_keys: tuple[bytes, ...] = setting(
        "IMIGR_EVENTS_RETIRED_KEYS",
        as_public_keys,
        default=(),
        comment="Public keys in base64, by commas, whose tickets and certificates stay good",
    )

    @property
    def command_key(self) -> Secret[bytes]:
        """Idempotency keys are hashed under the key of the look-up hashes."""
        return self.key
