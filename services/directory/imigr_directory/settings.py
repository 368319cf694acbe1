"""What the directory reads from the environment: nothing beyond the kit's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imigr_kit.settings import KitSettings


@dataclass(frozen=True, kw_only=True)
class DirectorySettings(KitSettings):
    """The kit's settings."""

    service: ClassVar[str] = "directory"
