"""Where things lie: the repository, the shared downloads and the folder of one instance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from imigr_local.errors import RunnerError

REPOSITORY = Path(__file__).resolve().parents[3]
LOCAL = REPOSITORY / ".local"
MARK = "IMIGR_RUNNER_FOLDER"
"""Environment variable every process of an instance carries, so that none can be lost."""


@dataclass(frozen=True)
class Instance:
    """Folder of one running platform; several can run beside each other."""

    name: str
    folder: Path

    @classmethod
    def named(cls, name: str) -> Instance:
        """Raises RunnerError when the name could not be a folder and a broker node name."""
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
            raise RunnerError(f"'{name}' is no instance name: use small letters, digits, '-' and '_'.")
        return cls(name, LOCAL / name)

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def state_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def options_file(self) -> Path:
        return self.folder / "options.json"

    @property
    def lock_file(self) -> Path:
        return self.folder / "lock"

    @property
    def credentials_file(self) -> Path:
        return self.folder / "credentials.json"

    def make(self) -> None:
        """Creates the folders, readable by their owner only."""
        LOCAL.mkdir(exist_ok=True)
        for folder in (self.folder, self.logs, self.secrets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def shown(path: Path) -> str:
    """The path as a person at the repository's root would type it."""
    try:
        return str(path.relative_to(REPOSITORY))
    except ValueError:
        return str(path)
