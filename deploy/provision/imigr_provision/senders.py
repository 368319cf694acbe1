"""The table of senders: which user of the broker may say what. Every part that hears gets a copy beside its secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imigr_provision.catalogue import Catalogue, Part
from imigr_provision.files import write_private

FILE = "senders.json"
ANY = "*"


def write(catalogue: Catalogue, folder: Path) -> None:
    """The users that provisioning has made, each limited to what the catalogue says of its part."""
    speaking = (*catalogue.services, catalogue.gateway, catalogue.streams)
    _hand_out(catalogue, folder, {part.name: _row(part) for part in speaking})


def write_shared(catalogue: Catalogue, folder: Path, user: str) -> None:
    """On a broker that somebody else administers all parts have one user, which may then say everything: what the
    parts may say among themselves is not checked there, and deploy/README.md says so."""
    _hand_out(catalogue, folder, {user: {"service": ANY, "municipalities": [], "calls": [ANY], "serves": ANY}})


def _row(part: Part) -> dict[str, Any]:
    return {
        "service": part.emits or "",
        "municipalities": list(part.municipalities),
        "calls": list(part.calls),
        "serves": part.name if part.database else "",
    }


def _hand_out(catalogue: Catalogue, folder: Path, users: dict[str, Any]) -> None:
    content = json.dumps({"users": users}, indent=2).encode()
    for part in (*catalogue.services, catalogue.gateway, catalogue.streams):
        write_private(folder / part.name / FILE, content)
