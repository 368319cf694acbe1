"""What a town is called, in the reader's language."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from flask import current_app

from imigr_gateway.commands import backends
from imigr_gateway.languages import chain, pick
from imigr_kit.errors import ImigrError

KEEP_SECONDS = 600.0


@dataclass
class _Towns:
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    read_at: float = float("-inf")


def name(municipality: str, language: str) -> str:
    """Its name as the directory knows it, or its slug while the directory has never answered: a certificate is not
    held up by it. Names are asked for every ten minutes at most."""
    towns: _Towns = current_app.extensions.setdefault("imigr_towns", _Towns())
    if municipality not in towns.names or time.monotonic() > towns.read_at + KEEP_SECONDS:
        try:
            items = backends().call("directory", "list_municipalities", None)["items"]
        except ImigrError:
            items = []
        else:
            towns.read_at = time.monotonic()
        towns.names.update({one["slug"]: one["name"] for one in items})
    known = towns.names.get(municipality)
    return pick(known, chain(language))[0] if known else municipality
