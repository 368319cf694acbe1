"""The part of ICU MessageFormat that messages need: ``{name}`` and ``{count, plural, one {# day} other {# days}}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

_NAME = re.compile(r"[a-z][a-z_]{0,30}")
_CATEGORY = re.compile(r"=\d{1,4}|zero|one|two|few|many|other")
DEEPEST = 3


class BrokenMessage(Exception):
    """The text is no message; the words say where."""


@dataclass(frozen=True)
class Value:
    """The value of a name."""

    name: str


@dataclass(frozen=True)
class Plural:
    """A text chosen by a number: ``=3`` for exactly three, else by the language's plural category (CLDR)."""

    name: str
    branches: Mapping[str, Sequence[Node]]


Node = str | Value | Plural
COUNT = Value("#")
"""The number of the plural around it."""


@lru_cache(1_024)
def parse(text: str) -> tuple[Node, ...]:
    """The message in a text. Braces have no other meaning and cannot be written. Raises BrokenMessage."""
    reader = _Reader(text)
    nodes = tuple(reader.nodes(0))
    if reader.rest:
        raise BrokenMessage(f"a closing brace too many at letter {reader.at}")
    return nodes


def names(nodes: Sequence[Node]) -> set[str]:
    """All names that it asks for."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, Value) and node is not COUNT:
            found.add(node.name)
        elif isinstance(node, Plural):
            found |= {node.name}.union(*(names(branch) for branch in node.branches.values()))
    return found


def missing_categories(nodes: Sequence[Node], language: str) -> set[str]:
    """Categories of the language for which a plural of the message has no text."""
    missing: set[str] = set()
    needed = {*Locale.parse(language).plural_form.tags, "other"}
    for node in nodes:
        if isinstance(node, Plural):
            missing |= (needed - set(node.branches)).union(
                *(missing_categories(branch, language) for branch in node.branches.values())
            )
    return missing


def say(nodes: Sequence[Node], values: Mapping[str, str | int], language: str) -> str:
    """The message with its values. Values are put in as they are: what looks like a message in one stays text."""
    return "".join(_said(nodes, values, language, None))


def _said(nodes: Sequence[Node], values: Mapping[str, str | int], language: str, count: int | None) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif node is COUNT:
            yield str(count)
        elif isinstance(node, Value):
            yield str(values[node.name])
        else:
            number = int(values[node.name])
            category = Locale.parse(language).plural_form(number)
            branch = node.branches.get(f"={number}") or node.branches.get(category) or node.branches["other"]
            yield from _said(branch, values, language, number)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    @property
    def rest(self) -> str:
        return self._text[self.at :]

    def nodes(self, depth: int) -> Iterator[Node]:
        """Up to a closing brace or the end."""
        while self.rest and not self.rest.startswith("}"):
            found = re.match(r"[^{}#]+" if depth else r"[^{}]+", self.rest)
            if found:
                self.at += found.end()
                yield found[0]
            elif self.rest[0] == "#":
                self.at += 1
                yield COUNT
            else:
                yield self._argument(depth)

    def _argument(self, depth: int) -> Node:
        if depth >= DEEPEST:
            raise BrokenMessage("too deep")
        self._take(re.compile(r"\{"), "a brace")
        name = self._take(_NAME, "a name")
        if self.rest.startswith("}"):
            self.at += 1
            return Value(name)
        self._take(re.compile(r"\s*,\s*plural\s*,"), "`, plural,`")
        branches: dict[str, Sequence[Node]] = {}
        while not re.match(r"\s*\}", self.rest):
            category = self._take(re.compile(rf"\s*({_CATEGORY.pattern})\s*\{{"), "a category").strip(" {\n\t")
            if category in branches:
                raise BrokenMessage(f"{category} twice in {{{name}}}")
            branches[category] = tuple(self.nodes(depth + 1))
            self._take(re.compile(r"\}"), "a closing brace")
        self._take(re.compile(r"\s*\}"), "a closing brace")
        if "other" not in branches:
            raise BrokenMessage(f"{{{name}}} has no text for other")
        return Plural(name, branches)

    def _take(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self.rest)
        if found is None:
            raise BrokenMessage(f"{what} is missing at letter {self.at}")
        self.at += found.end()
        return found[0]
