"""Crowds at one guichet over HTTP: who asks for what, and whether what they were told is what is stored."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from imigr_demo.http import Answer, Site

from tests import sites

MINUTES = {"information": 20, "legal": 40}


@dataclass(frozen=True)
class Wish:
    """What one person asks for."""

    topic: str
    start: datetime

    def body(self, guichet: str) -> dict[str, Any]:
        """The booking."""
        start = self.start.isoformat().replace("+00:00", "Z")
        return {"guichet_id": guichet, "start": start, "topic": self.topic, "language": "fr"}

    def is_free_at(self, taken: list[tuple[datetime, datetime]]) -> bool:
        """Whether a desk with these visits still has room for it."""
        end = self.start + timedelta(minutes=MINUTES[self.topic])
        return all(end <= first or last <= self.start for first, last in taken)


@contextmanager
def three_desks(platform: Any, municipality: str) -> Iterator[str]:
    """The municipality's guichet with three desks that can all do everything; its own plan afterwards."""
    with sites.database(platform) as client:
        guichets = next(
            client[name]["guichets"]
            for name in client.list_database_names()
            if name.startswith("imigr_guichet") and client[name]["guichets"].find_one({"municipality": municipality})
        )
        before = guichets.find_one({"municipality": municipality})
        assert before is not None
        desks = [{"code": f"w{n}", "languages": ["fr"], "topics": list(MINUTES)} for n in range(3)]
        guichets.update_one({"_id": before["_id"]}, {"$set": {"desks": desks}})
        try:
            yield str(before["_id"])
        finally:
            guichets.update_one({"_id": before["_id"]}, {"$set": {"desks": before["desks"]}})


def sixty_for_thirty_six(starts: list[str], seed: int) -> list[Wish]:
    """Sixty wishes of mixed length for the twelve starts of one day."""
    luck = random.Random(seed)  # repeatable
    of_day = [datetime.fromisoformat(one) for one in starts if one[:10] == starts[0][:10]]
    return [Wish("legal" if luck.random() < 0.3 else "information", luck.choice(of_day[:-1])) for _ in range(60)]


def all_at_once(site: Site, guichet: str, wishes: list[Wish]) -> list[tuple[Wish, Answer]]:
    """Everybody presses at the same moment."""
    gate, answers = threading.Barrier(len(wishes)), []

    def press(wish: Wish) -> None:
        body = wish.body(guichet)
        gate.wait(30)
        answers.append((wish, site.post("/api/v1/appointments", body, Idempotency_Key=str(uuid.uuid4()))))

    threads = [threading.Thread(target=press, args=(one,)) for one in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def taken_by_desk(platform: Any, guichet: str, day: str) -> dict[str, list[tuple[datetime, datetime]]]:
    """Visits of each desk, by start; none of them overlaps another."""
    with sites.database(platform) as client:
        rows = [
            row
            for name in client.list_database_names()
            if name.startswith("imigr_guichet")
            for row in client[name]["appointments"].find({"guichet_id": guichet, "day": day, "state": "confirmed"})
        ]
    desks: dict[str, list[tuple[datetime, datetime]]] = {f"w{n}": [] for n in range(3)}
    for row in rows:
        desks[row["desk"]].append((row["start"], row["end"]))
    for visits in desks.values():
        assert all(first[1] <= second[0] for first, second in pairwise(sorted(visits)))
    return desks
