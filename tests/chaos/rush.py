"""Many clients at once who insist: each repeats its command with its key until it has an answer that counts."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from imigr_demo.http import Answer, Site

CLIENTS = 12
PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.1


@dataclass
class Rush:
    """What was wanted and what was answered. ``phones`` are the canaries: unique, fake, given with every command."""

    bookings: list[dict[str, Any]] = field(default_factory=list)
    registrations: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, site: Site, starts: list[tuple[str, str]], event_id: str, bookings: int, registrations: int) -> None:
        """Book and register from CLIENTS threads; ``starts`` are (guichet, start) in the order they are tried."""
        pool_of_starts = _cycle(starts)
        jobs = [("book", number) for number in range(bookings)] + [("register", n) for n in range(registrations)]
        jobs.sort(key=lambda job: job[1])
        with ThreadPoolExecutor(CLIENTS) as pool:
            for kind, number in jobs:
                if kind == "book":
                    pool.submit(self._guard, self._book, site, pool_of_starts, number)
                else:
                    pool.submit(self._guard, self._register, site, event_id, number)

    def _guard(self, work: Any, *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:
            with self._lock:
                self.problems.append(repr(error))

    def _book(self, site: Site, starts: Iterator[tuple[str, str]], number: int) -> None:
        phone = f"+2162{7000000 + number}"
        while True:
            with self._lock:
                choice = next(starts, None)
            if choice is None:
                with self._lock:
                    self.refused += 1
                return
            body = {
                "guichet_id": choice[0],
                "start": choice[1],
                "topic": "information",
                "language": "fr",
                "phone": phone,
            }
            answer = self._insist(site, "/api/v1/appointments", body)
            if answer.status == 201:
                with self._lock:
                    self.bookings.append(answer.body)
                    self.phones.append(phone)
                return

    def _register(self, site: Site, event_id: str, number: int) -> None:
        email = f"canary.{number:04d}@rush-{number % 7}.example"
        body = {"email": email, "places": 1, "message_language": "ar"}
        answer = self._insist(site, f"/api/v1/events/{event_id}/registrations", body)
        if answer.status == 201:
            with self._lock:
                self.registrations.append(answer.body)
                self.emails.append(email)

    def _insist(self, site: Site, path: str, body: dict[str, Any]) -> Answer:
        """Until the answer is no 5xx and the connection holds, always under the same key."""
        key = str(uuid.uuid4())
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                answer = site.post(path, body, Idempotency_Key=key)
            except OSError:
                answer = Answer(0, None, {})
            with self._lock:
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            if 0 < answer.status < 500:
                return answer
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"no answer that counts within {PATIENCE_SECONDS:.0f} s: {path}")


def _cycle(starts: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each start three times in all: more wishes than places, so that some meet a seat that is gone."""
    yield from starts
    yield from starts
    yield from starts
