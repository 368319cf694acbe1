"""What events emits, raises and seeds, against contracts/ and data/."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from imigr_events import errors, handlers, schemas
from imigr_events.domain import Event, EventState, Group, SessionState, State
from imigr_events.handlers import Desk
from imigr_events.ports import Command
from imigr_kit.errors import ImigrError
from imigr_kit.events import CloudEvent

from .conftest import MANAGER, NOW, make_event, manage_hash, wanted
from .test_programmes import session

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = ROOT / "contracts"
EMITTED = {"event.published", "event.cancelled", "registration.confirmed", "registration.waitlisted"} | {
    "registration.cancelled"
}
SCHEMAS = sorted(path.name for path in (CONTRACTS / "events" / "events").glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def validate(name: str, data: Any) -> None:
    """``data`` keeps the contract of that file name."""
    Draft202012Validator(read(CONTRACTS / "events" / "events" / name), format_checker=FormatChecker()).validate(data)


def test_every_event_that_is_written_keeps_its_contract(
    desk: Desk, publish: Callable[..., Event], mongo_db: Any
) -> None:
    """Through the use cases, as it lies in the outbox, with and without a contact."""
    publish(1, location={"lat": 36.88, "lon": 10.33})
    request, command = wanted("a", contact_id="0198a0b0-0000-8000-8000-000000000002", channel="sms")
    handlers.register(desk, request, command)
    handlers.register(desk, *wanted("b"))
    handlers.cancel_registration(desk, "la-marsa", manage_hash("a"), Command("c", "x"))
    handlers.cancel_event(desk, MANAGER, "event-1", 2, Command("off", "x"))
    outbox = mongo_db["events"].find_one()["outbox"]
    assert {CloudEvent.from_dict(one).kind.removeprefix("events.") for one in outbox} == EMITTED
    for one in outbox:
        validate(one["dataschema"].rpartition("/")[2], one["data"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_example_of_a_contract_is_valid(name: str) -> None:
    """For its schema and for our reader."""
    example = read(CONTRACTS / "examples" / "events" / name)
    validate(name, example["data"])
    assert f"{CloudEvent.from_dict(example).kind}.v1.json" == f"events.{name}"


def test_contracts_and_domain_know_the_same_states() -> None:
    """No state is emitted that a reader would refuse."""
    known = {"event": EventState, "session": SessionState, "registration": State}
    for name in (one for one in SCHEMAS if one.partition(".")[0] in known):
        schema = read(CONTRACTS / "events" / "events" / name)
        states = known[name.partition(".")[0]]
        assert set(schema["properties"]["state"]["enum"]) == {str(one) for one in states}, name


def test_what_is_answered_about_an_event_is_what_the_description_says(
    desk: Desk, publish: Callable[..., Event]
) -> None:
    """The gateway passes lists and registrations on as they are, so OpenAPI must know every field."""
    described = yaml.safe_load((CONTRACTS / "openapi.yaml").read_text(encoding="utf-8"))["components"]["schemas"]
    event = make_event(sessions=(session("s1"),), groups=(Group("women", share=40),))
    told = schemas.event_in_full(event, NOW)
    assert set(told) <= set(described["EventOut"]["properties"])
    assert set(told["sessions"][0]) <= set(described["EventSession"]["properties"])
    publish(1)
    registered = handlers.register(desk, *wanted("a"))
    assert set(registered) - {"contact_id"} <= set(described["RegistrationOut"]["properties"])
    assert set(registered["event"]) <= set(described["EventOut"]["properties"])
    page = schemas.events_out([event], 1, 1, 20, NOW)
    assert set(page) - {"version"} == set(described["Events"]["properties"])


@pytest.mark.parametrize("name", [one for one in SCHEMAS if one.startswith("registration.")])
def test_partners_do_not_learn_who_registered(name: str) -> None:
    """The registration, its contact, channel, language and size stay inside."""
    properties = read(CONTRACTS / "events" / "events" / name)["properties"]
    inside = {key for key, one in properties.items() if one["x-audience"] == "internal"}
    about_a_person = {"registration_id", "contact_id", "channel", "message_language", "places", "offer_until"}
    assert inside - {"reason"} == about_a_person


def test_errors_and_their_titles_agree() -> None:
    """Every own code has titles in three languages, every title a code; the others are the kit's."""
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]
    codes = {one.code: one.family for one in classes if issubclass(one, ImigrError)}
    own, kit = read(CONTRACTS / "errors" / "events.json"), read(CONTRACTS / "errors" / "kit.json")
    assert {code: row["family"] for code, row in own.items()} == {
        code: family for code, family in codes.items() if code.startswith("events.")
    }
    assert {code for code in codes if not code.startswith("events.")} <= set(kit)
    assert all(set(row["title"]) == {"en", "fr", "ar"} for row in own.values())


def test_the_seed_has_an_open_day_for_each_town_and_a_training() -> None:
    """In three languages, and marked as demonstration."""
    content = read(ROOT / "data" / "events.json")
    rows = content["events"]
    towns = {one["slug"] for one in read(ROOT / "data" / "municipalities.json")["municipalities"]}
    assert "Demonstration" in content["note"]
    assert {row["municipality"] for row in rows if row["slug"] == "open-day"} == towns
    assert "training" in {row["slug"] for row in rows}
    assert all({"fr", "ar", "en"} <= set(row[name]) for row in rows for name in ("title", "summary", "place"))
