"""Command line for parked messages: list, show, replay, drop. Run as ``python -m imigr_kit.parking``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import click
from kombu.connection import Connection

from imigr_kit.broker import ConfirmedPublisher, Outgoing
from imigr_kit.consumer import ATTEMPT, DETAIL, GAPS, PARKED_AT, REASON
from imigr_kit.inbound import body_bytes
from imigr_kit.secret import Secret
from imigr_kit.senders import ROUTING_KEY, SENDER, Origin, headers_of, origin_of, user_of
from imigr_kit.topology import parking_queue, redelivery_exchange, refused_calls

MOVE_SECONDS = 5.0
GIVE_BACK_PAUSE = 0.01
NOTES = frozenset({ATTEMPT, GAPS, REASON, DETAIL, PARKED_AT})
"""Headers of earlier tries, which a replay begins without."""


class NotReplayable(Exception):
    """Nothing is kept that could be sent again."""


class Parking:
    """The parked messages of one handler's queue, oldest first.

    Use the address of the service itself: only a copy from that user is believed.
    """

    def __init__(self, uri: Secret[str], queue: str) -> None:
        self._uri = uri
        self._queue = queue
        self._rpc_name = queue.partition(".")[0]
        self._redelivery = redelivery_exchange(self._rpc_name)

    def messages(self) -> list[Any]:
        """All parked messages; they stay parked."""
        with Connection(self._uri.reveal(), connect_timeout=5) as connection:
            channel = connection.default_channel
            found = list(self._fetch(channel))
            self._give_back(channel, len(found))
            return found

    def replay(self, message_id: str | None = None) -> int:
        """Send parked messages (one, or all) back to their handler with a fresh count; how many went.

        A message leaves the parking only after the broker has confirmed its copy in the handler's queue. Raises
        NotReplayable for calls that were refused: of these only a note is kept.
        """
        if self._queue == refused_calls(self._rpc_name):
            raise NotReplayable("a refused call cannot be replayed: its sender was told, and may repeat it")
        publisher = ConfirmedPublisher(self._uri, "parking")
        try:
            return self._each(
                message_id, lambda message: publisher.publish([self._copy(message)], seconds=MOVE_SECONDS)
            )
        finally:
            publisher.stop()

    def drop(self, message_id: str | None = None) -> int:
        """Delete parked messages for good; how many."""
        return self._each(message_id, lambda message: None)

    def _each(self, message_id: str | None, act: Any) -> int:
        done = 0
        with Connection(self._uri.reveal(), connect_timeout=5) as connection:
            channel = connection.default_channel
            seen = 0
            for message in self._fetch(channel):
                seen += 1
                if message_id is None or identity(message) == message_id:
                    act(message)
                    channel.basic_ack(message.delivery_tag)
                    done += 1
            self._give_back(channel, seen - done)
        return done

    def _fetch(self, channel: Any) -> Iterator[Any]:
        """Every message that was parked when the walk began; what is not acknowledged returns at the latest with the
        end of the connection."""
        channel.auto_decode = False
        queue = parking_queue(self._queue)
        waiting = channel.queue_declare(queue, passive=True).message_count
        for _ in range(waiting):
            message = channel.basic_get(queue)
            if message is None:
                return
            yield message

    def _give_back(self, channel: Any, count: int) -> None:
        """Return what was read and not acknowledged, and wait until it is there again for the next reader: the
        broker returns it in its own time, and a second look meanwhile would find the parking empty."""
        if not count:
            return
        channel.basic_recover(requeue=True)
        deadline = time.monotonic() + MOVE_SECONDS
        queue = parking_queue(self._queue)
        while channel.queue_declare(queue, passive=True).message_count < count and time.monotonic() < deadline:
            time.sleep(GIVE_BACK_PAUSE)

    def _copy(self, message: Any) -> Outgoing:
        """Under the service's own name, with the origin beside it: what was refused is checked once more."""
        kept = {key: value for key, value in headers_of(message).items() if key not in NOTES}
        headers = kept | self._origin(message).headers()
        return Outgoing(
            self._redelivery,
            self._queue,
            body_bytes(message),
            content_type=message.properties.get("content_type") or "application/octet-stream",
            headers=headers,
            message_id=message.properties.get("message_id"),
        )

    def _origin(self, message: Any) -> Origin:
        """Of a message that the broker itself has parked (it was delivered too often), by the broker's own note."""
        origin = origin_of(message, user_of(self._uri), self._redelivery)
        deaths = [one for one in headers_of(message).get("x-death", ()) if one.get("queue") == self._queue]
        if origin.exchange != self._redelivery or not deaths:
            return origin
        return Origin(origin.user, str(deaths[0]["exchange"]), str(deaths[0]["routing-keys"][0]))


def identity(message: Any) -> str:
    """The event id if the message carries one, else its place in the parking."""
    return str(message.properties.get("message_id") or f"#{message.delivery_tag}")


def summary(message: Any) -> dict[str, Any]:
    """What the list shows of a parked message; no body."""
    headers = headers_of(message)
    return {
        "id": identity(message),
        "reason": headers.get(REASON),
        "detail": headers.get(DETAIL),
        "routing_key": headers.get(ROUTING_KEY),
        "sender": headers.get(SENDER),
        "parked_at": headers.get(PARKED_AT),
        "attempts": headers.get(ATTEMPT, 0),
    }


@click.group(help=__doc__)
@click.option("--amqp-uri", envvar="IMIGR_AMQP_URI", required=True, help="Broker address (or IMIGR_AMQP_URI).")
@click.pass_context
def cli(context: click.Context, amqp_uri: str) -> None:
    """Root of the commands."""
    context.obj = Secret(amqp_uri)


@cli.command("list")
@click.argument("queue")
@click.pass_obj
def list_parked(uri: Secret[str], queue: str) -> None:
    """One line per message parked for QUEUE (such as notifications.on_appointment)."""
    messages = Parking(uri, queue).messages()
    for message in messages:
        click.echo(json.dumps(summary(message), ensure_ascii=False))
    click.echo(f"{len(messages)} parked", err=True)


@cli.command()
@click.argument("queue")
@click.argument("message_id")
@click.pass_obj
def show(uri: Secret[str], queue: str, message_id: str) -> None:
    """Headers and body of one parked message."""
    for message in Parking(uri, queue).messages():
        if identity(message) == message_id:
            click.echo(json.dumps(summary(message), ensure_ascii=False, indent=2))
            click.echo(body_bytes(message).decode("utf-8", "backslashreplace"))
            return
    raise click.ClickException(f"no parked message {message_id} for {queue}")


@cli.command()
@click.argument("queue")
@click.option("--id", "message_id", help="Only this message.")
@click.pass_obj
def replay(uri: Secret[str], queue: str, message_id: str | None) -> None:
    """Send parked messages back to their handler."""
    try:
        done = Parking(uri, queue).replay(message_id)
    except NotReplayable as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{done} replayed")


@cli.command()
@click.argument("queue")
@click.option("--id", "message_id", help="Only this message.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def drop(uri: Secret[str], queue: str, message_id: str | None, yes: bool) -> None:
    """Delete parked messages for good."""
    if not yes:
        click.confirm(f"Delete parked messages of {queue} for good?", abort=True)
    click.echo(f"{Parking(uri, queue).drop(message_id)} dropped")


if __name__ == "__main__":
    cli(prog_name="python -m imigr_kit.parking")
