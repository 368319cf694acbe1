"""What the directory reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imigr_kit.secret import Secret
from imigr_kit.settings import KitSettings, as_bool, as_key, setting


@dataclass(frozen=True, kw_only=True)
class DirectorySettings(KitSettings):
    """The kit's settings and the key that closes remarks of readers."""

    service: ClassVar[str] = "directory"

    key: Secret[bytes] = setting(
        "IMIGR_DIRECTORY_KEY", as_key, comment="Key of remarks to the editors, 32 bytes in base64"
    )
    checks_links: bool = setting(
        "IMIGR_DIRECTORY_LINK_CHECKS",
        as_bool,
        default=False,
        comment="Whether the service looks at the websites that records name (it then needs the way to the internet)",
    )
