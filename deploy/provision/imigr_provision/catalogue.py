"""Reads deploy/services.json: the one description of what runs, with which settings and rights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / "services.json"
VHOST = "imigr"
OWN_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
STRANGERS = ("partner", "demo")
"""What users (before ``-``) and queues (before ``.``) begin with that are not ours: they are limited, or removed."""


@dataclass(frozen=True)
class Part:
    """One process: where its code lies, what it is told, and what it keeps.

    `variables` are templates in braces, filled by whoever starts it; `secrets` name files in the part's
    own secrets folder, handed over as NAME_FILE. `emits` is the service whose events it publishes;
    `municipalities` limits these to some towns (all when empty); `calls` are the RPC methods it may call, and
    `hears_intake` whether others may put messages into its queues by their names. `seed` are the arguments of its
    command line that bring in the data of the repository. `is_own`: run by a town or partner, with credentials in
    their house.
    """

    name: str
    folder: str
    module: str
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    port: int
    database: str | None = None
    emits: str | None = None
    municipalities: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    hears_intake: bool = False
    is_own: bool = False


@dataclass(frozen=True)
class Catalogue:
    """Everything there is to run; services in the order in which they start."""

    services: tuple[Part, ...]
    gateway: Part
    streams: Part
    peers: Part
    peer_ports: Mapping[str, int]

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.services, self.gateway, self.streams, self.peers)

    @property
    def shared_names(self) -> frozenset[str]:
        """The parts that the installation runs for all towns; a town's own service is not among them."""
        return frozenset(part.name for part in self.parts if not part.is_own)


@dataclass(frozen=True)
class OwnPart:
    """A service that a town or partner runs itself, beside or instead of the shared one (DESIGN 5.2)."""

    name: str
    of: str
    municipalities: tuple[str, ...] = ()


def read(path: Path = FILE, own: Iterable[OwnPart] = ()) -> Catalogue:
    """The catalogue with the parts that others run themselves."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    services = {one["name"]: _service(one, raw["common"]) for one in raw["services"]}
    extra = [_own(one, services[one.of]) for one in own]
    return Catalogue(
        services=(*services.values(), *extra),
        gateway=_plain(raw["gateway"]),
        streams=_plain(raw["streams"]),
        peers=_plain(raw["peers"]),
        peer_ports=raw["peers"]["ports"],
    )


def _service(raw: Mapping[str, Any], common: Mapping[str, Any]) -> Part:
    return Part(
        name=raw["name"],
        folder=raw["folder"],
        module=raw["module"],
        variables={**common["variables"], **raw["variables"]},
        secrets={**common["secrets"], **raw["secrets"]},
        port=raw["health_port"],
        database=raw["database"],
        emits=raw["name"],
        seed=tuple(raw["seed"]),
        hears_intake=raw.get("hears_intake", False),
    )


def _plain(raw: Mapping[str, Any]) -> Part:
    return Part(
        name=raw["name"],
        folder=raw["folder"],
        module=raw["module"],
        variables=raw["variables"],
        secrets=raw["secrets"],
        port=raw.get("port", 0),
        emits=raw.get("emits"),
        calls=tuple(raw.get("calls", ())),
    )


def _own(one: OwnPart, model: Part) -> Part:
    """Raises ValueError for a name that another's rights would cover: names are part of queue names."""
    if not OWN_NAME.fullmatch(one.name) or one.name in (one.of, *STRANGERS):
        raise ValueError(f"the name of one's own part is small letters, digits and '_', and its own: {one.name!r}")
    towns = tuple(word for town in one.municipalities for word in ("--municipality", town))
    return replace(
        model,
        name=one.name,
        port=0,
        database=f"imigr_{one.name}",
        municipalities=one.municipalities,
        is_own=True,
        seed=model.seed + towns if model.seed else (),
    )
