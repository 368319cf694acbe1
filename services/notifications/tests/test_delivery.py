"""Delivery against a real database and a fake provider (acceptance: notifications, 21, 23, 24, 27 to 30, 35)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from imigr_kit.errors import Forbidden
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers, schemas
from imigr_notifications.domain import Matter, Message, Priority, State
from imigr_notifications.handlers import Desk
from imigr_notifications.ports import NotNow, Receipt, Refused, Throttled, Uncertain, Unreachable
from imigr_notifications.storage import CONTACTS, MESSAGES, MongoMessages
from imigr_notifications.testing import FakeSender, one_way

PHONE = "+21620123456"
LEASE = timedelta(seconds=20)
Give = Callable[..., None]
MakeMatter = Callable[..., Matter]


@pytest.fixture
def book(desk: Desk, give: Give, matter: MakeMatter) -> Callable[..., None]:
    """A contact and a booked appointment."""

    def booked(**changes: Any) -> None:
        give()
        handlers.plan(desk, matter(**changes), "booked", 1, None)

    return booked


def of(desk: Desk, message_id: str) -> Message:
    return next(one for one in desk.messages.of_subject("appointment-1") if one.id.endswith(message_id))


def leased_now(desk: Desk, clock: FrozenClock) -> tuple[Message, str]:
    """The message that a worker would take now."""
    (message,), lease = desk.messages.lease("sms", clock.now(), clock.now() + LEASE)
    return message, lease


def handed_over(desk: Desk, clock: FrozenClock, message: Message, lease: str) -> bool:
    """Whether a worker may still send it."""
    now = clock.now()
    return message.id in desk.messages.hand_over(lease, {message.id: 1}, "sms", now, now + LEASE)


def verbs(mongo_db: Any, ending: str) -> list[str]:
    row = mongo_db[MESSAGES].find_one({"_id": f"appointment-1:{ending}"})
    return [event["type"].split(".")[4] for event in row["outbox"]]


def receipt(provider_id: str, *, delivered: bool = True, address: str = PHONE) -> Receipt:
    return Receipt(provider_id, Secret(address), delivered)


def test_a_confirmation_leaves_at_once_and_the_reminder_in_time(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock, mongo_db: Any
) -> None:
    """The plain case; each message once, each with its events in order."""
    book()
    handlers.deliver_due(desk, "sms")
    assert [one.message_id for one in sender.taken] == ["appointment-1:confirmation:1"]
    assert sender.taken[0].address.reveal() == PHONE
    assert "https://imigr.test/m/la-marsa.token" in sender.taken[0].body.reveal()
    clock.advance(days=2, hours=8)
    handlers.deliver_due(desk, "sms")
    handlers.deliver_due(desk, "sms")
    assert [one.message_id for one in sender.taken][1:] == ["appointment-1:reminder:1:eve"]
    assert verbs(mongo_db, "reminder:1:eve") == ["planned", "sent"]
    assert of(desk, "reminder:1:eve").sent_at == clock.now()


def test_a_message_waits_for_its_contact(
    desk: Desk, give: Give, matter: MakeMatter, sender: FakeSender, clock: FrozenClock
) -> None:
    """The booking was heard first; the message is taken when the contact arrives, and looks rarely meanwhile."""
    handlers.plan(desk, matter(), "booked", 1, None)
    looks = 0
    for _ in range(300):
        looks += handlers.deliver_due(desk, "sms")
        clock.advance(seconds=1)
    assert looks < 32
    assert of(desk, "confirmation:1").state is State.PLANNED
    give()
    clock.advance(seconds=60)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1


def test_a_contact_that_never_comes_is_not_waited_for_for_ever(
    desk: Desk, matter: MakeMatter, clock: FrozenClock, mongo_db: Any
) -> None:
    """The confirmation expires."""
    handlers.plan(desk, matter(), "booked", 1, None)
    clock.advance(hours=48)
    handlers.deliver_due(desk, "sms")
    assert of(desk, "confirmation:1").state is State.EXPIRED
    assert verbs(mongo_db, "confirmation:1") == ["planned", "failed"]


def test_an_address_of_no_use_fails_and_says_so(
    desk: Desk, matter: MakeMatter, mongo_db: Any, clock: FrozenClock
) -> None:
    """Case 30: the mediator sees that the person cannot be reached, without a number."""
    handlers.plan(desk, matter(), "booked", 1, None)
    mongo_db[CONTACTS].insert_one({"_id": "contact-1", "channel": "sms", "created_at": clock.now(), "unusable": "x"})
    handlers.deliver_due(desk, "sms")
    assert (of(desk, "confirmation:1").state, of(desk, "confirmation:1").reason) == (State.FAILED, "unusable_address")


def test_a_contact_that_cannot_be_opened_holds_up_nobody(
    desk: Desk, book: Callable[..., None], give: Give, matter: MakeMatter, mongo_db: Any, sender: FakeSender
) -> None:
    """Its message fails, the next one leaves."""
    book()
    mongo_db[CONTACTS].update_one({"_id": "contact-1"}, {"$set": {"box": b"x" * 40}})
    give("contact-2")
    handlers.plan(desk, matter(subject="appointment-2", contact_id="contact-2"), "booked", 1, None)
    handlers.deliver_due(desk, "sms")
    assert of(desk, "confirmation:1").reason == "unreadable_contact"
    assert [one.message_id for one in sender.taken] == ["appointment-2:confirmation:1"]


def test_a_refusal_is_final(desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock) -> None:
    """Case 30: an unknown subscriber is not tried again."""
    book()
    sender.answers = [Refused("smpp_0x0b")]
    handlers.deliver_due(desk, "sms")
    clock.advance(hours=5)
    handlers.deliver_due(desk, "sms")
    assert (of(desk, "confirmation:1").state, of(desk, "confirmation:1").reason) == (State.FAILED, "smpp_0x0b")
    assert sender.taken == []


def test_not_now_is_tried_again_with_growing_waits_and_given_up(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock
) -> None:
    """Eight waits, and the ninth refusal in a row is the last."""
    book()
    sender.answers = [NotNow("smpp_0x08")] * 9
    moments = []
    for _ in range(60 * 60 * 10):
        before = len(sender.answers)
        handlers.deliver_due(desk, "sms")
        if len(sender.answers) < before:
            moments.append(clock.now())
        clock.advance(seconds=5 if len(moments) < 3 else 300)
        if not sender.answers:
            break
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps == sorted(gaps)
    assert of(desk, "confirmation:1").reason == "smpp_0x08"
    assert of(desk, "confirmation:1").state is State.FAILED


@pytest.mark.parametrize("trouble", [Unreachable("smpp_unbound"), Throttled("smpp_0x58")])
def test_a_provider_that_is_away_or_wants_a_pause_costs_no_attempt(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock, trouble: Exception
) -> None:
    """Case 28: nothing is lost however long it takes, there is no storm, and it leaves when the provider is back."""
    book()
    sender.answers = [trouble] * 500
    for _ in range(300):
        handlers.deliver_due(desk, "sms")
        clock.advance(seconds=1)
    assert 28 <= 500 - len(sender.answers) <= 38
    assert (of(desk, "confirmation:1").attempts, of(desk, "confirmation:1").state) == (0, State.PLANNED)
    sender.answers = []
    clock.advance(seconds=10)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1


def test_the_trouble_of_one_channel_leaves_the_other_alone(
    desk: Desk, book: Callable[..., None], give: Give, matter: MakeMatter, clock: FrozenClock
) -> None:
    """Case 28: this provider only."""
    slow, quick = FakeSender(), FakeSender()
    own = replace(desk, ways=one_way(sms=slow, email=quick))
    book()
    give("contact-2", "a@b.fr", "email")
    handlers.plan(own, matter(subject="two", contact_id="contact-2", channel="email"), "booked", 1, None)
    slow.answers = [Throttled("smpp_0x58")]
    handlers.deliver_due(own, "sms")
    handlers.deliver_due(own, "email")
    assert [one.message_id for one in quick.taken] == ["two:confirmation:1"]


class Interrupted(Exception):
    """The process dies here."""


def test_a_cancellation_before_the_hand_over_wins(
    desk: Desk, book: Callable[..., None], matter: MakeMatter, sender: FakeSender, clock: FrozenClock
) -> None:
    """Case 21: the reminder is leased, the cancellation is stored, the last look sees it."""
    book()
    handlers.deliver_due(desk, "sms")
    clock.advance(days=2, hours=8)
    leased = leased_now(desk, clock)
    handlers.plan(desk, matter(), "cancelled", 2, None)
    assert not handed_over(desk, clock, *leased)
    handlers.deliver_due(desk, "sms")
    assert [one.message_id for one in sender.taken][1:] == ["appointment-1:cancelled:2"]
    assert of(desk, "reminder:1:eve").state is State.CANCELLED


def test_what_was_cancelled_while_it_was_handed_over_is_not_tried_again(
    desk: Desk, book: Callable[..., None], matter: MakeMatter, sender: FakeSender, clock: FrozenClock, mongo_db: Any
) -> None:
    """Case 21: the provider answers "not now" after the cancellation; a notice follows, no reminder ever."""
    book()
    handlers.deliver_due(desk, "sms")
    clock.advance(days=2, hours=8)

    class CancelsMeanwhile(FakeSender):
        def send(self, outgoing: Any, hand_over: Any) -> Any:
            assert hand_over(1)
            handlers.plan(desk, matter(), "cancelled", 2, None)
            raise NotNow("smpp_0x08")

    handlers.deliver_due(replace(desk, ways=one_way(sms=CancelsMeanwhile())), "sms")
    for _ in range(20):
        handlers.deliver_due(desk, "sms")
        clock.advance(minutes=30)
    assert [one.message_id for one in sender.taken][1:] == ["appointment-1:cancelled:2"]
    assert verbs(mongo_db, "reminder:1:eve") == ["planned", "cancelled"]


def test_a_worker_that_died_before_the_hand_over_has_lost_nothing(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock
) -> None:
    """The lease ends, another worker takes the message, nothing is in doubt."""
    book()
    stale = leased_now(desk, clock)
    handlers.settle_stranded(desk)
    handlers.deliver_due(desk, "sms")
    assert sender.taken == []
    clock.advance(seconds=21)
    handlers.settle_stranded(desk)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1
    assert not of(desk, "confirmation:1").in_doubt
    assert not handed_over(desk, clock, *stale)


@pytest.fixture
def dies_after_sending(desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock) -> Desk:
    """The provider took the confirmation, and the process died before it could store that."""
    book()

    class Dies(FakeSender):
        def send(self, outgoing: Any, hand_over: Any) -> Any:
            assert hand_over(1)
            sender.taken.append(outgoing)
            raise Interrupted

    with pytest.raises(Interrupted):
        handlers.deliver_due(replace(desk, ways=one_way(sms=Dies())), "sms")
    clock.advance(seconds=21)
    handlers.settle_stranded(desk)
    return desk


def test_a_message_in_doubt_is_marked_and_not_sent(dies_after_sending: Desk, sender: FakeSender) -> None:
    """Case 27: not a second time within the window; counted."""
    handlers.deliver_due(dies_after_sending, "sms")
    assert len(sender.taken) == 1
    assert of(dies_after_sending, "confirmation:1").in_doubt
    assert figures(dies_after_sending)[0]["ambiguous"] == 1


def test_the_receipt_settles_the_doubt(dies_after_sending: Desk, sender: FakeSender, mongo_db: Any) -> None:
    """Case 27: delivered, so it was sent, and is not sent again."""
    handlers.take_receipts(dies_after_sending, [receipt("p-1")])
    handlers.settle_stranded(dies_after_sending)
    handlers.deliver_due(dies_after_sending, "sms")
    settled = of(dies_after_sending, "confirmation:1")
    assert (settled.state, settled.provider_ids) == (State.SENT, ("p-1",))
    assert len(sender.taken) == 1
    assert verbs(mongo_db, "confirmation:1") == ["planned", "sent"]


def test_a_receipt_for_another_number_settles_nothing(dies_after_sending: Desk) -> None:
    """It is kept, and belongs to nobody here."""
    handlers.take_receipts(dies_after_sending, [receipt("p-1", address="+21622999999")])
    handlers.settle_stranded(dies_after_sending)
    assert of(dies_after_sending, "confirmation:1").state is State.SENDING


def test_a_receipt_that_says_failed_sends_again(dies_after_sending: Desk, sender: FakeSender) -> None:
    """Case 27: unless the receipt says failed."""
    handlers.take_receipts(dies_after_sending, [receipt("p-1", delivered=False)])
    handlers.settle_stranded(dies_after_sending)
    handlers.deliver_due(dies_after_sending, "sms")
    assert len(sender.taken) == 2
    assert of(dies_after_sending, "confirmation:1").state is State.SENT


def test_a_confirmation_in_doubt_is_never_sent_again_in_silence(
    dies_after_sending: Desk, sender: FakeSender, clock: FrozenClock, mongo_db: Any
) -> None:
    """Case 27: it ends as ambiguous, counted and told."""
    for _ in range(5):
        clock.advance(seconds=61)
        handlers.settle_stranded(dies_after_sending)
        handlers.deliver_due(dies_after_sending, "sms")
    ended = of(dies_after_sending, "confirmation:1")
    assert (len(sender.taken), ended.state, ended.reason) == (1, State.AMBIGUOUS, "ambiguous")
    assert verbs(mongo_db, "confirmation:1") == ["planned", "failed"]
    counted = {row["state"]: row["ambiguous"] for row in figures(dies_after_sending) if row["kind"] == "confirmation"}
    assert counted == {"ambiguous": 1}


def test_a_cancellation_in_doubt_is_sent_once_more_and_never_a_third_time(
    desk: Desk, give: Give, matter: MakeMatter, sender: FakeSender, clock: FrozenClock
) -> None:
    """Somebody who does not know would come for nothing; the possible duplicate is marked."""
    give()
    handlers.plan(desk, matter(), "cancelled", 1, None)
    sender.taken_in_silence = True
    for _ in range(6):
        handlers.deliver_due(desk, "sms")
        clock.advance(seconds=61)
        handlers.settle_stranded(desk)
    ended = of(desk, "cancelled:1")
    assert (len(sender.taken), ended.state, ended.repeated) == (2, State.AMBIGUOUS, True)


def figures(desk: Desk) -> list[dict[str, Any]]:
    assert isinstance(desk.messages, MongoMessages)
    return desk.messages.figures("la-marsa")


def test_a_message_in_doubt_that_was_cancelled_is_not_repeated(
    dies_after_sending: Desk, matter: MakeMatter, sender: FakeSender
) -> None:
    """The receipt says failed, but meanwhile nobody wants it any more."""
    handlers.plan(dies_after_sending, matter(), "cancelled", 2, None)
    handlers.take_receipts(dies_after_sending, [receipt("p-1", delivered=False)])
    handlers.settle_stranded(dies_after_sending)
    handlers.deliver_due(dies_after_sending, "sms")
    assert [one.message_id for one in sender.taken][1:] == ["appointment-1:cancelled:2"]
    assert of(dies_after_sending, "confirmation:1").state is State.CANCELLED


def test_an_answer_that_never_came_is_a_doubt_at_once(
    desk: Desk, book: Callable[..., None], sender: FakeSender
) -> None:
    """The process lives, the provider was silent."""
    book()
    sender.answers = [Uncertain("smpp_no_answer")]
    handlers.deliver_due(desk, "sms")
    assert of(desk, "confirmation:1").in_doubt


def test_a_worker_that_slept_cannot_write_any_more(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock
) -> None:
    """It was frozen after its lease; another one has sent the message; nothing it does changes that."""
    book()
    leased = leased_now(desk, clock)
    sleeper, lease = leased
    clock.advance(seconds=21)
    handlers.settle_stranded(desk)
    handlers.deliver_due(desk, "sms")
    assert not desk.messages.postpone(sleeper, lease, clock.now())
    failed, facts = sleeper.failed("late")
    assert not desk.messages.settle(failed, lease, facts)
    assert of(desk, "confirmation:1").state is State.SENT


def test_receipts_before_the_answer_twice_and_for_nobody(desk: Desk, book: Callable[..., None], mongo_db: Any) -> None:
    """Case 29: stored once, attached when the answer comes, never a crash."""
    book()
    for _ in range(2):
        handlers.take_receipts(desk, [receipt("fake-1", delivered=False)])
        handlers.take_receipts(desk, [receipt("nobody-knows")])
    handlers.deliver_due(desk, "sms")
    assert (of(desk, "confirmation:1").state, of(desk, "confirmation:1").reason) == (State.FAILED, "undelivered")
    assert mongo_db["receipts"].count_documents({}) == 2
    assert PHONE not in str(list(mongo_db["receipts"].find()))


def test_a_late_receipt_says_that_it_never_arrived(desk: Desk, book: Callable[..., None], mongo_db: Any) -> None:
    """The state and the events follow the receipt; a delivered one changes nothing."""
    book()
    handlers.deliver_due(desk, "sms")
    handlers.take_receipts(desk, [receipt("fake-1", delivered=False)])
    assert verbs(mongo_db, "confirmation:1") == ["planned", "sent", "failed"]


def test_useless_reminders_are_expired_and_useful_ones_leave_once(
    desk: Desk, give: Give, matter: MakeMatter, sender: FakeSender, clock: FrozenClock
) -> None:
    """Case 23: down from Monday to Wednesday."""
    give()
    tomorrow = clock.now() + timedelta(days=1)
    handlers.plan(desk, matter(subject="passed", start=tomorrow), "booked", 1, None)
    handlers.plan(desk, matter(subject="useful"), "booked", 1, None)
    handlers.deliver_due(desk, "sms")
    clock.advance(days=2, hours=9)
    handlers.deliver_due(desk, "sms")
    handlers.deliver_due(desk, "sms")
    assert [one.message_id for one in sender.taken][2:] == ["useful:reminder:1:eve"]
    assert [one.state for one in desk.messages.of_subject("passed") if one.is_reminder] == [State.EXPIRED]


def test_a_late_reminder_does_not_wake_anybody(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock
) -> None:
    """Due at 17:00, possible at 22:00: it waits for eight o'clock."""
    book()
    handlers.deliver_due(desk, "sms")
    clock.advance(days=2, hours=13)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1
    clock.advance(hours=10)
    handlers.deliver_due(desk, "sms")
    assert [one.message_id for one in sender.taken][1:] == ["appointment-1:reminder:1:eve"]


