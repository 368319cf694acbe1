"""The reader's languages."""

from __future__ import annotations

from functools import lru_cache

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from imigr_kit.fields import is_language
from imigr_kit.texts import FALLBACK, TEXT_FIELDS, localised, pick

RTL = frozenset({"ar", "fa", "he", "ur"})


@lru_cache(maxsize=1024)
def chain(accept_language: str, asked: str = "") -> tuple[str, ...]:
    """Languages in the reader's order: ``asked`` (?lang), Accept-Language (RFC 9110 12.5.4), then fr, en, ar; each
    followed by what is left when its last part is taken off (RFC 4647 3.4). What is no language tag is left out."""
    wanted = [asked] if asked else []
    accepted = parse_accept_header(accept_language[:500], LanguageAccept)
    wanted += [tag for tag, quality in accepted if quality > 0 and tag != "*"]
    simple: list[str] = []
    for tag in (*wanted, *FALLBACK):
        parts = tag.split("-")
        for length in range(len(parts), 0, -1):
            one = _written(parts[:length])
            if one not in simple and is_language(one):
                simple.append(one)
    return tuple(simple)


def _written(parts: list[str]) -> str:
    """A tag in the letters that texts are kept under (RFC 5646 2.1.1): ``zh-Hant``, ``pt-BR``."""
    first, *rest = parts
    written = [one.title() if len(one) == 4 else one.upper() if len(one) == 2 else one.lower() for one in rest]
    return "-".join([first.lower(), *written])


__all__ = ["FALLBACK", "RTL", "TEXT_FIELDS", "chain", "localised", "pick"]
