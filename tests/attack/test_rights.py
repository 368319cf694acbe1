"""Every user of the broker against every exchange and every queue: nobody reaches more than stands here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from amqp.exceptions import AccessRefused, AMQPError

from imigr_kit.testing import wait_until
from tests import sites
from tests.attack.intruder import Intruder, intruder

SERVICES = ("directory", "events", "guichet", "notifications", "accounts", "guichet_raoued")
WRITES = {
    **{name: {f"{name}.redelivery", "imigr.events", "imigr.probe", "nameko-rpc"} for name in SERVICES},
    "gateway": {"imigr.intake", "imigr.probe", "nameko-rpc"},
    "streams": {"imigr.probe", "nameko-rpc"},
}
READS = {
    **{name: {f"{name}.redelivery", "imigr.events", "nameko-rpc"} for name in SERVICES},
    "gateway": {"imigr.events", "nameko-rpc"},
    "streams": {"imigr.events", "nameko-rpc"},
}
READS["notifications"].add("imigr.intake")
ACCEPTED_KEYS = {"nameko-rpc": "00000000-0000-4000-8000-000000000000", "imigr.events": "la-marsa.{part}.a.b.v1"}
"""Under which a topic exchange takes something of a part; the gateway and the streams call, towns have their own."""


def key_for(part: str, exchange: str) -> str:
    """A routing key that the part may use there."""
    if exchange == "nameko-rpc" and part in {"gateway", "streams"}:
        return "nobody.get_board"
    if part == "guichet_raoued" and exchange == "imigr.events":
        return "raoued.guichet.a.b.v1"
    return ACCEPTED_KEYS.get(exchange, "x").format(part=part)


def is_refused(thief: Intruder, verb: str, *arguments: Any, **options: Any) -> bool:
    """Whether the broker says 403; any other answer is one about a thing that was reached."""
    try:
        thief.attempt(verb, *arguments, **options)
    except AccessRefused:
        return True
    except AMQPError:
        return False
    return False


def is_own(part: str, queue: str) -> bool:
    """Whether the queue carries the part's name."""
    return queue == f"rpc-{part}" or queue.startswith((f"{part}.", f"rpc.reply-{part}-"))


@pytest.mark.parametrize("part", WRITES)
def test_a_part_writes_to_its_own_exchanges_only(platform: Any, stolen: Callable[[str], str], part: str) -> None:
    """The default exchange and those of RabbitMQ itself are among those that are tried."""
    exchanges = [one["name"] for one in sites.manage(platform, "exchanges/imigr")]
    assert {"", "imigr.unrouted", "amq.topic"} <= {*exchanges}
    reached = set()
    with intruder(stolen(part)) as thief:
        for exchange in exchanges:
            try:
                thief.publish(exchange, key_for(part, exchange), {})
                reached.add(exchange)
            except AccessRefused:
                continue
    assert reached == WRITES[part]


@pytest.mark.parametrize("part", WRITES)
def test_a_part_listens_to_the_exchanges_it_needs(platform: Any, stolen: Callable[[str], str], part: str) -> None:
    """Binding a queue of one's own is how one would overhear others."""
    exchanges = [one["name"] for one in sites.manage(platform, "exchanges/imigr") if one["name"]]
    queue = f"{part}.overhears"
    with intruder(stolen(part)) as thief:
        thief.attempt("queue_declare", queue, durable=False, auto_delete=False, exclusive=True)
        key = "00000000-0000-4000-8000-000000000000" if part in {"gateway", "streams"} else f"{part}.spy"
        heard = {one for one in exchanges if not is_refused(thief, "queue_bind", queue, one, key)}
        spied = ("rpc-accounts", "accounts.create_staff") if part != "accounts" else ("x", "guichet.agenda")
        assert is_refused(thief, "queue_bind", queue, "nameko-rpc", spied[1]), "calls to others are not overheard"
    assert heard == READS[part]


@pytest.mark.parametrize("part", WRITES)
def test_a_part_touches_queues_of_its_own_name_only(platform: Any, stolen: Callable[[str], str], part: str) -> None:
    """Neither reading, emptying, deleting, nor binding something to it."""
    queues = [one["name"] for one in sites.queues(platform)]
    assert {"rpc-accounts", "notifications.contact_intake", "imigr.unrouted"} <= {*queues}
    with intruder(stolen(part)) as thief:
        for queue in queues:
            if is_own(part, queue):
                continue
            for verb, arguments in (
                ("basic_get", (queue,)),
                ("queue_purge", (queue,)),
                ("queue_delete", (queue,)),
                ("queue_bind", (queue, "imigr.events", "#")),
                ("queue_unbind", (queue, "imigr.events", "#")),
            ):
                assert is_refused(thief, verb, *arguments), f"{part} reaches {queue} by {verb}"


def test_nobody_may_publish_in_another_s_name(platform: Any) -> None:
    """The tag that would allow it stands with no user, and no link from elsewhere is trusted for its users' names."""
    assert [user["name"] for user in sites.manage(platform, "users") if "impersonator" in str(user["tags"])] == []
    assert "trust-user-id" not in str(sites.manage(platform, "parameters"))


def test_every_user_of_the_broker_is_in_the_walk(platform: Any) -> None:
    """A user that is added is held to a line above; the demo's follower, who may do less, in test_audiences."""
    ours = {one["name"] for one in sites.manage(platform, "users")}
    assert ours - {"admin", "guest", "demo-follower"} == {*WRITES}


def test_the_walk_left_everything_working(platform: Any) -> None:
    """What was tried has taken nothing away."""
    wait_until(lambda: sites.site(platform).get("/health/ready").status == 200, 20, "all is well")