def test_a_clock_set_back_sends_nothing_twice(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock
) -> None:
    """Case 24."""
    book()
    handlers.deliver_due(desk, "sms")
    for step in (-1, 0, 1, 1):
        clock.advance(hours=step)
        handlers.settle_stranded(desk)
        handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1


@pytest.mark.parametrize("jump", [-1, 1])
def test_a_clock_that_jumps_while_a_worker_dies(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock, jump: int
) -> None:
    """Case 24: an hour back or forward, with a message leased by a worker that never returns and a reminder ahead:
    each leaves once, none too late to be of use."""
    book()
    leased_now(desk, clock)
    clock.advance(hours=jump)
    for step in (1, 59, 60, 55 * 60, 60, 60):
        clock.advance(minutes=step)
        handlers.settle_stranded(desk)
        handlers.deliver_due(desk, "sms")
    left = [one.message_id for one in sender.taken]
    assert left == ["appointment-1:confirmation:1", "appointment-1:reminder:1:eve"]


def test_an_urgent_one_passes_five_thousand(
    desk: Desk, give: Give, matter: MakeMatter, sender: FakeSender, clock: FrozenClock
) -> None:
    """Case 25: 5,000 of a campaign are due for longer; the closure of tomorrow leaves first."""
    give()
    handlers.plan(desk, matter(), "booked", 1, None)
    sample = of(desk, "confirmation:1")
    bulk = [
        replace(sample, id=f"c:{number}:1", subject="c", source="campaign", kind="campaign", priority=Priority.BULK)
        for number in range(5_000)
    ]
    desk.messages.plan([(one, ()) for one in bulk], None)
    clock.advance(hours=1)
    closed = matter(subject="tomorrow", start=clock.now() + timedelta(hours=24), by_service=True)
    handlers.plan(desk, closed, "cancelled", 2, None)
    messages, _ = desk.messages.lease("sms", clock.now(), clock.now() + LEASE, 32)
    assert [one.id for one in messages][:2] == ["tomorrow:cancelled:2", "appointment-1:confirmation:1"]
    assert len(messages) == 32


