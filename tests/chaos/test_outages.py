"""Broker blocked, absent or frozen, database frozen, a worker that rises from the dead."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from imigr_demo.http import Answer, Site
from pymongo.errors import AutoReconnect

from imigr_kit.testing import wait_until
from tests import sites
from tests.chaos import canaries, crowds
from tests.chaos.rush import Rush

LIMIT_SECONDS = 4.0
CANARIES: list[str] = []
"""Every phone number that was given; each is given once."""
READ = "/api/v1/services?q=pharmacie&per_page=5"


@pytest.fixture(scope="module")
def platform(start_platform: Callable[..., Any]) -> Any:
    """A platform of its own."""
    return start_platform("outages")


def alarm_on(platform: Any) -> None:
    """A disk alarm: the broker stops reading from those who publish."""
    sites.broker_command(platform, "set_disk_free_limit", "8000GB")


def alarm_off(platform: Any) -> None:
    """The disk has room again."""
    sites.broker_command(platform, "set_disk_free_limit", "50MB")


OUTAGES: list[tuple[str, Callable[[Any], None], Callable[[Any], None], str]] = [
    ("broker blocked", alarm_on, alarm_off, "broker"),
    ("broker absent", lambda p: p.kill_and_hold("rabbitmq"), lambda p: p.start("rabbitmq"), "broker"),
    ("broker frozen", lambda p: p.freeze("rabbitmq"), lambda p: p.thaw("rabbitmq"), "broker"),
    ("database frozen", lambda p: p.freeze("mongod"), lambda p: p.thaw("mongod"), ""),
]


@contextmanager
def outage(platform: Any, begin: Callable[[Any], None], end: Callable[[Any], None]) -> Iterator[None]:
    """Ends the outage whatever happens in the block."""
    begin(platform)
    try:
        yield
    finally:
        end(platform)


def timed(call: Callable[[], Answer]) -> tuple[Answer, float]:
    """An answer and the seconds it took."""
    started = time.monotonic()
    return call(), time.monotonic() - started


def booking(platform: Any, guichet: str, start: str, key: str) -> Answer:
    """A booking with a canary phone of its own."""
    phone = f"+216299{len(CANARIES):05d}"
    CANARIES.append(phone)
    body = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr", "phone": phone}
    return sites.site(platform).post("/api/v1/appointments", body, Idempotency_Key=key)


def stored(platform: Any, key: str) -> int:
    """How many appointments are stored under the command's key."""
    claim = f"key:{sites.stored_key(platform, 'guichet', key)}"
    with sites.database(platform) as client:
        return client["imigr_guichet"]["appointments"].count_documents({"claims": claim})


@pytest.mark.parametrize(("name", "begin", "end", "part"), OUTAGES, ids=[row[0] for row in OUTAGES])
def test_an_outage_is_answered_in_time_and_heals_by_itself(
    platform: Any, name: str, begin: Callable[[Any], None], end: Callable[[Any], None], part: str
) -> None:
    """Cached reads go on and say their age, writes answer 503 within 4 s and change nothing, health names the part;
    afterwards everything works again without a restart and nothing is lost."""
    site = sites.site(platform)
    guichet = sites.guichet_id(platform, "la-marsa")
    free = sites.slots(platform, "la-marsa", "fr")
    with ThreadPoolExecutor(8) as pool:  # many at once, since each gateway process has a cache of its own
        assert {answer.status for answer in pool.map(lambda _: site.get(READ), range(96))} == {200}
    assert booking(platform, guichet, free[0], str(uuid.uuid4())).status in (201, 409)
    restarts = {one: state.restarts for one, state in platform.state.processes.items()}
    keys = [str(uuid.uuid4()) for _ in range(6)]
    with outage(platform, begin, end):
        refusals = [timed(partial(booking, platform, guichet, free[2], key)) for key in keys]
        reads = [timed(lambda: site.get(READ)) for _ in range(4)]
        health, took = timed(lambda: site.get("/health/ready"))
        assert [answer.status for answer, _ in refusals] == [503] * len(keys), name
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer, _ in refusals)
        assert [answer.status for answer, _ in reads] == [200] * len(reads)
        assert all("Age" in answer.headers for answer, _ in reads)
        assert max(seconds for _, seconds in [*refusals, *reads]) < LIMIT_SECONDS
        assert took < LIMIT_SECONDS
        if part:
            assert health.status == 503
            assert part in [one for one, state in health.body["parts"].items() if state["status"] != "ok"]
    again = str(uuid.uuid4())
    wait_until(lambda: booking(platform, guichet, free[3], again).status == 201, 60, f"bookings after: {name}")
    assert stored(platform, again) == 1
    assert [stored(platform, key) for key in keys] == [0] * len(keys), "a refused write took place after all"
    wait_until(lambda: sites.unsent(platform) == 0, 60, "the outbox drains")
    now = {one: state.restarts for one, state in platform.state.processes.items()}
    allowed = {"rabbitmq"} if name == "broker absent" else set()
    assert {one for one in now if now[one] != restarts.get(one, 0)} <= allowed


