"""The private RabbitMQ node: apart from any other, blockable, and gone without a trace."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from kombu.connection import Connection

from imigr_local import leftovers
from imigr_local.options import Options
from imigr_local.platform import Platform
from imigr_local.readiness import accepts
from tests import listeners


@pytest.fixture(scope="module")
def platform(mongo_admin_uri: str) -> Iterator[Platform]:
    given = {"IMIGR_MONGO_URI": mongo_admin_uri}
    options = Options(only_servers=True, any_ports=True, owner=os.getpid(), given=given)
    one = Platform(f"broker-{os.getpid()}", options, say=lambda line: None)
    one.up()
    yield one
    one.forget()


def test_the_node_lives_in_its_own_folder_and_under_its_own_name(platform: Platform) -> None:
    """A system broker on the same machine is neither used nor disturbed."""
    told = platform.rabbitmqctl("eval", "{node(), rabbit_mnesia:dir()}.")
    assert f"imigr-{platform.instance.name}@localhost" in told
    assert str(platform.instance.folder) in told


def test_a_disk_alarm_blocks_publishers_and_ends(platform: Platform) -> None:
    """Tests can bring the broker into the state that a full disk would."""
    uri = platform.admin_environment()["IMIGR_TEST_AMQP_URI"]
    notices: list[str] = []
    watch = {"on_blocked": lambda reason: notices.append("blocked"), "on_unblocked": lambda: notices.append("free")}
    with Connection(uri, transport_options=watch) as connection:
        channel = connection.default_channel
        channel.queue_declare("trial", durable=False)
        platform.rabbitmqctl("set_disk_free_limit", "1000000GB")
        channel.basic_publish(channel.prepare_message(b"x"), "", "trial")
        connection.drain_events(timeout=10)
        platform.rabbitmqctl("set_disk_free_limit", "50MB")
        connection.drain_events(timeout=10)
    assert notices == ["blocked", "free"]


def test_the_broker_listens_on_this_machine_only(platform: Platform) -> None:
    """AMQP, management, name server, and the distribution, through which whoever has the cookie commands the node."""
    found = listeners.addresses(leftovers.find(platform.instance.folder))
    told = {int(address.rpartition(":")[2]) for each in found.values() for address in each}
    ports = ("amqp", "broker_management", "broker_distribution", "epmd")
    assert {platform.port(name) for name in ports} <= told
    assert listeners.foreign(found) == {}


def test_its_command_line_listens_on_this_machine_only(platform: Platform) -> None:
    """`rabbitmqctl` is an Erlang node as well, and opens a port of its own while it runs."""
    asked = "[rpc:call(Node, application, get_env, [kernel, inet_dist_use_interface]) || Node <- nodes(hidden)]."
    assert platform.rabbitmqctl("eval", asked).strip() == "[{ok,{127,0,0,1}}]"


def test_nothing_is_left_after_the_end_not_even_the_name_server(platform: Platform) -> None:
    """Erlang's epmd usually outlives the broker that started it."""
    epmd = accepts("127.0.0.1", platform.port("epmd"))
    assert epmd()
    platform.down()
    assert not epmd()
    assert leftovers.find(platform.instance.folder) == []