def test_content_goes_and_the_way_stays(
    desk: Desk, book: Callable[..., None], clock: FrozenClock, mongo_db: Any
) -> None:
    """Three days after a message lost its sense the place is taken out of it; what is under way keeps it."""
    book()
    handlers.deliver_due(desk, "sms")
    assert isinstance(desk.messages, MongoMessages)
    clock.advance(days=3)
    assert desk.messages.empty(clock.now()) == 0
    clock.advance(days=4)
    assert desk.messages.empty(clock.now()) == 1
    sent = of(desk, "confirmation:1")
    assert (sent.state, sent.values["texts"], sent.provider_ids) == (State.SENT, {}, ("fake-1",))
    assert of(desk, "reminder:1:eve").values["texts"] != {}


def test_forgetting_drops_what_was_planned(
    desk: Desk, book: Callable[..., None], sender: FakeSender, clock: FrozenClock, mongo_db: Any
) -> None:
    """Case 35: at once, for all messages of the contact; later receipts find nothing and say so."""
    book()
    handlers.deliver_due(desk, "sms")
    assert handlers.forget_contact(desk, "contact-1").existed
    assert (of(desk, "reminder:1:eve").state, of(desk, "reminder:1:eve").reason) == (State.CANCELLED, "contact_gone")
    handlers.take_receipts(desk, [receipt("fake-1")])
    clock.advance(days=2, hours=8)
    handlers.deliver_due(desk, "sms")
    assert len(sender.taken) == 1
    assert not handlers.forget_contact(desk, "contact-1").existed


