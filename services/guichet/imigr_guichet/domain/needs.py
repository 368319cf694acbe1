"""The closed codes of what a visit was about; what could endanger a person is one neutral code."""

from __future__ import annotations

from collections.abc import Iterable

from imigr_guichet.errors import UnknownNeed
from imigr_kit.errors import FieldError

RESERVED = "reserved"
"""Stands for every need about violence, health or legal status (DESIGN 6): which of them it was is not stored."""
SENSITIVE = frozenset({"health", "legal", "safety", "violence"})
"""Themes, and everything below them, that become RESERVED before anything is stored or hashed."""
OPEN_NEEDS = frozenset(
    {
        "education",
        "education.kindergarten",
        "education.language",
        "education.library",
        "education.school",
        "education.university",
        "administration",
        "administration.public",
        "administration.townhall",
        "employment",
        "money",
        "orientation",
        "social",
        "social.community",
        "social.facility",
        "social.housing",
        "transport",
    }
)
"""Codes of the directory's taxonomy (data/taxonomy.json) that say nothing about a person's body, safety or status."""


def neutral(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes as they may be stored: sorted, each once, the sensitive ones as RESERVED. Raises UnknownNeed."""
    found = set()
    for number, code in enumerate(codes):
        if code == RESERVED or code.partition(".")[0] in SENSITIVE:
            found.add(RESERVED)
        elif code in OPEN_NEEDS:
            found.add(code)
        else:
            raise UnknownNeed(fields=[FieldError(f"needs.{number}", UnknownNeed.code, "not a code of the taxonomy")])
    return tuple(sorted(found))


def themes(codes: Iterable[str]) -> tuple[str, ...]:
    """The first level of each code, for figures."""
    return tuple(sorted({code.partition(".")[0] for code in codes}))
