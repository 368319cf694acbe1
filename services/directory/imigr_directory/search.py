"""Search over the directory: a tantivy index in memory beside a copy of the public entries.

The copy makes an answer one index look-up without a database call; the service refreshes both after its own
writes and when another process has written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tantivy

from imigr_directory.domain import Service, Term, distance_km, with_descendants
from imigr_directory.folding import sound, stem, words

LIMIT = 10_000
_EXACT, _STEM, _PREFIX, _SOUND, _THEME, _FUZZY = 8.0, 4.0, 2.5, 1.5, 3.0, 1.2
LONG_WORD = 5
SHORTEST_SOUND = 3
FAR = float("inf")


@dataclass(frozen=True)
class Query:
    """What is looked for; everything given must hold."""

    q: str = ""
    municipality: str | None = None
    taxonomy: str | None = None
    near: Mapping[str, float] | None = None
    radius_km: float | None = None
    page: int = 1
    per_page: int = 20


@dataclass(frozen=True)
class Hit:
    """An entry that was found, and how far it is from the point asked about."""

    service: Service
    distance_km: float | None


class Searcher:
    """The index and the entries it speaks of; replaced as a whole when the directory changes."""

    def __init__(self, services: Iterable[Service], terms: Mapping[str, Term]) -> None:
        self._terms = terms
        self._services = {one.id: one for one in services if one.state == "published"}
        self._index = _index(self._services.values(), terms)
        self._searcher = self._index.searcher()
        self._schema = self._index.schema

    def get(self, service_id: str) -> Service | None:
        """One public entry."""
        return self._services.get(service_id)

    def __len__(self) -> int:
        return len(self._services)

    def find(self, query: Query) -> tuple[list[Hit], int]:
        """A page of hits and how many there are in all. With words: best first; with a point: nearest first among
        equally good ones; else by name."""
        scored = self._matching(query.q)
        wanted = None if query.taxonomy is None else with_descendants(query.taxonomy, self._terms)
        hits: list[tuple[tuple[Any, ...], Hit]] = []
        for service_id, score in scored:
            service = self._services[service_id]
            if query.municipality not in (None, service.municipality):
                continue
            if wanted is not None and not wanted & set(service.taxonomy):
                continue
            distance = _distance(service, query)
            if query.radius_km is not None and (distance is None or distance > query.radius_km):
                continue
            hits.append((_rank(service, score, distance), Hit(service, distance)))
        hits.sort(key=lambda one: one[0])
        first = (query.page - 1) * query.per_page
        return [hit for _, hit in hits[first : first + query.per_page]], len(hits)

    def _matching(self, text: str) -> list[tuple[str, float]]:
        asked = words(text)
        if not asked:
            return [] if text.strip() else [(service_id, 0.0) for service_id in self._services]
        every = [(tantivy.Occur.Must, self._word(word)) for word in asked]
        found = self._searcher.search(tantivy.Query.boolean_query(every), LIMIT)
        return [(self._searcher.doc(address)["id"][0], score) for score, address in found.hits]

    def _word(self, word: str) -> Any:
        """One word in any of its disguises; the closer the disguise, the more it counts."""
        ways = [
            self._term("word", word, _EXACT),
            self._term("stem", stem(word), _STEM),
            self._term("theme", stem(word), _THEME),
        ]
        if len(word) >= 2:
            prefix = tantivy.Query.fuzzy_term_query(self._schema, "word", word, distance=0, prefix=True)
            ways.append(tantivy.Query.boost_query(prefix, _PREFIX))
        if len(word) >= LONG_WORD - 1:
            near = tantivy.Query.fuzzy_term_query(self._schema, "word", word, distance=1, transposition_cost_one=True)
            ways.append(tantivy.Query.boost_query(near, _FUZZY))
        heard = sound(word)
        if len(heard) >= SHORTEST_SOUND:
            ways.append(self._term("sound", heard, _SOUND))
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, way) for way in ways])

    def _term(self, field: str, text: str, boost: float) -> Any:
        return tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, field, text), boost)


def _index(services: Iterable[Service], terms: Mapping[str, Term]) -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    for name in ("word", "stem", "theme", "sound"):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace")
    index = tantivy.Index(builder.build())
    writer = index.writer(heap_size=15_000_000, num_threads=1)
    for service in services:
        writer.add_document(_document(service, terms))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def _document(service: Service, terms: Mapping[str, Term]) -> Any:
    texts = [*service.name.values(), *service.organization.values(), *service.description.values()]
    named = [word for text in texts for word in words(text)]
    themes = [word for code in _with_parents(service.taxonomy, terms) for word in _theme_words(terms[code])]
    return tantivy.Document(
        id=service.id,
        word=" ".join(named),
        stem=" ".join(stem(word) for word in named),
        theme=" ".join({stem(word) for word in themes} | set(themes)),
        sound=" ".join(key for key in (sound(word) for word in named) if len(key) >= SHORTEST_SOUND),
    )


def _with_parents(codes: Iterable[str], terms: Mapping[str, Term]) -> set[str]:
    found: set[str] = set()
    for code in codes:
        at: str | None = code
        while at is not None and at in terms and at not in found:
            found.add(at)
            at = terms[at].parent
    return found


def _theme_words(term: Term) -> list[str]:
    texts = [*term.name.values(), *(word for more in term.words.values() for word in more)]
    return [word for text in texts for word in words(text)]


def _distance(service: Service, query: Query) -> float | None:
    if query.near is None or service.location is None:
        return None
    return round(distance_km(query.near, service.location), 2)


def _rank(service: Service, score: float, distance: float | None) -> tuple[Any, ...]:
    generic = 1 if service.name_is_generic else 0
    return (-round(score, 1), generic, FAR if distance is None else distance, _first(service.name), service.id)


def _first(name: Mapping[str, str]) -> str:
    return name.get("fr") or name.get("ar") or next(iter(name.values()), "")
