"""What a client needs besides a pack: JSON Schemas of pack and difference, and the tables by which words are folded.

Run ``python -m imigr_directory.packs.contract contracts/packs`` to write them again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from imigr_directory.folding import letters
from imigr_directory.folding.sounds import (
    AMBIGUOUS,
    ARABIC_LETTERS,
    ARTICLE,
    LATIN,
    MOST_VARIANTS,
    SHORTEST,
)
from imigr_directory.packs.lines import FORMAT, SHORTEST_SOUND

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_TEXTS: Final[dict[str, Any]] = {"type": "array", "items": _TEXT}
_PAIR: Final[dict[str, Any]] = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_NAME: Final[dict[str, Any]] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}


def _said(schema: dict[str, Any], what: str) -> dict[str, Any]:
    return schema | {"description": what}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def pack_schema() -> dict[str, Any]:
    """Of a pack."""
    theme = _object({"code": _TEXT, "name": _TEXT, "parent": _TEXT, "find": _TEXT}, "code", "name", "find")
    section = _object({"heading": _TEXT, "body": _TEXT, "steps": _TEXTS})
    record = _object(
        {
            "id": _said(_TEXT, "As in /api/v1; records stand in the order of their ids"),
            "kind": {"enum": ["service", "article", "alert"]},
            "name": _TEXT,
            "organization": _TEXT,
            "description": _TEXT,
            "address": _TEXT,
            "at": _said(
                {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}, "Latitude, longitude"
            ),
            "phones": _TEXTS,
            "hours": _said(_TEXTS, "Lines to show, without 'today'"),
            "languages": _said(_TEXTS, "BCP 47, spoken there"),
            "accessibility": _TEXTS,
            "fees": {"enum": ["free", "paid", "mixed"]},
            "website": _TEXT,
            "apply": _said(_TEXT, "How to apply"),
            "who": _said(_TEXT, "For whom"),
            "bring": _said(_TEXTS, "Documents to bring"),
            "costs": _TEXTS,
            "themes": _said(_TEXTS, "Codes of themes of the head"),
            "checked": _said(_TEXT, "Day on which somebody looked whether it is true"),
            "find": _said(_TEXT, "Folded words of names that are not shown, for the search"),
            "heard": _said(_TEXT, "Sound keys, when the names are in one script only"),
            "in": _said({"type": "object", "additionalProperties": _TEXT}, "Language of texts that are in another one"),
            "sections": {"type": "array", "items": section},
            "services": _said(_TEXTS, "Ids of services that an article or alert names"),
            "links": {"type": "array", "items": {"type": "object"}},
            "severity": _TEXT,
            "valid_from": _TEXT,
            "valid_until": _TEXT,
        },
        "id",
        "kind",
        "name",
    )
    head = {
        "format": {"const": FORMAT},
        "municipality": _TEXT,
        "language": _TEXT,
        "name": _TEXT,
        "timezone": _TEXT,
        "themes": {"type": "array", "items": theme},
        "records": {"type": "array", "items": record},
    }
    return {"$schema": DIALECT, "title": "Offline pack of a town in a language"} | _object(head, *head)


def change_schema() -> dict[str, Any]:
    """Of a difference between two packs."""
    lines = {"type": "object", "additionalProperties": _TEXT}
    fields = {
        "format": {"const": FORMAT},
        "from": _said(_NAME, "Name of the pack that the client has"),
        "to": _said(_NAME, "Name of the pack that it makes: the first 16 octets of the SHA-256 of its text, in hex"),
        "head": _said({"type": ["string", "null"]}, "Another first line without its closing; null: as it was"),
        "set": _said(lines, "Lines to put in, by record id, as they stand in the text"),
        "drop": _said(_TEXTS, "Ids of records to leave out"),
    }
    return {"$schema": DIALECT, "title": "Difference between two packs"} | _object(fields, *fields)


def folding_tables() -> dict[str, Any]:
    """Tables of folding.letters and folding.sounds; the steps that use them are in the README beside."""
    return {
        "format": FORMAT,
        "marks": letters.MARKS.pattern,
        "ligatures": {chr(one): other for one, other in letters.LIGATURES.items()},
        "letters": {chr(one): other or "" for one, other in letters.LETTERS.items()},
        "articles": list(letters.ARTICLES),
        "elisions": sorted(letters.ELISIONS),
        "arabic_sounds": dict(ARABIC_LETTERS),
        "latin_sounds": [[pattern.pattern, letter] for pattern, letter in LATIN],
        "ambiguous": {letter: list(ways) for letter, ways in AMBIGUOUS.items()},
        "latin_article": ARTICLE.pattern,
        "most_variants": MOST_VARIANTS,
        "shortest": dict(SHORTEST),
        "shortest_sound": SHORTEST_SOUND,
    }


def files() -> dict[str, Any]:
    """Every file by name."""
    return {
        "pack.v1.json": pack_schema(),
        "change.v1.json": change_schema(),
        "folding.v1.json": folding_tables(),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for file, made in files().items():
        (folder / file).write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
