"""Which messages follow from which events (acceptance: notifications, 18 to 21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_notifications.domain import NOTICES, WITHDRAWABLE, Matter, Message, Plan, Priority, Rules, State, Told, plan

ONE = tuple(rule for rule in Rules().reminders["appointment"] if rule.code != "three_days")
RULES = Rules(reminders={"appointment": ONE, "registration": ONE})
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


def matter(start: datetime = THURSDAY, source: str = "appointment", **changes: object) -> Matter:
    """An appointment or registration of one person."""
    base = Matter(
        "one", source, "la-marsa", "contact-1", "sms", "fr", start, "Africa/Tunis", {"place": {"fr": "Mairie"}}
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # its own fields


class Store:
    """Messages in memory, as the database would hold them."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.told: Told | None = None

    def hear(self, verb: str, sequence: int, about: Matter, now: datetime = NOW) -> Plan:
        """Plan an event and apply the plan."""
        wanted = plan(about, verb, sequence, list(self.messages.values()), RULES, now, self.told)
        self.told = wanted.told or self.told
        for one in wanted.drop:
            if one.state in WITHDRAWABLE:
                self.messages[one.id] = one.withdrawn(wanted.reason)[0]
        for one in wanted.add:
            assert one.id not in self.messages
            self.messages[one.id] = one
        return wanted

    def leave(self, message_id: str) -> None:
        """A provider has taken it."""
        self.messages[message_id] = self.messages[message_id].sent(["p"], NOW)[0]

    def live(self) -> list[str]:
        """What is still to be sent."""
        return sorted(one.id for one in self.messages.values() if one.state in WITHDRAWABLE)


def kinds(found: Sequence[Message]) -> list[str]:
    return [one.kind for one in found]


@pytest.mark.parametrize(
    ("source", "verb", "expected"),
    [
        ("appointment", "booked", ["confirmation", "reminder"]),
        ("appointment", "moved", ["moved", "reminder"]),
        ("appointment", "cancelled", ["cancelled"]),
        ("registration", "confirmed", ["confirmation", "reminder"]),
        ("registration", "waitlisted", ["waiting"]),
        ("registration", "cancelled", ["cancelled"]),
    ],
)
def test_what_each_event_asks_for(source: str, verb: str, expected: list[str]) -> None:
    """One message at once; a reminder for what will take place."""
    wanted = plan(matter(source=source), verb, 1, [], RULES, NOW)
    assert kinds(wanted.add) == expected
    assert wanted.add[0].due_at == NOW
    assert [one.id for one in wanted.add] == [
        f"one:{kind}:1" + (":eve" if kind == "reminder" else "") for kind in expected
    ]


def test_a_move_after_the_confirmation_left() -> None:
    """The old reminder goes, a "moved" message and a new reminder come."""
    store = Store()
    store.hear("booked", 1, matter())
    store.leave("one:confirmation:1")
    store.hear("moved", 2, matter(THURSDAY + timedelta(days=7)))
    assert store.live() == ["one:moved:2", "one:reminder:2:eve"]
    assert store.messages["one:reminder:1:eve"].reason == "superseded"


def test_a_move_after_the_reminder_left() -> None:
    """Case 19: told at once, and reminded again."""
    store = Store()
    store.hear("booked", 1, matter())
    store.leave("one:confirmation:1")
    store.leave("one:reminder:1:eve")
    store.hear("moved", 2, matter(THURSDAY + timedelta(days=2)), now=THURSDAY - timedelta(hours=12))
    assert store.live() == ["one:moved:2", "one:reminder:2:eve"]


def test_a_move_before_the_confirmation_left_gives_one_confirmation_that_holds() -> None:
    """The person is told once, with the new time."""
    store = Store()
    store.hear("booked", 1, matter())
    store.hear("moved", 2, matter(THURSDAY + timedelta(days=7)))
    assert store.live() == ["one:confirmation:2", "one:reminder:2:eve"]


