"""Searches a pack as a client without a network does: folded words by their beginning, or by how they sound.

The reference for clients in other languages; ``folding.words`` and ``folding.sounds`` are applied to what is typed.
"""

from __future__ import annotations

import json
from typing import Any

from imigr_directory.folding import sounds, words
from imigr_directory.packs.lines import SHORTEST_SOUND


def records_of(text: str) -> list[dict[str, Any]]:
    """The records of a pack."""
    found: list[dict[str, Any]] = json.loads(text)["records"]
    return found


def find(text: str, typed: str) -> list[dict[str, Any]]:
    """Records in which every word typed begins a word of their names or of their themes, or sounds like one; those that
    are named so come first."""
    pack = json.loads(text)
    themes = {one["code"]: one for one in pack["themes"]}
    asked = words(typed)
    hits = []
    for record in pack["records"]:
        named = record.get("find", "").split() + words(f"{record['name']} {record.get('organization', '')}")
        heard = record.get("heard", "").split()
        about = [token for code in _upwards(record.get("themes", ()), themes) for token in themes[code]["find"].split()]
        ranks = [_rank(word, named, heard, about) for word in asked]
        if asked and all(ranks):
            hits.append((-sum(ranks), record["id"], record))
    return [record for _, _, record in sorted(hits, key=lambda one: one[:2])]


def _upwards(codes: Any, themes: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for code in codes:
        at = code
        while at in themes and at not in found:
            found.add(at)
            at = themes[at].get("parent")
    return found


def _rank(word: str, named: list[str], heard: list[str], about: list[str]) -> int:
    if word in named:
        return 4
    if any(token.startswith(word) for token in named):
        return 3
    if any(len(key) >= SHORTEST_SOUND and key in heard for key in sounds(word)):
        return 2
    return 1 if any(token.startswith(word) for token in about) else 0
