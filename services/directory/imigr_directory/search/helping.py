"""What helps a reader who found nothing: another spelling, what one would find with a filter less, the nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from imigr_directory.search.index import Postings
from imigr_directory.search.query import Found, Help, Query
from imigr_directory.search.scoring import asked

Finding = Callable[[Query], Found]


def help_for(query: Query, find: Finding, postings: Postings) -> Help:
    """Each of its parts may be empty; nothing is proposed that would find nothing either."""
    without = {name: total for name, other in _less(query) if (total := find(other).total)}
    nearest = None
    if "radius_km" in without:
        hits = find(replace(query, radius_km=None, sort="distance", per_page=1)).hits
        nearest = hits[0].distance_km if hits else None
    meant = _respelt(query.q, postings)
    if meant is not None and not find(replace(query, q=meant, per_page=1)).total:
        meant = None
    return Help(meant, without, nearest)


def _less(query: Query) -> Iterator[tuple[str, Query]]:
    """The question without each of its filters, by the name that the filter has outside."""
    given: tuple[tuple[str, Any, dict[str, Any]], ...] = (
        ("municipality", query.municipality, {"municipality": None}),
        ("taxonomy", query.taxonomy, {"taxonomy": None}),
        ("speaks", query.spoken, {"spoken": ()}),
        ("accessibility", query.accessibility, {"accessibility": ()}),
        ("free", query.free, {"free": False}),
        ("open", query.open_at, {"open_at": None, "open_now": False}),
        ("radius_km", query.radius_km, {"radius_km": None}),
    )
    for name, is_set, other in given:
        if is_set:
            yield name, replace(query, per_page=1, facets=False, **other)


def _respelt(text: str, postings: Postings) -> str | None:
    """The words with the nearest known one in the place of each that is unknown; None when all are known, or when one
    is like no other."""
    wanted = asked(text)
    said = [token.word for token in wanted]
    for at, token in enumerate(wanted):
        if postings.words.matches(token, last=at == len(wanted) - 1):
            continue
        like = postings.words.nearest(token.word)
        if like is None:
            return None
        said[at] = like
    meant = " ".join(said)
    return None if meant == " ".join(token.word for token in wanted) else meant
