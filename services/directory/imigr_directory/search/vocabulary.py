"""The distinct words of the directory and the disguises in which they are found: ids of words, with a weight.

Prefixes are looked up in a sorted list, stems and sounds in maps; typing mistakes are found by tantivy, whose
dictionary is walked by a Levenshtein automaton. A word stays when the last entry that says it goes: it finds nothing
then, and the next rebuilding leaves it out.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import tantivy

from imigr_directory.folding import Token, joined_sounds, sounds, stems

EXACT, STEM, PREFIX, SPOKEN, TYPO, SOUND = 1.0, 0.72, 0.62, 0.5, 0.45, 0.36
"""What a word counts for in this disguise."""
FAR_TYPO = 0.3
"""A typing mistake in the first letter, or two mistakes."""
MOST_TYPOS = 400
SHORTEST_PREFIX = 2
SHORTEST_TYPO = 4
TWO_TYPOS = 9


@dataclass(frozen=True, slots=True)
class Match:
    """A word that the asked word may mean."""

    word: int
    weight: float


class Vocabulary:
    """Words by number; grows only."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: list[str] = []
        self._sorted: list[str] = []
        self._kept: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._sounds: dict[str, list[int]] = {}
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("word", stored=False, tokenizer_name="whitespace", index_option="basic")
        builder.add_integer_field("id", fast=True)
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        self._searcher = self._index.searcher()
        self._indexed = 0
        self._forms: list[tuple[str, ...]] = []

    def __len__(self) -> int:
        return len(self._words)

    def number(self, token: Token) -> int:
        """The number of a word, given to it now if it is new."""
        known = self._ids.get(token.word)
        if known is None:
            known = self._ids[token.word] = len(self._words)
            self._words.append(token.word)
            self._forms.append((token.word,))
            for stem in stems(token.word):
                self._stems.setdefault(stem, []).append(known)
            for sound in sounds(token.word):
                self._sounds.setdefault(sound, []).append(known)
        if token.kept != token.word and known not in (same := self._kept.setdefault(token.kept, [])):
            same.append(known)
            self._forms[known] = (*self._forms[known], token.kept)
        return known

    def joined(self, first: Token, second: Token) -> int:
        """The number of two words that belong together, found by their common sound only."""
        name = f"{first.word} {second.word}"
        known = self._ids.get(name)
        if known is None:
            known = self._ids[name] = len(self._words)
            self._words.append(name)
            self._forms.append((first.word + second.word, first.word + second.kept))
            for sound in joined_sounds(first.word, second.word, second.kept):
                self._sounds.setdefault(sound, []).append(known)
        return known

    def settle(self) -> None:
        """Make new words findable by prefix and with mistakes; called after a batch of changes."""
        if self._indexed == len(self._words):
            return
        fresh = range(self._indexed, len(self._words))
        writer = self._index.writer(heap_size=15_000_000, num_threads=1)
        for number in fresh:
            writer.add_document(tantivy.Document(word=" ".join(self._forms[number]), id=number))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()
        self._indexed = len(self._words)
        self._sorted = sorted({*self._sorted, *(self._words[number] for number in fresh)})

    def matches(self, token: Token, *, last: bool) -> list[Match]:
        """What a word may mean, each word once, at its best weight. ``last``: it may still be being typed, so that
        a single letter is a beginning."""
        best: dict[int, float] = {}
        for number, weight in self._ways(token, last):
            if weight > best.get(number, 0.0):
                best[number] = weight
        return [Match(number, weight) for number, weight in best.items()]

    def nearest(self, word: str) -> str | None:
        """The known word that differs in the fewest letters, at most two; rather one that begins alike."""
        if len(word) < SHORTEST_TYPO or word.isdigit():
            return None
        query = tantivy.Query.fuzzy_term_query(self._schema, "word", word, distance=2, transposition_cost_one=True)
        found = self._searcher.search(query, MOST_TYPOS, count=False)
        known = [self._words[number] for number in self._numbers([address for _, address in found.hits])]
        plain = [one for one in known if " " not in one]
        return min(plain, key=lambda one: (one[:1] != word[:1], abs(len(one) - len(word)), one), default=None)

    def of_pair(self, first: Token, second: Token) -> list[Match]:
        """Words that are two asked words written as one."""
        found = dict.fromkeys(self._known([first.word + second.word, first.word + second.kept]), EXACT)
        for key in joined_sounds(first.word, second.word, second.kept):
            for number in self._sounds.get(key, ()):
                found.setdefault(number, _spoken(key))
        return [Match(number, weight) for number, weight in found.items()]

    def _ways(self, token: Token, last: bool) -> Iterator[tuple[int, float]]:
        word = token.word
        for number in self._known([word]):
            yield number, EXACT
        for number in self._kept.get(token.kept, ()):
            yield number, EXACT
        for stem in stems(word):
            for number in self._stems.get(stem, ()):
                yield number, STEM
        if len(word) >= SHORTEST_PREFIX or last:
            yield from self._beginning(word)
        for key in sounds(word):
            for number in self._sounds.get(key, ()):
                yield number, _spoken(key)
        for form in {word, token.kept}:
            if len(token.kept) >= SHORTEST_TYPO and not form.isdigit():
                yield from self._mistaken(form)

    def _known(self, names: Iterable[str]) -> Iterator[int]:
        for name in names:
            number = self._ids.get(name)
            if number is not None:
                yield number

    def _beginning(self, word: str) -> Iterator[tuple[int, float]]:
        start = bisect.bisect_left(self._sorted, word)
        end = bisect.bisect_left(self._sorted, word + "\U0010ffff", lo=start)
        for one in self._sorted[start:end]:
            if " " not in one:
                yield self._ids[one], PREFIX

    def _mistaken(self, word: str) -> Iterator[tuple[int, float]]:
        most = 2 if len(word) >= TWO_TYPOS else 1
        for distance in range(1, most + 1):
            query = tantivy.Query.fuzzy_term_query(
                self._schema, "word", word, distance=distance, transposition_cost_one=True
            )
            found = self._searcher.search(query, MOST_TYPOS, count=False)
            for number in self._numbers([address for _, address in found.hits]):
                alike = distance == 1 and any(form[:1] == word[:1] for form in self._forms[number])
                yield number, TYPO if alike else FAR_TYPO

    def _numbers(self, addresses: list[tantivy.DocAddress]) -> list[int]:
        return [int(number or 0) for number in self._searcher.fast_field_values("id", addresses)]


def _spoken(key: str) -> float:
    """A long key in common says more than a short one."""
    return SPOKEN if len(key) > LONG_KEY else SOUND


LONG_KEY = 4
