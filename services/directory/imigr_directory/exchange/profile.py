"""The JSON Schemas of what we publish: HSDS 3.1 with the additions of our profile, closed to everything else.

Run ``python -m imigr_directory.exchange.profile contracts/hsds-profile`` to write them again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from imigr_directory.exchange.nesting import CHILDREN, SINGLE
from imigr_directory.exchange.tables import GONE_TABLES, PROFILE_TABLES, TABLES, Kind

NAME: Final = "hsds-i-migr"
VERSION: Final = "1.0.0"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REQUIRED: Final = {
    "service": ("name", "status"),
    "organization": ("name", "description"),
    "location": ("location_type",),
    "address": ("address_1", "city", "state_province", "postal_code", "country", "address_type"),
    "phone": ("number",),
    "taxonomy": ("name", "description"),
    "taxonomy_term": ("name", "description"),
    "service_capacity": ("unit", "available", "updated"),
    "unit": ("name",),
    "url": ("url",),
}
_ENUMS: Final = {
    ("service", "status"): ["active", "inactive", "defunct", "temporarily closed"],
    ("location", "location_type"): ["physical", "postal", "virtual"],
    ("address", "address_type"): ["physical", "postal", "virtual"],
    ("schedule", "wkst"): ["MO", "TU", "WE", "TH", "FR", "SA", "SU"],
}
_TYPES: Final[dict[Kind, dict[str, Any]]] = {
    "id": {"type": "string", "format": "uuid"},
    "text": {"type": "string"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "time": {"type": "string"},
    "url": {"type": "string", "format": "uri"},
    "email": {"type": "string", "format": "email"},
}
_OLD_FIELDS: Final = {"schedule": ("weekday", "closed"), "phone": ("language",), "taxonomy_term": ("parent_name",)}
ADDED: Final[dict[str, Any]] = {
    "translations": {
        "type": "object",
        "description": "Each text field in every language it has, by field and BCP 47 tag; the field is one of them.",
        "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "details": {
        "type": "object",
        "description": "Parts of the entry that HSDS has no word for, in the form of the directory's own interface: "
        "layered hours with exceptions, Ramadan and holidays, and the envelope (municipality, version, source).",
    },
}
PART_ID: Final = {"type": "string", "description": "The part's own key in the directory; stable across translations."}


def schema() -> dict[str, Any]:
    """All definitions, by table."""
    tables = [name for name in TABLES if name not in (*GONE_TABLES, *PROFILE_TABLES)]
    return {"$schema": DIALECT, "$id": f"urn:{NAME}:{VERSION}", "$defs": {name: _object(name) for name in tables}}


def _object(name: str) -> dict[str, Any]:
    table = TABLES[name]
    fields = {
        field: _TYPES[kind] | ({"enum": _ENUMS[name, field]} if (name, field) in _ENUMS else {})
        for field, kind in table.fields.items()
        if field not in _OLD_FIELDS.get(name, ()) and field != "part_id"
    }
    if "part_id" in table.fields:
        fields["part_id"] = PART_ID
    for listed, child, _ in CHILDREN[name]:
        if child not in (*GONE_TABLES, *PROFILE_TABLES):
            fields[listed] = {"type": "array", "items": {"$ref": f"#/$defs/{child}"}}
    for single in SINGLE.get(name, {}):
        fields[single] = {"$ref": f"#/$defs/{'taxonomy' if single == 'taxonomy_detail' else single}"}
    if name == "service_at_location":
        fields["service"] = {"$ref": "#/$defs/service"}
    return {
        "type": "object",
        "properties": fields | ADDED,
        "required": ["id", *_REQUIRED.get(name, ())],
        "additionalProperties": False,
    }


def patches() -> dict[str, Any]:
    """What the profile changes, as JSON Merge Patches (RFC 7386) by the specification's file names."""
    found: dict[str, Any] = {}
    for name in schema()["$defs"]:
        part = {"part_id": PART_ID} if "part_id" in TABLES[name].fields else {}
        found[f"{name}.json"] = {"properties": part | ADDED}
    return {"name": NAME, "version": VERSION, "hsds": "3.1", "licence": "CC-BY-SA-4.0", "profile": found}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for file, made in (("schema.json", schema()), ("profile.json", patches())):
        (folder / file).write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
