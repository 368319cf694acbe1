"""What the directory reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from imigr_kit.secret import Secret
from imigr_kit.settings import AUDIT_HEAD, KitSettings, as_bool, as_key, as_path, setting


@dataclass(frozen=True, kw_only=True)
class DirectorySettings(KitSettings):
    """The kit's settings and the key that closes remarks of readers."""

    service: ClassVar[str] = "directory"

    key: Secret[bytes] = setting(
        "IMIGR_DIRECTORY_KEY", as_key, comment="Key of remarks to the editors, 32 bytes in base64"
    )
    audit_head: Path | None = setting("IMIGR_AUDIT_HEAD", as_path, default=None, comment=AUDIT_HEAD)
    checks_links: bool = setting(
        "IMIGR_DIRECTORY_LINK_CHECKS",
        as_bool,
        default=False,
        comment="Whether the service looks at the websites that records name (it then needs the way to the internet)",
    )

    @property
    def command_key(self) -> Secret[bytes]:
        """Idempotency keys are hashed under the key of the look-up hashes."""
        return self.key
