"""The steps of the main job; each does one thing over HTTP, checks it, and tells what happened."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from imigr_demo.http import Answer, Site
from imigr_demo.partner import Partner

Say = Callable[[str], None]
LA_MARSA = (36.8792852, 10.3295168)
PATIENCE_SECONDS = 20.0
REMINDED_HOURS = 40
"""A slot at least so far away has its reminder at 17:00 of the day before still to come."""


class StoryBroken(Exception):
    """A step did not do what was promised; the text says which and what came instead."""


@dataclass
class Story:
    """One run: who plays, and what is known so far."""

    site: Site
    partner: Partner
    received: Site
    manager: tuple[str, str]
    """Address and password of a manager of La Marsa."""
    say: Say
    phone: str = field(default_factory=lambda: f"+2162{random.randrange(10**7):07d}")  # noqa: S311  # a fake number
    guichet: dict[str, Any] = field(default_factory=dict)
    slots: list[str] = field(default_factory=list)
    appointment: dict[str, Any] = field(default_factory=dict)
    registration: dict[str, Any] = field(default_factory=dict)
    announced: dict[str, Any] = field(default_factory=dict)

    def play(self) -> None:
        """All steps in order; raises StoryBroken at the first that fails."""
        for step in (
            self.find_health_service,
            self.see_guichet_days,
            self.book,
            self.get_confirmation,
            self.meet_taken_seat,
            self.register_for_open_day,
            self.move,
            self.cancel,
            self.announce,
            self.partner_has_seen_the_announcement_only,
        ):
            step()

    def find_health_service(self) -> None:
        """1. A visitor looks for a health service in Arabic near La Marsa."""
        latitude, longitude = LA_MARSA
        query = f"q=%D8%B5%D8%AD%D8%A9&latitude={latitude}&longitude={longitude}&radius_km=5"
        answer = self._expect(200, Site.get(self.site, f"/api/v1/services?{query}"), "search for صحة")
        first = answer.body["items"][0]
        self.say(f"1. Search «صحة» within 5 km of La Marsa: {answer.body['total']} services.")
        self.say(f"   First: {first['name']} ({first.get('distance_km')} km)")

    def see_guichet_days(self) -> None:
        """2a. The next guichet days of La Marsa with free slots in the visitor's language."""
        guichets = self._expect(200, self.site.get("/api/v1/guichets?municipality=la-marsa"), "guichets").body
        self.guichet = guichets["items"][0]
        self.slots = self._free_slots()
        days = sorted({start[:10] for start in self.slots})
        self.say(f"2. {self.guichet['name']}: days with free slots in Arabic: {', '.join(days)}")

    def book(self) -> None:
        """2b. Books one with a phone number, without an account."""
        answer = self._book(self._late_enough(self.slots))
        self._expect(201, answer, "booking")
        self.appointment = answer.body
        self.say(f"   Booked {self.appointment['start']}, reference {self.appointment['reference']}.")

    def get_confirmation(self) -> None:
        """3. The confirmation arrives as SMS; a reminder is planned."""
        text = self._wait(self._sms_text, "the confirmation by SMS")
        self.say(f"3. SMS received by the local peer:\n      {text}")
        reminder = self._wait(lambda: self._reminder("planned"), "a planned reminder")
        self.say(f"   Reminder planned for {reminder['due_at']}.")

    def meet_taken_seat(self) -> None:
        """4. A seat that is gone is refused with the next free slots."""
        refused = None
        for _ in range(10):
            refused = self._book(self.appointment["start"], phone=None)
            if refused.status == 409:
                break
        answer = self._expect(409, refused, "a booking of a seat that is gone")
        following = [slot["start"] for slot in answer.body["params"]["next_slots"]]
        self.say(f"4. Same seats again: 409 {answer.body['code']}: {answer.body['title']}")
        self.say(f"   Next free: {', '.join(following[:3])}")

    def register_for_open_day(self) -> None:
        """5. Registers for an open day."""
        events = self._expect(200, self.site.get("/api/v1/events?municipality=la-marsa"), "events").body["items"]
        event = events[0]
        body = {"phone": self.phone, "message_language": "ar", "places": 1}
        answer = self.site.post(f"/api/v1/events/{event['id']}/registrations", body, Idempotency_Key=str(uuid.uuid4()))
        self.registration = self._expect(201, answer, "registration").body
        self.say(f"5. Registered for «{event['title']}» on {event['starts_at']}: {self.registration['state']}.")

    def move(self) -> None:
        """6a. Moves the appointment with the manage link; the reminder follows."""
        before = self._reminder("planned")
        target = next(start for start in self._free_slots() if start[:10] > self.appointment["start"][:10])
        path = f"/api/v1/appointments/{self.appointment['manage_token']}/move"
        answer = self.site.post(path, {"start": target}, Idempotency_Key=str(uuid.uuid4()))
        self.appointment |= self._expect(200, answer, "moving").body
        moved = self._wait(
            lambda: (one := self._reminder("planned")) and one["due_at"] != (before or {}).get("due_at") and one,
            "the reminder to follow",
        )
        self.say(f"6. Moved to {self.appointment['start']}; the reminder is now planned for {moved['due_at']}.")

    def cancel(self) -> None:
        """6b. Cancels; the reminder disappears."""
        path = f"/api/v1/appointments/{self.appointment['manage_token']}/cancel"
        answer = self.site.post(path, {}, Idempotency_Key=str(uuid.uuid4()))
        self._expect(200, answer, "cancelling")
        self._wait(lambda: self._reminder("planned") is None, "the reminder to disappear")
        self.say(f"   Cancelled ({answer.body['state']}); no reminder is planned any more.")

    def announce(self) -> None:
        """7a. The manager announces an evening, and calls it off again."""
        email, password = self.manager
        answer = self.site.post("/api/v1/staff/login", {"email": email, "password": password})
        signed = self._expect(200, answer, "the manager's sign-in")
        bearer = {"Authorization": f"Bearer {signed.body['token']}"}
        starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        title = "Soirée d'information (démonstration)"
        evening = {
            "title": {"fr": title},
            "place": {"fr": "Mairie"},
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=2)).isoformat(),
            "capacity": 10,
        }
        town = "/api/v1/staff/la-marsa/events"
        made = self._expect(201, self.site.post(town, {"event": evening}, **bearer), "a draft").body
        for step in ("publish", "cancel"):
            path = f"{town}/{made['id']}/{step}"
            made = self._expect(200, self.site.post(path, {"version": made["version"]}, **bearer), step).body
        self.announced = made
        self.say(f"7. A manager announced «{title}» and called it off.")

    def partner_has_seen_the_announcement_only(self) -> None:
        """7b. The partner's consumer has seen what anyone may read on the web, and nothing of the person."""
        wanted = ["events.event.published", "events.event.cancelled"]
        self._wait(lambda: self.partner.kinds(self.announced["id"]) == wanted, "the partner to see two events")
        if self.partner.problems:
            raise StoryBroken(f"events that break their schema: {self.partner.problems[:3]}")
        if self.partner.kinds(self.appointment["id"]) or self.partner.kinds(self.registration["id"]):
            raise StoryBroken("the partner saw events of the appointment or of the registration")
        self.say(f"   The partner's own consumer saw {len(self.partner.events)} public events, all valid:")
        for kind in sorted(set(self.partner.kinds())):
            self.say(f"      {kind}")
        self.say("   Of the appointment and of the registration it saw nothing.")

    @staticmethod
    def _late_enough(slots: list[str]) -> str:
        """The first slot that leaves time for a reminder the day before."""
        earliest = (datetime.now(UTC) + timedelta(hours=REMINDED_HOURS)).isoformat()
        return next((start for start in slots if start > earliest), slots[-1])

    def _free_slots(self) -> list[str]:
        topic = self.guichet["topics"][0]["code"]
        path = f"/api/v1/guichets/{self.guichet['id']}/slots?topic={topic}&language=ar"
        answer = self._expect(200, self.site.get(path), "slots")
        slots = [slot["start"] for day in answer.body["days"] for slot in day["slots"]]
        if not slots:
            raise StoryBroken("the guichet has no free slot in the next weeks")
        return slots

    def _book(self, start: str, phone: str | None = "") -> Answer:
        body = {
            "guichet_id": self.guichet["id"],
            "start": start,
            "topic": self.guichet["topics"][0]["code"],
            "language": "ar",
            "message_language": "ar",
        }
        if phone is not None:
            body["phone"] = phone or self.phone
        return self.site.post("/api/v1/appointments", body, Idempotency_Key=str(uuid.uuid4()))

    def _sms_text(self) -> str | None:
        items = self.received.get("/api/messages").body["items"]
        return next((str(one["text"]) for one in items if one["to"] == self.phone), None)

    def _reminder(self, state: str) -> dict[str, Any] | None:
        answer = self.site.get(f"/api/v1/appointments/{self.appointment['manage_token']}/messages")
        items = answer.body.get("items", []) if answer.status == 200 else []
        return next((one for one in items if one["kind"] == "reminder" and one["state"] == state), None)

    def _wait(self, look: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.2)
        raise StoryBroken(f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}")

    @staticmethod
    def _expect(status: int, answer: Answer | None, what: str) -> Answer:
        if answer is None or answer.status != status:
            got = "nothing" if answer is None else f"{answer.status} {answer.body}"
            raise StoryBroken(f"{what}: expected {status}, got {got}")
        return answer
