"""Reads deploy/services.json: the one description of what runs, with which settings and rights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / "services.json"
VHOST = "imigr"


@dataclass(frozen=True)
class Part:
    """One process: where its code lies, what it is told, and what it keeps.

    `variables` are templates in braces, filled by whoever starts it; `secrets` name files in the part's
    own secrets folder, handed over as NAME_FILE. `emits` is the service whose events it publishes;
    `municipalities` limits these to some towns (all when empty). `seed` are the arguments of its command
    line that bring in the real data of the repository, `demonstration` those that bring in what is imagined as well.
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
    demonstration: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Everything there is to run; services in the order in which they start."""

    services: tuple[Part, ...]
    gateway: Part
    streams: Part
    peers: Part
    peer_ports: Mapping[str, int]
    partners: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.services, self.gateway, self.streams, self.peers)


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
        partners=tuple(raw["partners"]),
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
        demonstration=tuple(raw["demonstration"]),
    )


def _plain(raw: Mapping[str, Any]) -> Part:
    return Part(raw["name"], raw["folder"], raw["module"], raw["variables"], raw["secrets"], port=raw.get("port", 0))


def _own(one: OwnPart, model: Part) -> Part:
    towns = tuple(word for town in one.municipalities for word in ("--municipality", town))
    return replace(
        model,
        name=one.name,
        port=0,
        database=f"imigr_{one.name}",
        municipalities=one.municipalities,
        seed=model.seed + towns if model.seed else (),
        demonstration=model.demonstration + towns if model.demonstration else (),
    )