def test_nothing_is_planned_for_a_forgotten_contact(desk: Desk, matter: MakeMatter, clock: FrozenClock) -> None:
    """Erasure was asked while the event was on its way."""
    handlers.forget_contact(desk, "contact-1")
    handlers.plan(desk, matter(), "booked", 1, None)
    assert desk.messages.of_subject("appointment-1") == []
    assert clock.now() is not None


def test_the_longest_waiting_leaves_first(
    desk: Desk, give: Give, matter: MakeMatter, sender: FakeSender, clock: FrozenClock
) -> None:
    """Order of due times."""
    give()
    for number in (1, 2, 3):
        handlers.plan(desk, matter(subject=f"s{number}"), "booked", 1, None)
        clock.advance(seconds=1)
    handlers.deliver_due(desk, "sms")
    assert [one.message_id.split(":")[0] for one in sender.taken] == ["s1", "s2", "s3"]


def test_what_may_be_told_about_a_message(desk: Desk, book: Callable[..., None]) -> None:
    """Neither address nor content; a leased message has not left yet."""
    book()
    handlers.deliver_due(desk, "sms")
    desk.messages.lease("sms", desk.clock.now() + timedelta(days=3), desk.clock.now() + timedelta(days=4))
    items = schemas.messages_out(handlers.list_messages(desk, "appointment-1"))["items"]
    assert [(one["kind"], one["state"]) for one in items] == [("confirmation", "sent"), ("reminder", "planned")]
    assert set(items[0]) == {"id", "kind", "channel", "state", "due_at", "sent_at", "reason"}
    assert items[0]["sent_at"] == "2026-11-23T08:00:00Z"


