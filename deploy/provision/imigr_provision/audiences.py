"""Reads contracts/audiences.json: which kind of event may be learnt by whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[3] / "contracts" / "audiences.json"
PUBLIC = "public"


@dataclass(frozen=True)
class Audiences:
    """The class of every kind (``directory.service.published.v1``); a kind that is not in the table has the default."""

    kinds: Mapping[str, Mapping[str, Any]]
    default: str

    def class_of(self, kind: str) -> str:
        """public, concerned, counts or internal."""
        return str(self.kinds.get(kind, {}).get("class", self.default))

    def public_keys(self) -> frozenset[str]:
        """Routing keys, for any municipality, of the kinds that are public whatever their data say.

        A kind with ``only_if`` is left out: a binding cannot look into the data.
        """
        certain = (kind for kind, row in self.kinds.items() if "only_if" not in row)
        return frozenset(f"*.{kind}" for kind in certain if self.class_of(kind) == PUBLIC)


def read(path: Path = FILE) -> Audiences:
    """The table as it stands in the contracts."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Audiences(raw["kinds"], raw["default"])
