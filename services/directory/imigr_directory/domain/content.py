"""What a record of each kind says: its parts with what stands for "not said". Nothing is ever guessed.

A text is an object by BCP 47 tag. ``source_language`` is the one the others are translated from. Parts of a list that
holds texts carry an ``id`` of their own, so that a translation keeps its place when the list is put in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

KINDS: Final = ("organization", "service", "location", "article", "alert")
SOURCE_LANGUAGE: Final = "fr"

_SHARED: dict[str, Any] = {"source_language": SOURCE_LANGUAGE}
BLANK: Final[Mapping[str, Mapping[str, Any]]] = {
    "organization": _SHARED
    | {
        "name": {},
        "alternate_name": {},
        "description": {},
        "sort": None,
        "parent_id": None,
        "taxonomy": [],
        "location": None,
        "address": {},
        "website": None,
        "languages": [],
        "contacts": [],
        "attributes": [],
    },
    "service": _SHARED
    | {
        "name": {},
        "name_is_generic": False,
        "description": {},
        "organization": {},
        "organization_id": None,
        "taxonomy": [],
        "location": None,
        "address": {},
        "phones": [],
        "emails": [],
        "contacts": [],
        "languages": [],
        "interpretation": {},
        "accessibility": [],
        "eligibility": None,
        "fees": None,
        "costs": [],
        "documents": [],
        "application": {},
        "capacity": None,
        "attributes": [],
        "website": None,
        "schedules": [],
        "regime": None,
        "at": [],
    },
    "location": _SHARED
    | {
        "name": {},
        "description": {},
        "location": None,
        "address": {},
        "postal_code": None,
        "transport": {},
        "phones": [],
        "languages": [],
        "accessibility": [],
        "accessibility_details": {},
        "attributes": [],
        "website": None,
        "schedules": [],
        "regime": None,
    },
    "article": _SHARED
    | {"title": {}, "summary": {}, "taxonomy": [], "order": 0, "sections": [], "services": [], "links": []},
    "alert": _SHARED
    | {
        "title": {},
        "text": {},
        "sort": "information",
        "severity": "information",
        "services": [],
        "locations": [],
        "website": None,
        "valid_from": None,
        "valid_until": None,
    },
}
"""Every part of each kind. A part that is absent in what was written is this."""
PARTS: Final = frozenset({"contacts", "costs", "documents", "at", "sections", "steps", "links"})
"""Lists whose parts have ids."""


def complete(kind: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """``written`` with every part of its kind."""
    return deepcopy({**BLANK[kind], **written})


def heading(kind: str, content: Mapping[str, Any]) -> Mapping[str, str]:
    """What a record is called: its name, or the title of an article or alert."""
    named: Mapping[str, str] = content.get("title" if kind in ("article", "alert") else "name", {})
    return named


def references(kind: str, content: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """Records that a content names: the path to the names, the kind they must be of, and their ids."""
    one = {"service": ("organization_id",), "organization": ("parent_id",)}.get(kind, ())
    for name in one:
        if content.get(name):
            yield f"content.{name}", ("organization", [content[name]])
    if kind == "service" and content.get("at"):
        yield "content.at", ("location", [place["location_id"] for place in content["at"]])
    if kind in ("article", "alert"):
        services = [*content.get("services", ())]
        for section in content.get("sections", ()):
            services += section.get("services", ())
            services += (name for step in section.get("steps", ()) for name in step.get("services", ()))
        yield "content.services", ("service", services)
        yield "content.locations", ("location", [*content.get("locations", ())])


def with_ids(content: Mapping[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    """A copy in which every part of a list that may have one has an id."""
    return {name: _identified(name, value, new_id) for name, value in content.items()}


def _identified(name: str, value: Any, new_id: Callable[[], str]) -> Any:
    if isinstance(value, list) and name in PARTS:
        return [_part(one, new_id) for one in value]
    return value


def _part(part: dict[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    return {"id": part.get("id") or new_id()} | {
        name: _identified(name, value, new_id) for name, value in part.items() if name != "id"
    }