def test_a_cancellation_takes_everything_back_and_says_so() -> None:
    """Nothing about the appointment is sent any more, except that it is cancelled."""
    store = Store()
    store.hear("booked", 1, matter())
    store.hear("cancelled", 2, matter())
    assert store.live() == ["one:cancelled:2"]
    assert store.messages["one:reminder:1:eve"].reason == "cancelled"


def test_a_cancellation_while_it_is_being_sent() -> None:
    """Case 21: the plan marks what a provider may have, and a notice follows."""
    store = Store()
    store.hear("booked", 1, matter())
    store.messages["one:reminder:1:eve"] = replace(store.messages["one:reminder:1:eve"], state=State.SENDING)
    wanted = store.hear("cancelled", 2, matter())
    assert "one:reminder:1:eve" in [one.id for one in wanted.drop]
    assert kinds(wanted.add) == ["cancelled"]


def test_from_the_waiting_list_to_a_place() -> None:
    """The news of the waiting list is overtaken."""
    store = Store()
    store.hear("waitlisted", 1, matter(source="registration"))
    store.hear("confirmed", 2, matter(source="registration"))
    assert store.live() == ["one:confirmation:2", "one:reminder:2:eve"]


def test_nothing_is_planned_for_what_has_begun() -> None:
    """An event that comes after the start tells nobody anything."""
    assert plan(matter(NOW), "booked", 1, [], RULES, NOW).add == ()


def test_news_do_not_outlive_the_start_or_two_days() -> None:
    """A confirmation that could not be sent is worthless then."""
    soon = plan(matter(NOW + timedelta(hours=3)), "booked", 1, [], RULES, NOW).add[0]
    later = plan(matter(), "booked", 1, [], RULES, NOW).add[0]
    assert soon.expires_at == NOW + timedelta(hours=3)
    assert later.expires_at == NOW + timedelta(hours=48)


def test_what_the_service_does_at_night_is_told_in_the_morning() -> None:
    """Unless the meeting is before that."""
    night = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
    by_service = matter(datetime(2026, 11, 26, 10, 0, tzinfo=UTC), by_service=True)
    assert plan(by_service, "cancelled", 2, [], RULES, night).add[0].due_at == datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
    early = matter(datetime(2026, 11, 26, 7, 30, tzinfo=UTC), by_service=True)
    assert plan(early, "cancelled", 2, [], RULES, night).add[0].due_at == night
    by_visitor = replace(by_service, by_service=False)
    assert plan(by_visitor, "cancelled", 2, [], RULES, night).add[0].due_at == night


def test_planning_tells_itself() -> None:
    """Each planned message has a first fact without personal data."""
    message, facts = plan(matter(), "booked", 1, [], RULES, NOW).add[0].planned()
    assert (facts[0].kind, facts[0].subject, facts[0].sequence) == ("message.planned", "one:confirmation:1", 1)
    assert facts[0].data == {
        "message_id": "one:confirmation:1",
        "subject": "one",
        "kind": "confirmation",
        "channel": "sms",
        "due_at": "2026-11-23T08:00:00Z",
        "reason": None,
    }
    assert message.version == 1


LIVES = st.lists(st.sampled_from(["moved", "cancelled"]), max_size=4).map(
    lambda verbs: ["booked", *verbs[: verbs.index("cancelled") + 1 if "cancelled" in verbs else None]]
)


@given(life=LIVES, data=st.data())
def test_any_order_with_repetitions_ends_as_the_newest_says(life: list[str], data: st.DataObject) -> None:
    """Case 20 for the planning alone: even without the inbox's order nothing is planned twice, and what is
    live at the end belongs to the newest event."""
    events = [(verb, number, matter(THURSDAY + timedelta(days=number))) for number, verb in enumerate(life, start=1)]
    store = Store()
    for verb, sequence, about in data.draw(st.permutations(events * 2)):
        store.hear(verb, sequence, about)
        if data.draw(st.booleans()):
            for message_id in [one for one in store.live() if ":reminder:" not in one]:
                store.leave(message_id)
    live = [store.messages[one] for one in store.live()]
    assert all(one.sequence == len(life) for one in live)
    reminders = [one for one in live if one.is_reminder]
    assert [one.rule for one in reminders] == ([] if life[-1] == "cancelled" else ["eve"])
    told = [one for one in store.messages.values() if not one.is_reminder and one.sequence == len(life)]
    assert len(told) == 1
    assert told[0].kind in {NOTICES[life[-1]], "confirmation"}