def test_database_frozen_is_named_by_the_services_own_health(platform: Any) -> None:
    """The guichet says degraded and names the database."""
    port = platform.port("guichet")
    with outage(platform, lambda p: p.freeze("mongod"), lambda p: p.thaw("mongod")):
        answer = Site(f"http://127.0.0.1:{port}").get("/health/ready")
        assert answer.status == 503
        assert answer.body["parts"]["database"]["status"] == "degraded"
    wait_until(lambda: Site(f"http://127.0.0.1:{port}").get("/health/ready").status == 200, 30, "health returns")


def test_a_worker_that_rises_from_the_dead_doubles_nothing(platform: Any) -> None:
    """notifications is frozen until the broker has given it up, then goes on with messages that were delivered
    again: one confirmation per booking all the same."""
    guichet = sites.guichet_id(platform, "raoued")
    free = sites.slots(platform, "raoued", "fr")
    made = []
    platform.freeze("notifications")
    try:
        for start in free[:12]:
            answer = booking(platform, guichet, start, str(uuid.uuid4()))
            assert answer.status == 201
            made.append(answer.body["id"])
        wait_until(lambda: _consumers(platform, "notifications.on_appointment") == 0, 60, "the broker gives it up")
    finally:
        platform.thaw("notifications")
    with sites.database(platform) as client:
        messages = client["imigr_notifications"]["messages"]
        query = {"subject": {"$in": made}, "kind": "confirmation"}
        wait_until(lambda: messages.count_documents(query | {"state": "sent"}) == len(made), 60, "all confirmations")
        assert messages.count_documents(query) == len(made)
    wait_until(lambda: not sites.waiting(platform, ".retry."), 30, "empty retry queues")
    assert sites.waiting(platform, ".parking") == {}


def _consumers(platform: Any, queue: str) -> int:
    return next(int(one.get("consumers", 0)) for one in sites.queues(platform) if one["name"] == queue)


def test_sixty_people_for_thirty_six_places_of_mixed_length(platform: Any) -> None:
    """Guichet 17 over HTTP: no overlap at any desk, no 5xx, and no place stays free that a refused person asked for;
    who is refused is told other starts."""
    with crowds.three_desks(platform, "la-marsa") as guichet:
        wait_until(lambda: bool(_starts_of_three(platform, guichet)), 15, "the plan with three desks")
        last = _starts_of_three(platform, guichet)
        answers = crowds.all_at_once(sites.site(platform), guichet, crowds.sixty_for_thirty_six(last, 17))
        assert {answer.status for _, answer in answers} == {201, 409}
        assert all(answer.body["params"]["next_slots"] for _, answer in answers if answer.status == 409)
        desks = crowds.taken_by_desk(platform, guichet, last[0][:10])
    assert sum(answer.status == 201 for _, answer in answers) == sum(len(one) for one in desks.values())
    refused = [wish for wish, answer in answers if answer.status == 409]
    assert not [wish for wish in refused for taken in desks.values() if wish.is_free_at(taken)]


def _starts_of_three(platform: Any, guichet: str) -> list[str]:
    """Starts of a day near the horizon, which no other test books, when all three desks are seen there."""
    answer = sites.patient(platform, f"/api/v1/guichets/{guichet}/slots?topic=information&days=60&limit=1000")
    slots = answer.body["days"][-2]["slots"]
    return [one["start"] for one in slots] if {one["places"] for one in slots} == {3} else []


def test_the_database_steps_down_in_the_middle_of_two_hundred_bookings(platform: Any) -> None:
    """Guichet 21: who has a 201 has that appointment, each command is stored once at most, and nobody waits for an
    answer for ever."""
    rush = Rush()
    guichet = sites.guichet_id(platform, "la-marsa")
    starts = [(guichet, start) for start in sites.slots(platform, "la-marsa", "fr")]
    clients = threading.Thread(target=rush.run, args=(sites.site(platform), starts, "", 200, 0))
    clients.start()
    wait_until(lambda: rush.statuses.get(201, 0) >= 10, 30, "the first bookings")
    with sites.database(platform) as client:
        with suppress(AutoReconnect):
            client.admin.command("replSetStepDown", 2, force=True)
        clients.join(120)
        assert not clients.is_alive()
        CANARIES.extend(rush.phones)
        assert rush.problems == []
        assert len(rush.bookings) + rush.refused == 200
        rows = {row["_id"]: row for row in client["imigr_guichet"]["appointments"].find({"guichet_id": guichet})}
        told = [(one["id"], one["start"], one["state"]) for one in rush.bookings]
        kept = [(one, rows[one]["start"].isoformat().replace("+00:00", "Z"), rows[one]["state"]) for one, _, _ in told]
        assert told == kept
        assert len({one for one, _, _ in told}) == len(told)
    wait_until(lambda: sites.unsent(platform) == 0, 60, "the outbox drains")


def test_no_canary_after_all_the_outages(platform: Any) -> None:
    """The phones given with all the commands, those refused and those retried too, are in no sink."""
    assert len(CANARIES) > 40
    canaries.plant_control(platform)
    assert canaries.files_with(platform.instance.folder, [canaries.CONTROL.encode()])
    assert canaries.sinks(platform, [], canaries.needles(CANARIES, [])) == {}
