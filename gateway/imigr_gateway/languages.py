"""The reader's languages."""

from __future__ import annotations

from functools import lru_cache

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from imigr_kit.texts import TEXT_FIELDS, localised, pick

FALLBACK = ("fr", "en", "ar")
RTL = frozenset({"ar", "fa", "he", "ur"})


@lru_cache(maxsize=1024)
def chain(accept_language: str, asked: str = "") -> tuple[str, ...]:
    """Languages in the reader's order: ``asked`` (?lang), Accept-Language (RFC 9110 12.5.4), then fr, en, ar."""
    wanted = [asked.lower()] if asked else []
    accepted = parse_accept_header(accept_language[:500], LanguageAccept)
    wanted += [tag.lower() for tag, quality in accepted if quality > 0 and tag != "*"]
    simple: list[str] = []
    for tag in (*wanted, *FALLBACK):
        for one in (tag, tag.partition("-")[0]):
            if one and one not in simple:
                simple.append(one)
    return tuple(simple)


__all__ = ["FALLBACK", "RTL", "TEXT_FIELDS", "chain", "localised", "pick"]