def test_figures_are_for_managers() -> None:
    """Of this municipality."""
    manager = {"roles": [{"municipality": "la-marsa", "role": "manager"}]}
    handlers.may_see_figures(manager, "la-marsa")
    with pytest.raises(Forbidden):
        handlers.may_see_figures(manager, "raoued")


@pytest.mark.parametrize(
    "query",
    [
        {"state": "planned", "channel": "sms", "claim_at": {"$lte": 0}},
        {"state": "sending", "$or": [{"claim_at": {"$lt": 0}}, {"in_doubt": True}]},
        {"subject": "one"},
        {"contact_id": "one", "state": {"$in": ["planned"]}},
        {"provider_ids": "p-1"},
    ],
    ids="-".join,
)
def test_no_question_reads_the_whole_collection(desk: Desk, mongo_db: Any, query: dict[str, Any]) -> None:
    """Every query plan uses an index."""
    assert isinstance(desk.messages, MongoMessages)
    winning = mongo_db[MESSAGES].find(query).explain()["queryPlanner"]["winningPlan"]
    assert "IXSCAN" in str(winning)
    assert "COLLSCAN" not in str(winning)


def test_a_worker_that_slept_cannot_hand_over_what_another_holds(
    desk: Desk, book: Callable[..., None], clock: FrozenClock
) -> None:
    """Both think the message is theirs; the lease decides."""
    book()
    sleeper = leased_now(desk, clock)
    clock.advance(seconds=21)
    handlers.settle_stranded(desk)
    holder = leased_now(desk, clock)
    assert not handed_over(desk, clock, *sleeper)
    assert handed_over(desk, clock, *holder)


def test_a_message_whose_contact_has_gone_is_withdrawn(
    desk: Desk, book: Callable[..., None], clock: FrozenClock, mongo_db: Any
) -> None:
    """The contact was erased by another process between the planning and the sending."""
    book()
    desk.contacts.forget("contact-1", clock.now())
    handlers.deliver_due(desk, "sms")
    assert (of(desk, "confirmation:1").state, of(desk, "confirmation:1").reason) == (State.CANCELLED, "contact_gone")
    assert verbs(mongo_db, "confirmation:1") == ["planned", "cancelled"]
