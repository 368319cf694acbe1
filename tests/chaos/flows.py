"""The other ways that a phone number or an email can take, each with canaries of its own, after the rush."""

from __future__ import annotations

import uuid
from typing import Any

from imigr_demo.http import Answer, Site

from tests.chaos.rush import Rush

EACH = 10
TOWN = "la-marsa"


def post(site: Site, path: str, body: dict[str, Any]) -> Answer:
    """A command with a key of its own."""
    return site.post(path, body, Idempotency_Key=str(uuid.uuid4()))


def take_all(site: Site, rush: Rush, guichet: str) -> dict[str, set[int]]:
    """Subscribe, wait, ask badly, move, cancel and forget; what each way was answered. The canaries go to the rush."""
    said: dict[str, set[int]] = {}

    def note(way: str, answer: Answer) -> None:
        said.setdefault(way, set()).add(answer.status)

    for number in range(EACH):
        email, phone = f"news.{number:04d}@flow.example", f"+216285{number:05d}"
        rush.emails.append(email)
        rush.phones += [phone, f"+216286{number:05d}"]
        news = {"municipality": TOWN, "topic": "events", "message_language": "fr"}
        note("subscribe", post(site, "/api/v1/subscriptions", news | {"email": email}))
        note("subscribe", post(site, "/api/v1/subscriptions", news | {"phone": phone}))
        wish = {"guichet_id": guichet, "topic": "information", "language": "fr", "phone": rush.phones[-1]}
        note("wait", post(site, "/api/v1/waiting-list", wish))
        note("both", post(site, "/api/v1/waiting-list", wish | {"email": email}))
        booking, registration = rush.bookings[-1 - number], rush.registrations[-1 - number]
        manage = f"/api/v1/appointments/{booking['manage_token']}"
        note("move to nowhere", post(site, f"{manage}/move", {"start": "2026-01-01T02:30:00Z"}))
        note("forget", post(site, f"{manage}/forget", {}))
        note("cancel", post(site, f"{manage}/cancel", {}))
        note("registration", post(site, f"/api/v1/registrations/{registration['manage_token']}/forget", {}))
        note("registration", post(site, f"/api/v1/registrations/{registration['manage_token']}/cancel", {}))
    return said
