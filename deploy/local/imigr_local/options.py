"""What an instance is asked to run; kept in its folder so that the supervisor reads the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`only_servers` starts no service; `any_ports` ignores the standard ports; `owner` is a process
    whose end ends the platform; `ports` asks for some ports by name."""

    only_servers: bool = False
    any_ports: bool = False
    owner: int | None = None
    ports: dict[str, int] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Options:
        return cls(**json.loads(path.read_text(encoding="utf-8")))
