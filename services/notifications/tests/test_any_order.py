"""No reminder of what was cancelled, and none twice, whatever the order of events and however often a worker dies
(acceptance: notifications 20, 21 and 23). IMIGR_TEST_EXAMPLES runs more of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imigr_kit.events import CloudEvent
from imigr_kit.ids import new_id
from imigr_kit.inbox import GapFound, Inbox
from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.domain import Matter
from imigr_notifications.handlers import Desk
from imigr_notifications.testing import FakeSender

LIFE = st.lists(st.sampled_from(["moved", "cancelled"]), max_size=3).map(
    lambda verbs: ["booked", *verbs[: verbs.index("cancelled") + 1 if "cancelled" in verbs else None]]
)
STEP = st.sampled_from(["hear", "hear", "hear", "deliver", "die", "wait", "back"])
EXAMPLES = int(os.environ.get("IMIGR_TEST_EXAMPLES", "12"))
MOST_GAPS = 5


def event_of(subject: str, verb: str, sequence: int) -> CloudEvent:
    """The envelope; what it says is made in ``World.hear``."""
    kind = f"tn.imigr.guichet.appointment.{verb}.v1"
    return CloudEvent(new_id(), "/t", kind, subject, "2026-11-23T08:00:00Z", "la-marsa", {}, sequence)


class World:
    """One appointment, the queue of its events, one worker that may die."""

    def __init__(self, desk: Desk, inbox: Inbox, clock: FrozenClock, sender: FakeSender, about: Matter) -> None:
        self.desk, self.inbox, self.clock, self.sender, self.about = desk, inbox, clock, sender, about
        self.tries: Counter[str] = Counter()
        self.cancelled_at: int | None = None

    def hear(self, event: CloudEvent) -> bool:
        """As the consumer does; false when the event waits for an earlier one."""
        assert event.sequence is not None
        verb, days = event.kind.rpartition(".")[2], event.sequence

        def effect(_: CloudEvent, session: Any) -> None:
            matter = Matter(**{**vars(self.about), "start": self.about.start + timedelta(days=days)})
            handlers.plan(self.desk, matter, verb, days, session)

        try:
            self.inbox.once(event, effect, accept_gap=self.tries[event.id] >= MOST_GAPS)
        except GapFound:
            self.tries[event.id] += 1
            return False
        if verb == "cancelled" and self.cancelled_at is None:
            self.cancelled_at = len(self.sender.taken)
        return True

    def step(self, name: str) -> None:
        """A worker delivers, or dies with messages in its hands; time goes on, or is set back."""
        if name == "die":
            now = self.clock.now()
            self.desk.messages.lease("sms", now, now + self.desk.lease_lasts, 2)
        elif name == "wait":
            self.clock.advance(hours=20)
            handlers.settle_stranded(self.desk)
        elif name == "back":
            self.clock.advance(hours=-1)
        handlers.deliver_due(self.desk, "sms")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=LIFE, data=st.data())
def test_whatever_comes(
    desk: Desk, mongo_db: Any, clock: FrozenClock, sender: FakeSender, matter: Callable[..., Matter],
    give: Callable[..., None], life: list[str], data: st.DataObject,
) -> None:  # fmt: skip
    """At the end nothing is planned for what was cancelled, no reminder left after it, and none twice."""
    sender.taken.clear()
    subject = new_id()
    give(f"contact-{subject}", address=f"+21620{int(subject[-6:], 16) % 1_000_000:06d}")
    about = matter(subject=subject, contact_id=f"contact-{subject}", start=clock.now() + timedelta(days=2))
    world = World(desk, Inbox(mongo_db, "on_appointment", clock, ordered=True), clock, sender, about)
    waiting = [event_of(subject, verb, number) for number, verb in enumerate(life, start=1) for _ in range(2)]
    waiting = data.draw(st.permutations(waiting))
    steps = data.draw(st.lists(STEP, min_size=3, max_size=14))
    for name in steps:
        if name == "hear" and waiting:
            event = waiting.pop(0)
            if not world.hear(event):
                waiting.append(event)
        else:
            world.step(name)
    while waiting:
        event = waiting.pop(0)
        if not world.hear(event):
            waiting.append(event)
    for _ in range(3):
        world.step("wait")
    sent = [one.message_id for one in sender.taken if one.message_id.startswith(subject)]
    assert max(Counter(sent).values(), default=0) <= 1
    if life[-1] == "cancelled":
        after = [one.message_id for one in sender.taken[world.cancelled_at :] if one.message_id.startswith(subject)]
        assert not [one for one in after if ":reminder:" in one]
        planned = [one for one in desk.messages.of_subject(subject) if str(one.state) == "planned"]
        assert not [one for one in planned if one.kind == "reminder"]
