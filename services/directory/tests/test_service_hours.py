"""Hours of a service in the running directory: set, paused, read, and what a reader is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.errors import InvalidHours
from imigr_directory.handlers.hours import template_rows
from imigr_directory.storage import MongoDirectory
from imigr_kit.errors import Conflict, Forbidden, Invalid, NotFound
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import FrozenClock

MANAGER = {"id": "m", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
ALWAYS = [{"rules": [{"rrule": "FREQ=DAILY", "spans": [["00:00", "24:00"]]}], "holidays": "usual"}]
FOLLOWS = [{"rules": ALWAYS[0]["rules"]}]
TOWN = "la-marsa"


@pytest.fixture
def call(
    amqp_uri: str, mongo_uri: str, mongo_db: Any, service_process: Callable[..., Any], rpc_client: RpcClient
) -> Callable[..., Any]:
    """Calls methods of a running directory with a town, a theme and a service without hours."""
    place = {"lat": 36.88, "lon": 10.33}
    town = Municipality(TOWN, {"fr": "La Marsa"}, {"fr": "Tunis"}, place, 4.0, "Africa/Tunis", ("fr", "ar", "en"))
    entry = Service(id="service-1", municipality=TOWN, name={"fr": "Permanence"}, taxonomy=("legal",))
    MongoDirectory(mongo_db, Stamp("directory", "test", FrozenClock(), new_id)).seed(
        [town], [Term("legal", None, {"fr": "Droit"})], [entry]
    )
    env = {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_DIRECTORY_KEY": base64.b64encode(bytes(32)).decode(),
    }
    service_process("imigr_directory", env=env)
    return lambda method, **payload: rpc_client.call("directory", method, payload)


def test_hours_in_the_running_directory(call: Callable[..., Any]) -> None:
    """Set on the version read, once for a repeated command; paused and resumed in one call; the town's calendar closes
    what follows it; a reader is told at once; bad input changes nothing."""
    of = {"actor": MANAGER, "service_id": "service-1"}
    assert call("get_service", service_id="service-1")["open_now"] is None
    for _ in range(2):
        made = call("set_service_hours", **of, version=1, schedules=ALWAYS, idempotency_key="k1")
        assert (made["version"], made["open_now"], made["opens_next"]) == (2, True, None)
    assert call("search_services", q="permanence")["items"][0]["open_now"] is True
    (written,) = call("write_services", q="permanence", languages=["ar", "fr"])["items"]
    assert (json.loads(written)["open_now"], json.loads(written)["name"]) == (True, "Permanence")
    with pytest.raises(Conflict):
        call("set_service_hours", **of, version=1, schedules=FOLLOWS, idempotency_key="k2")
    bad = [{"rules": [{"rrule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "spans": [["08:00", "07:00"]]}]}]
    with pytest.raises(Invalid) as caught:
        call("set_service_hours", **of, version=2, schedules=bad, idempotency_key="k3")
    assert [one.path for one in caught.value.fields] == ["schedules.0.rules.0.rrule"]
    foreign = of | {"actor": MANAGER | {"roles": [{"municipality": "raoued", "role": "manager"}]}}
    with pytest.raises(Forbidden):
        call("pause_service", **foreign, idempotency_key="k4")
    with pytest.raises(NotFound):
        call("pause_service", actor=MANAGER, service_id="nothing", idempotency_key="k4")
    paused = call("pause_service", **of, reason="works", idempotency_key="k5")
    assert paused["why_closed"]["code"] == "paused"
    assert paused["why_closed"]["description"]["fr"] == "Fermé temporairement : travaux"
    assert call("resume_service", **of, idempotency_key="k6")["open_now"] is True
    call("set_service_hours", **of, version=4, schedules=FOLLOWS, idempotency_key="k7")
    today = datetime.now(ZoneInfo("Africa/Tunis")).date().isoformat()
    town = {"actor": MANAGER, "municipality": TOWN}
    calendar = call("close_town", **town, first=today, reason="strike", idempotency_key="c1")
    told = call("get_service", service_id="service-1")
    assert (told["open_now"], told["why_closed"]["code"]) == (False, "town_closed")
    call("reopen_town", **town, id=calendar["closures"][0]["id"], idempotency_key="c2")
    assert call("get_calendar", municipality=TOWN)["version"] == 2
    assert call("get_calendar_for_staff", **town)["closures"] == []


def test_templates_and_texts_of_hours() -> None:
    """A template is applied by name and says that it is to be confirmed."""
    rows = template_rows("tunisian_administration")
    assert rows[0]["to_confirm"] is True
    with pytest.raises(InvalidHours):
        template_rows("other")
