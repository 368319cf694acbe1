"""Campaigns to those who asked twice (acceptance: notifications 25 and 33)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from marshmallow import ValidationError

from imigr_kit.access import NotAllowed
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_notifications import handlers
from imigr_notifications.domain import Matter, State
from imigr_notifications.domain.campaigns import Campaign, CampaignState, Words
from imigr_notifications.domain.subscriptions import SubscriptionState
from imigr_notifications.errors import InvalidInput, KeyReused, UnknownCampaign, UnknownSubscription, VersionConflict
from imigr_notifications.errors import WrongCampaignState as WrongState
from imigr_notifications.handlers import Desk, campaigns, subscriptions
from imigr_notifications.handlers.campaigns import Office
from imigr_notifications.ports_campaigns import Command
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.schemas.campaigns import CreateCampaign
from imigr_notifications.storage import MongoCampaigns, MongoContacts, MongoSubscriptions
from imigr_notifications.testing import FakeSender
from imigr_notifications.vault import Contact, Vault

MANAGER = {"id": "m", "kind": "staff", "roles": [{"role": "manager", "municipality": "la-marsa"}]}
TEXTS = {
    "fr": Words("Portes ouvertes", "Samedi {link} %s portes ouvertes de 10h à 16h."),
    "ar": Words("يوم مفتوح", "يوم السبت أبواب مفتوحة من 10 إلى 16."),
}
DRAFT = Campaign("", "la-marsa", "events", (), (), TEXTS, CampaignState.DRAFT, 6_000, None, 0)


@pytest.fixture
def book(mongo_db: Any) -> MongoSubscriptions:
    """Subscriptions."""
    return MongoSubscriptions(mongo_db)


@pytest.fixture
def office(desk: Desk, mongo_db: Any, clock: FrozenClock) -> Office:
    """Campaigns on a fresh database."""
    return Office(desk, MongoCampaigns(mongo_db, Stamp("notifications", "test", clock, new_id)), new_id)


@pytest.fixture
def subscribe(
    desk: Desk, book: MongoSubscriptions, mongo_db: Any, vault: Vault, clock: FrozenClock
) -> Callable[..., str]:
    """A person asks for news; the hash of the link."""

    def asked(number: int, *, confirmed: bool = True, **changes: Any) -> str:
        contact_id = f"s-contact-{number}-{new_id()}"
        address = Secret(f"+2162{number:07d}")
        contact = Contact("sms", address, "fr", Secret("la-marsa.s-token"))
        with mongo_db.client.start_session() as session:
            MongoContacts(mongo_db, vault).store(contact_id, contact, clock.now(), session)
        values = {"municipality": "la-marsa", "topic": "events", "themes": (), "language": "fr", "channel": "sms"}
        link = f"{new_id()}".ljust(64, "0")
        wish = subscriptions.Wish(**(values | {"contact_id": contact_id, "manage_hash": link} | changes))
        subscriptions.subscribe(desk, book, wish, new_id, Command(new_id(), "b"))
        if confirmed:
            subscriptions.confirm_subscription(desk, book, link)
        return link

    return asked


def started(office: Office, draft: Campaign = DRAFT, key: str = "k") -> Campaign:
    """Created, scheduled at once, running."""
    made = campaigns.create_campaign(office, MANAGER, draft, Command(key, "b"))
    command = Command(f"{key}-go", "b")
    campaigns.schedule_campaign(office, MANAGER, "la-marsa", made.id, None, made.version, command)
    campaigns.run_campaigns(office)
    return campaigns.get_campaign(office, MANAGER, "la-marsa", made.id)


def clear(desk: Desk, sender: FakeSender) -> None:
    """Send what asks for confirmation, and forget it."""
    handlers.deliver_due(desk, "sms")
    sender.taken.clear()


def test_only_who_said_yes_twice(
    office: Office, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock
) -> None:
    """Pending, of another topic, another town, ended: none of them is written to."""
    subscribe(1)
    subscribe(2, confirmed=False)
    subscribe(3, topic="rights")
    subscribe(4, municipality="raoued")
    ended = subscribe(5)
    subscriptions.end_subscription(office.desk, office.desk.subscriptions, ended)  # type: ignore[arg-type]  # the same
    clear(office.desk, sender)
    clock.advance(days=1)
    started(office)
    campaigns.run_campaigns(office)
    handlers.deliver_due(office.desk, "sms")
    assert [one.address.reveal() for one in sender.taken] == ["+21620000001"]
    assert sender.taken[0].body.reveal().startswith("Samedi {link} %s portes ouvertes")
    assert "https://imigr.test/m/la-marsa.s-token" in sender.taken[0].body.reveal()


def test_the_question_of_the_double_opt_in(
    desk: Desk, book: MongoSubscriptions, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock
) -> None:
    """A message with the link goes out; looking changes nothing, the second yes does, too late it does not."""
    link, late = subscribe(1, confirmed=False), subscribe(2, confirmed=False)
    handlers.deliver_due(desk, "sms")
    assert "https://imigr.test/m/la-marsa.s-token" in sender.taken[0].body.reveal()
    assert subscriptions.get_subscription(desk, book, link).state is SubscriptionState.PENDING
    for _ in range(2):
        assert subscriptions.confirm_subscription(desk, book, link).state is SubscriptionState.ACTIVE
    clock.advance(hours=49)
    assert subscriptions.confirm_subscription(desk, book, late).state is SubscriptionState.PENDING
    with pytest.raises(UnknownSubscription):
        subscriptions.get_subscription(desk, book, "f" * 64)


def test_the_second_yes_by_sms_and_stop(
    desk: Desk, book: MongoSubscriptions, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock
) -> None:
    """1 confirms where answers are possible; STOP ends all subscriptions of the number."""
    rules = replace(desk.rules("la-marsa"), replies=True)
    desk = replace(desk, rules=lambda municipality: rules)
    contact_id = f"s-{new_id()}"
    link = "a" * 64
    desk.in_transaction(
        lambda session: desk.contacts.store(  # type: ignore[attr-defined]  # the real vault
            contact_id, Contact("sms", Secret("+21620123456"), "fr", Secret("la-marsa.s-x")), clock.now(), session
        )
    )
    wish = subscriptions.Wish("la-marsa", "events", (), "fr", "sms", contact_id, link)
    subscriptions.subscribe(desk, book, wish, new_id, Command("k", "b"))
    handlers.deliver_due(desk, "sms")
    assert "Ou répondez 1." in sender.taken[0].body.reveal()
    handlers.take_inbound(desk, Inbound(Secret("+21620123456"), Secret("1"), ""))
    assert subscriptions.get_subscription(desk, book, link).state is SubscriptionState.ACTIVE
    handlers.take_inbound(desk, Inbound(Secret("+21620123456"), Secret("STOP"), ""))
    assert subscriptions.get_subscription(desk, book, link).state is SubscriptionState.ENDED


def test_one_person_with_two_subscriptions_gets_one(
    office: Office, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock
) -> None:
    """By the keyed hash of the number, whatever contacts it was given as."""
    subscribe(1)
    subscribe(1, themes=("health",))
    clear(office.desk, sender)
    clock.advance(days=1)
    started(office)
    campaigns.run_campaigns(office)
    handlers.deliver_due(office.desk, "sms")
    assert len(sender.taken) == 1


def test_language_and_theme_narrow_it(office: Office, subscribe: Callable[..., str], clock: FrozenClock) -> None:
    """Who named no theme gets all; who named another one does not."""
    for number, themes in enumerate([(), ("health",), ("housing",), ("health", "housing")]):
        subscribe(number, themes=themes)
    subscribe(9, language="ar")
    narrowed = {
        "all": DRAFT,
        "health": replace(DRAFT, themes=("health",)),
        "ar": replace(DRAFT, languages=("ar",)),
        "none": replace(DRAFT, languages=("en",)),
    }
    reached = {name: len(office.campaigns.audience(one, clock.now(), 100)) for name, one in narrowed.items()}
    assert reached == {"all": 5, "health": 4, "ar": 1, "none": 0}


def test_a_preview_says_parts_and_price_and_hides_small_counts(office: Office, subscribe: Callable[..., str]) -> None:
    """Nine are not shown, nor what they would cost; ten are."""
    for number in range(9):
        subscribe(number)
    shown = campaigns.preview_campaign(office, replace(DRAFT, id="c"))
    assert (shown["recipients"], shown["price"], shown["by_channel"]) == (None, None, {})
    assert (shown["texts"]["fr"]["alphabet"], shown["texts"]["ar"]["alphabet"]) == ("gsm7", "ucs2")
    subscribe(9)
    shown = campaigns.preview_campaign(office, replace(DRAFT, id="c"))
    assert (shown["recipients"], shown["by_channel"]) == (10, {"sms": 10})
    assert shown["price"] == 10 * shown["texts"]["fr"]["parts"] * 25


def test_urgent_passes_before_bulk(
    office: Office, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock, mongo_db: Any,
    matter: Callable[..., Matter], give: Callable[..., None],
) -> None:  # fmt: skip
    """Case 25: with hundreds of a campaign due, the closure of tomorrow leaves first."""
    for number in range(60):
        subscribe(number)
    clear(office.desk, sender)
    clock.advance(days=1)
    started(office)
    campaigns.run_campaigns(office)
    give(address="+21698000000")
    closed = matter(start=clock.now() + timedelta(hours=24), by_service=True)
    with mongo_db.client.start_session() as session:
        handlers.plan(office.desk, closed, "cancelled", 2, session)
    clock.advance(seconds=5)
    handlers.deliver_due(office.desk, "sms")
    assert sender.taken[0].address.reveal() == "+21698000000"
    assert len(sender.taken) > 30


def test_the_throttle(office: Office, subscribe: Callable[..., str], clock: FrozenClock, mongo_db: Any) -> None:
    """Sixty a minute: a few seconds are planned ahead, no more, and each second one more is due."""
    for number in range(30):
        subscribe(number)
    campaign = started(office, replace(DRAFT, per_minute=60))
    campaigns.run_campaigns(office)
    campaigns.run_campaigns(office)
    rows = list(mongo_db["messages"].find({"subject": campaign.id}))
    assert 3 <= len(rows) <= 5
    clock.advance(seconds=10)
    campaigns.run_campaigns(office)
    rows = list(mongo_db["messages"].find({"subject": campaign.id}).sort("due_at", 1))
    gaps = {(after["due_at"] - before["due_at"]).total_seconds() for before, after in pairwise(rows)}
    assert min(gaps) >= 1


def test_pause_resume_cancel(
    office: Office, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock, mongo_db: Any
) -> None:
    """A pause holds back what is planned, also when the step is repeated; a cancellation withdraws the rest."""
    for number in range(30):
        subscribe(number)
    clear(office.desk, sender)
    clock.advance(days=1)
    campaign = started(office)
    campaigns.run_campaigns(office)

    def step(name: str, version: int, key: str = "") -> Campaign:
        command = Command(key or name, "b")
        return campaigns.step_campaign(office, MANAGER, "la-marsa", campaign.id, name, version, command)

    paused = step("pause", campaign.version)
    assert step("pause", campaign.version).version == paused.version
    clock.advance(seconds=10)
    campaigns.run_campaigns(office)
    handlers.deliver_due(office.desk, "sms")
    assert sender.taken == []
    with pytest.raises(VersionConflict):
        step("resume", campaign.version)
    resumed = step("resume", paused.version)
    campaigns.run_campaigns(office)
    handlers.deliver_due(office.desk, "sms")
    sent = len(sender.taken)
    assert sent == 30
    running = campaigns.get_campaign(office, MANAGER, "la-marsa", campaign.id)
    assert running.version > resumed.version
    step("cancel", running.version)
    with pytest.raises(WrongState):
        step("resume", running.version + 1, key="again")


def test_it_ends_by_itself_with_a_report(
    office: Office, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock, mongo_db: Any
) -> None:
    """Done when everything has left; its events carry no small count, its report neither."""
    for number in range(12):
        subscribe(number)
    clear(office.desk, sender)
    clock.advance(days=1)
    campaign = started(office)
    for _ in range(3):
        campaigns.run_campaigns(office)
        clock.advance(seconds=2)
        handlers.deliver_due(office.desk, "sms")
    campaigns.run_campaigns(office)
    campaign = campaigns.get_campaign(office, MANAGER, "la-marsa", campaign.id)
    assert campaign.state is CampaignState.DONE
    report = campaigns.report_campaign(office, campaign)
    assert (report["progress"], report["recipients"]) == (1.0, 12)
    assert [(row["state"], row["count"]) for row in report["items"]] == [("sent", 12)]
    kinds = [one["type"].split(".")[-2] for one in mongo_db["campaigns"].find_one()["outbox"]]
    assert kinds == ["scheduled", "started", "finished"]


def test_a_killed_planner_writes_nobody_twice(
    office: Office, subscribe: Callable[..., str], mongo_db: Any, clock: FrozenClock
) -> None:
    """Messages and cursor change together: a round that is lost is done again, a stale one does nothing."""
    for number in range(20):
        subscribe(number)
    stale = started(office)
    campaigns.run_campaigns(office)
    count = mongo_db["messages"].count_documents({"subject": stale.id})
    campaigns._plan_next(office, stale, clock.now())
    assert mongo_db["messages"].count_documents({"subject": stale.id}) == count == 20


def test_a_test_goes_to_one_address_and_counts_nowhere(
    office: Office, sender: FakeSender, give: Callable[..., None], mongo_db: Any
) -> None:
    """At once, without a subscription, once for a repeated command."""
    made = campaigns.create_campaign(office, MANAGER, DRAFT, Command("k", "b"))
    give()
    for _ in range(2):
        campaigns.send_test(office, made, "contact-1", "sms", "fr", "key")
    handlers.deliver_due(office.desk, "sms")
    assert len(sender.taken) == 1
    assert campaigns.report_campaign(office, made)["items"] == []


def test_who_may_and_what_is_repeated(office: Office) -> None:
    """Another town's manager sees nothing; the same key gives the same campaign, another body none."""
    made = campaigns.create_campaign(office, MANAGER, DRAFT, Command("k", "b"))
    assert campaigns.create_campaign(office, MANAGER, DRAFT, Command("k", "b")).id == made.id
    with pytest.raises(KeyReused):
        campaigns.create_campaign(office, MANAGER, DRAFT, Command("k", "other"))
    raoued = {"roles": [{"role": "manager", "municipality": "raoued"}]}
    with pytest.raises(NotAllowed):
        campaigns.get_campaign(office, raoued, "la-marsa", made.id)
    with pytest.raises(UnknownCampaign):
        campaigns.get_campaign(office, raoued, "raoued", made.id)


