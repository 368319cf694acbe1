"""What notifications emits and hears, against the contracts."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from imigr_kit.clock import SystemClock
from imigr_kit.errors import ImigrError
from imigr_kit.events import CloudEvent, Stamp
from imigr_kit.facts import Fact
from imigr_kit.ids import new_id
from imigr_notifications import domain, errors, schemas
from imigr_notifications.domain import Rules
from imigr_notifications.domain.campaigns import Campaign, CampaignState, Words
from imigr_notifications.service import NotificationsService

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"
EMITTED = (
    *(f"message.{verb}" for verb in ("planned", "sent", "failed", "cancelled", "answered")),
    *(f"campaign.{verb}" for verb in ("scheduled", "started", "paused", "resumed", "cancelled", "finished")),
)
HEARD = (("guichet", "appointment"), ("guichet", "waiting"), ("events", "registration"))
HEARD_EXAMPLES = sorted(
    path for service, entity in HEARD for path in (CONTRACTS / "examples" / service).glob(f"{entity}.*.json")
)


def schema(service: str, name: str) -> Draft202012Validator:
    return Draft202012Validator(load(CONTRACTS / "events" / service / f"{name}.v1.json"))


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def example(service: str, name: str) -> CloudEvent:
    return CloudEvent.from_dict(load(CONTRACTS / "examples" / service / f"{name}.v1.json"))


def facts() -> list[Fact]:
    """One fact of each kind that a message can tell."""
    event = example("guichet", "appointment.booked")
    matter = schemas.matter_of(event)
    assert matter is not None
    moment = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    message, reminder = domain.plan(matter, "booked", 1, [], Rules(), moment).add
    planned, told = message.planned()
    return [
        *told,
        *planned.sent(["p"], moment)[1],
        *planned.ambiguous()[1],
        *planned.failed("expired")[1],
        *planned.withdrawn("superseded")[1],
        *reminder.answered("confirm")[1],
        *campaign_facts(moment),
    ]


def campaign_facts(moment: datetime) -> list[Fact]:
    """One fact of each kind that a campaign can tell."""
    texts = {"fr": Words("Titre", "Texte")}
    draft = Campaign("c", "la-marsa", "events", (), (), texts, CampaignState.DRAFT, 60, None, 0)
    scheduled, told = draft.scheduled(moment, 12)
    started, more = scheduled.started()
    paused, third = started.paused()
    return [*told, *more, *third, *paused.resumed()[1], *started.cancelled()[1], *started.done()[1]]


def test_every_fact_keeps_its_contract() -> None:
    """All kinds, envelope included."""
    stamped = Stamp("notifications", "test", SystemClock(), new_id)(facts())
    assert {fact.kind for fact in facts()} == set(EMITTED)
    for fact, event in zip(facts(), stamped, strict=True):
        schema("notifications", fact.kind).validate(event["data"])
        CloudEvent.from_dict(event)


@pytest.mark.parametrize("name", [*EMITTED])
def test_own_examples_keep_their_contract(name: str) -> None:
    """The examples are what we say we emit."""
    schema("notifications", name).validate(dict(example("notifications", name).data))


def test_the_contact_example_keeps_its_contract_and_is_understood() -> None:
    """What the gateway gives."""
    data = dict(example("gateway", "contact.given").data)
    schema("gateway", "contact.given").validate(data)
    assert schemas.Given().load(data)["contact_id"] == data["contact_id"]


@pytest.mark.parametrize("path", HEARD_EXAMPLES, ids=lambda path: path.stem)
def test_every_example_we_hear_is_understood(path: Path) -> None:
    """The consumer's side of the contracts of guichet and events."""
    event = CloudEvent.from_dict(load(path))
    matter = schemas.matter_of(event)
    if matter is not None:
        meant = domain.meaning(matter, event.kind.rpartition(".")[2], None)
        assert meant.stands is not None or meant.notice is None


def test_errors_and_their_titles_agree() -> None:
    """Every code has titles in three languages, and every title a code."""
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]
    written = load(CONTRACTS / "errors" / "notifications.json")
    own = [one for one in classes if issubclass(one, ImigrError) and not one.code.startswith("kit.")]
    assert {one.code: one.family for one in own} == {code: row["family"] for code, row in written.items()}
    assert all(set(row["title"]) == {"en", "fr", "ar"} for row in written.values())


def test_handler_names_are_frozen() -> None:
    """They are parts of queue names: a rename leaves a queue behind that nobody reads."""
    assert {"on_appointment", "on_registration", "on_contact"} <= set(vars(NotificationsService))


def test_a_contact_that_is_not_wanted_is_no_matter() -> None:
    """Without a contact there is nothing to send."""
    event = load(CONTRACTS / "examples" / "guichet" / "appointment.booked.v1.json")
    event["data"] |= {"contact_id": None, "channel": None}
    assert schemas.matter_of(CloudEvent.from_dict(event)) is None


@pytest.mark.parametrize("path", HEARD_EXAMPLES, ids=lambda path: path.stem)
def test_an_event_without_a_contact_does_not_concern_us(path: Path) -> None:
    """It is heard in one write; one with a contact, a broken one or one without a place in the order in full."""
    event = load(path)
    assert schemas.concerns(CloudEvent.from_dict(event))
    event["data"] |= {"contact_id": None, "channel": None}
    assert not schemas.concerns(CloudEvent.from_dict(event))
    assert schemas.concerns(CloudEvent.from_dict({key: event[key] for key in event if key != "sequence"}))
    del event["data"]["contact_id"]
    assert schemas.concerns(CloudEvent.from_dict(event))
