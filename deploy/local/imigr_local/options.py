"""What an instance is asked to run; kept in its folder so that the supervisor reads the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class OwnService:
    """A second instance of a service under its own name, for some towns (`of` names the model)."""

    name: str
    of: str
    municipalities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """Everything about an instance that is not the standard.

    only_servers: start no service. demonstration: bring in what is imagined too (guichets, an open day,
    sign-ins); off, it is the empty installation that a real town begins with. any_ports: do not try the
    standard ports. owner: process id whose end ends the platform. ports: wanted ports by name. own: services
    that towns run themselves. routes: which service name answers for which town, replacing
    deploy/gateway/routes.json. without: parts that are not started. environment: more variables, by part
    name, or "*" for all. given: addresses of servers that run elsewhere, by the names IMIGR_AMQP_URI and
    IMIGR_MONGO_URI; the runner then starts none of that kind.
    """

    only_servers: bool = False
    demonstration: bool = True
    any_ports: bool = False
    owner: int | None = None
    ports: dict[str, int] = field(default_factory=dict)
    own: tuple[OwnService, ...] = ()
    routes: dict[str, dict[str, str]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    environment: dict[str, dict[str, str]] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Options:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["own"] = tuple(OwnService(one["name"], one["of"], tuple(one["municipalities"])) for one in raw["own"])
        raw["without"] = tuple(raw["without"])
        return cls(**raw)