def test_an_unknown_topic_is_refused(desk: Desk, book: MongoSubscriptions, mongo_db: Any) -> None:
    """Nothing is stored."""
    wish = subscriptions.Wish("la-marsa", "lottery", (), "fr", "sms", "c", "a" * 64)
    with pytest.raises(InvalidInput):
        subscriptions.subscribe(desk, book, wish, new_id, Command("k", "b"))
    assert mongo_db["subscriptions"].count_documents({}) == 0


@pytest.mark.parametrize(
    "words",
    [
        {"subject": "a\r\nBcc: x@y.tn", "body": "b"}, {"subject": "", "body": "b"}, {"subject": "a", "body": ""},
        {"subject": "a", "body": "x" * 100_000}, {"subject": "a", "body": "\x00"}, {"subject": "a", "body": "\ud83d"},
        {"subject": "a"}, {"subject": "a", "body": "b", "html": "c"},
    ],
)  # fmt: skip
def test_hostile_texts_are_refused(words: dict[str, str]) -> None:
    """Header injection, half characters, 100 KB: a field error, nothing stored."""
    with pytest.raises(ValidationError):
        CreateCampaign().load(
            {"actor": MANAGER, "municipality": "la-marsa", "topic": "events", "texts": {"fr": words},
             "idempotency_key": "k"}
        )  # fmt: skip


def test_an_opt_out_holds_for_campaigns(
    office: Office, sender: FakeSender, subscribe: Callable[..., str], clock: FrozenClock, mongo_db: Any
) -> None:
    """Somebody subscribes, opts out by SMS and is subscribed again by a stranger: nothing is sent."""
    subscribe(1)
    handlers.take_inbound(office.desk, Inbound(Secret("+21620000001"), Secret("STOP"), ""))
    subscribe(1)
    handlers.deliver_due(office.desk, "sms")
    sender.taken.clear()
    clock.advance(days=1)
    started(office)
    campaigns.run_campaigns(office)
    handlers.deliver_due(office.desk, "sms")
    assert sender.taken == []
    assert mongo_db["messages"].find_one({"kind": "campaign"})["state"] == str(State.FAILED)