@pytest.mark.parametrize(
    ("verb", "state", "live"),
    [
        ("checked_in", "arrived", []),
        ("done", "done", []),
        ("absent", "no_show", []),
        ("called_off", "cancelled_by_service", ["one:cancelled:2"]),
        ("annotated", "confirmed", ["one:confirmation:1", "one:reminder:1:eve"]),
        ("something_new", "a_state_nobody_knows", ["one:confirmation:1", "one:reminder:1:eve"]),
        ("something_new", None, ["one:confirmation:1", "one:reminder:1:eve"]),
    ],
)
def test_kinds_of_events_nobody_here_knows(verb: str, state: str | None, live: list[str]) -> None:
    """The state alone is believed: it can withdraw reminders, and tell a cancellation; else nothing changes."""
    store = Store()
    store.hear("booked", 1, matter(state="confirmed"))
    store.hear(verb, 2, matter(state=state))
    assert store.live() == live


def test_a_hold_says_nothing_and_a_confirmation_after_it_does() -> None:
    """Held, then to be confirmed, then confirmed: one message, one reminder."""
    store = Store()
    store.hear("held", 1, matter(state="held"))
    store.hear("booked", 2, matter(state="to_confirm"))
    assert store.live() == []
    store.hear("confirmed", 3, matter(state="confirmed"))
    assert store.live() == ["one:confirmation:3", "one:reminder:3:eve"]


def test_who_is_stranded_is_asked_to_move_and_not_reminded() -> None:
    """Guichet 23d: all are told. Who is given to a colleague keeps the time and is told so once; who is asked to move
    and then taken over by a colleague is confirmed anew; another time chosen is a move."""
    store = Store()
    store.hear("booked", 1, matter(state="confirmed"))
    store.leave("one:confirmation:1")
    store.hear("reassigned", 2, matter(state="confirmed", by_service=True))
    assert store.live() == ["one:kept:2", "one:reminder:2:eve"]
    store.leave("one:kept:2")
    store.hear("stranded", 3, matter(state="confirmed", by_service=True))
    assert store.live() == ["one:to_move:3"]
    store.leave("one:to_move:3")
    store.hear("reassigned", 4, matter(state="confirmed", by_service=True))
    assert store.live() == ["one:confirmation:4", "one:reminder:4:eve"]
    store.hear("stranded", 5, matter(state="confirmed", by_service=True))
    store.hear("moved", 6, matter(THURSDAY + timedelta(days=7), state="confirmed"))
    assert [one.partition(":")[2] for one in store.live()][-1] == "reminder:6:eve"
    assert not any("to_move" in one for one in store.live())


def test_a_colleague_who_takes_over_before_the_confirmation_has_left_changes_one_message_only() -> None:
    """The confirmation that has not left says it all; two messages would say the same."""
    store = Store()
    store.hear("booked", 1, matter(state="confirmed"))
    store.hear("reassigned", 2, matter(state="confirmed", by_service=True))
    assert store.live() == ["one:confirmation:2", "one:reminder:2:eve"]


def test_moved_to_an_earlier_day_inside_the_window() -> None:
    """Guichet 23f: the old reminder never, the new one once; none after the start, however late it is heard."""
    store = Store()
    store.hear("booked", 1, matter(THURSDAY + timedelta(days=7)))
    store.leave("one:confirmation:1")
    earlier = NOW + timedelta(hours=7, minutes=30)
    store.hear("moved", 2, matter(earlier))
    assert store.live() == ["one:moved:2", "one:reminder:2:two_hours"]
    assert all(one.expires_at <= earlier for one in store.messages.values() if one.sequence == 2)
    assert plan(matter(earlier), "moved", 3, [], RULES, earlier + timedelta(days=2)).add == ()


