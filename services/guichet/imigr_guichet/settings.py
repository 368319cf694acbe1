"""What the guichet reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imigr_kit.secret import Secret
from imigr_kit.settings import KitSettings, as_key, setting


@dataclass(frozen=True, kw_only=True)
class GuichetSettings(KitSettings):
    """The kit's settings and the key of the guichet's look-up hashes."""

    service: ClassVar[str] = "guichet"

    key: Secret[bytes] = setting(
        "IMIGR_GUICHET_KEY", as_key, comment="Key of references and link hashes, 32 bytes in base64"
    )

    @property
    def command_key(self) -> Secret[bytes]:
        """Idempotency keys are hashed under the key of the look-up hashes."""
        return self.key
