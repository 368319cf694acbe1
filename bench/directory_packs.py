"""Sizes of offline packs, and of the difference when one service changes. Needs no server.

Run as ``python -m bench.directory_packs``. The town is made up (imigr_directory.testing.towns): varied texts in three
languages that repeat as little as real ones.
"""

from __future__ import annotations

import time
from dataclasses import replace

from bench.report import Row, alone, save, table
from imigr_directory.editions.entries import Town
from imigr_directory.packs.codec import compressed, difference, packed
from imigr_directory.packs.lines import lines_of
from imigr_directory.testing.towns import hours_of, town_of

SERVICES = (100, 300, 1000)
BAR = 300
MOST_ON_THE_WIRE = 60_000
MOST_FOR_ONE_CHANGE = 5_000


def sizes(town: Town, services: int, language: str) -> list[Row]:
    """One pack."""
    start = time.process_time()
    text = lines_of(town, language, hours_of).text()
    written = time.process_time()
    pack = packed(text)
    done = time.process_time()
    aim = MOST_ON_THE_WIRE if services == BAR else None
    name = f"pack of {services} services in {language}"
    return [
        alone(f"{name}, by brotli", len(pack.br), "octets", aim, "lower"),
        alone(f"{name}, by gzip", len(pack.gz), "octets", aim, "lower"),
        alone(f"{name}, as text", pack.size, "octets", better="lower"),
        alone(f"{name}, written", (written - start) * 1000, "ms CPU", better="lower"),
        alone(f"{name}, compressed twice", (done - written) * 1000, "ms CPU", better="lower"),
    ]


def one_change(town: Town, language: str) -> Row:
    """All texts of one service are other ones."""
    old, fresh = town.records[0], town_of(1, seed=99).records[0]
    new = replace(town, records=(replace(old, version=2, content=fresh.content), *town.records[1:]))
    told = difference(lines_of(town, language, hours_of).text(), lines_of(new, language, hours_of).text())
    name = f"one of {BAR} services changed, in {language}, by brotli"
    return alone(name, len(compressed(told.encode())), "octets", MOST_FOR_ONE_CHANGE, "lower")


def rows() -> list[Row]:
    """All of them."""
    towns = {services: town_of(services) for services in SERVICES}
    found = [row for count, town in towns.items() for one in town.languages for row in sizes(town, count, one)]
    return found + [one_change(towns[BAR], language) for language in towns[BAR].languages]


if __name__ == "__main__":
    made = rows()
    print(table(made))
    save(made, "directory_packs")