def test_postponed_twice_tells_once_per_change_with_the_old_date() -> None:
    """Guichet 33."""
    store = Store()
    first, second, third = THURSDAY, THURSDAY + timedelta(days=7), THURSDAY + timedelta(days=14)
    store.hear("confirmed", 1, matter(first, "registration", state="confirmed"))
    store.leave("one:confirmation:1")
    store.hear("moved", 2, matter(second, "registration", state="confirmed", previous_start=first, by_service=True))
    store.leave("one:moved:2")
    store.hear("moved", 3, matter(third, "registration", state="confirmed", previous_start=second, by_service=True))
    told = [one for one in store.messages.values() if one.kind == "moved"]
    assert [(one.values["previous_start"], one.values["start"]) for one in told] == [(first, second), (second, third)]
    assert [one for one in store.live() if ":reminder:" in one] == ["one:reminder:3:eve"]


def test_postponed_without_a_date_then_with_one() -> None:
    """Guichet 33: no reminder for a day that does not hold; the new day is told, and reminded of."""
    store = Store()
    store.hear("confirmed", 1, matter(source="registration", state="confirmed"))
    store.leave("one:confirmation:1")
    store.hear("postponed", 2, matter(source="registration", state="confirmed", by_service=True))
    assert store.live() == ["one:postponed:2"]
    assert store.messages["one:postponed:2"].values["previous_start"] == THURSDAY
    store.leave("one:postponed:2")
    store.hear("moved", 3, matter(source="registration", state="confirmed", by_service=True))
    assert store.live() == ["one:moved:3", "one:reminder:3:eve"]


def test_another_room_of_one_session_is_told() -> None:
    """Guichet 34: the start of the whole is the same; who got the event is told that the programme changed."""
    store = Store()
    store.hear("confirmed", 1, matter(source="registration", state="confirmed"))
    store.leave("one:confirmation:1")
    store.hear("moved", 2, matter(source="registration", state="confirmed", session="s-2", by_service=True))
    assert store.live() == ["one:changed:2", "one:reminder:2:eve"]


def test_an_offer_ends_with_its_time() -> None:
    """A place is kept until then, so the message is worthless afterwards, and passes first."""
    until = NOW + timedelta(hours=3)
    offered = matter(source="registration", state="offered", offer_until=until)
    found = plan(offered, "offered", 2, [], RULES, NOW).add
    assert [(one.kind, one.expires_at, one.values["until"]) for one in found] == [("offer", until, until)]


def test_what_the_service_changes_tomorrow_is_urgent() -> None:
    """Case 25, the planning part."""
    tomorrow = NOW + timedelta(hours=24)
    closure = plan(matter(tomorrow, by_service=True), "cancelled", 2, [], RULES, NOW).add[0]
    later = plan(matter(by_service=True), "cancelled", 2, [], RULES, NOW).add[0]
    own = plan(matter(tomorrow), "cancelled", 2, [], RULES, NOW).add[0]
    assert (closure.priority, later.priority, own.priority) == (Priority.URGENT, Priority.NOTICE, Priority.NOTICE)


def test_who_waits_is_told_so_and_then_of_a_place() -> None:
    """Joined, offered with its end, and silence once the offer went on: what was not sent yet is withdrawn."""
    store, until = Store(), NOW + timedelta(hours=12)
    entry = matter(source="waiting", start=NOW + timedelta(days=60), state="waiting")
    assert kinds(store.hear("joined", 1, entry).add) == ["waiting"]
    offered = matter(source="waiting", state="offered", offer_until=until)
    found = store.hear("offered", 2, offered).add
    assert [(one.kind, one.expires_at, one.values["until"]) for one in found] == [("offer", until, until)]
    assert store.hear("expired", 3, matter(source="waiting", state="expired")).add == ()
    assert store.live() == []


@pytest.mark.parametrize("verb", ["accepted", "declined", "left"])
def test_the_end_of_waiting_sends_nothing(verb: str) -> None:
    """The appointment speaks for itself."""
    store = Store()
    store.hear("joined", 1, matter(source="waiting", state="waiting"))
    store.leave(store.live()[0])
    assert store.hear(verb, 2, matter(source="waiting", state=verb)).add == ()
    assert store.live() == []
