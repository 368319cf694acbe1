"""Use cases of links."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from imigr_directory.domain import KINDS, Record
from imigr_directory.handlers.records import READERS
from imigr_directory.links.domain import Link, Outcome, home_of, websites
from imigr_kit.access import require
from imigr_kit.clock import Clock

AT_ONCE = 10
LISTED = 200


class Records(Protocol):
    """Where links are named."""

    def published(self, kind: str) -> Sequence[Record]:
        """All that readers see."""
        ...


class Links(Protocol):
    """What is kept."""

    def follow(self, links: Mapping[str, Link], now: Any) -> None:
        """Take in which addresses are named now."""
        ...

    def take_due(self, now: Any) -> Link | None:
        """One to look at."""
        ...

    def put(self, old: Link, new: Link, facts: Any) -> bool:
        """What a look has shown."""
        ...

    def broken(self, municipality: str, most: int) -> list[Link]:
        """Broken ones of a town."""
        ...


@dataclass(frozen=True)
class Watch:
    """What the use cases work with."""

    records: Records
    links: Links
    look: Callable[[str], Outcome]
    clock: Clock


def follow(watch: Watch) -> int:
    """Collect the addresses that readers can meet; how many."""
    found = named(record for kind in KINDS for record in watch.records.published(kind))
    watch.links.follow(found, watch.clock.now())
    return len(found)


def named(records: Iterable[Record]) -> dict[str, Link]:
    """Links by id, with the records that name each."""
    users: dict[str, set[str]] = defaultdict(set)
    towns: dict[str, set[str | None]] = defaultdict(set)
    for record in records:
        for website in websites(record):
            users[website].add(f"{record.kind}/{record.id}")
            towns[website].add(record.municipality)
    links = (Link(link_id(one), one, home_of(towns[one]), tuple(sorted(users[one]))) for one in users)
    return {link.id: link for link in links}


def link_id(website: str) -> str:
    """Follows from the address."""
    return hashlib.sha256(website.encode()).hexdigest()[:32]


def look_at_due(watch: Watch, most: int = AT_ONCE) -> int:
    """Look at those whose turn it is, one after the other; how many."""
    looked = 0
    while looked < most:
        link = watch.links.take_due(watch.clock.now())
        if link is None:
            break
        new, facts = link.looked(watch.look(link.website), watch.clock.now())
        watch.links.put(link, new, facts)
        looked += 1
    return looked


def list_broken(watch: Watch, actor: Mapping[str, Any], municipality: str) -> list[Link]:
    """Broken links of a town, for its staff."""
    require(actor, READERS, municipality)
    return watch.links.broken(municipality, LISTED)
