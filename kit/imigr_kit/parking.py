"""Command line for parked messages: list, show, replay, drop. Run as ``python -m imigr_kit.parking``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import click
from kombu.connection import Connection

from imigr_kit.broker import ConfirmedPublisher, Outgoing
from imigr_kit.consumer import ATTEMPT, DETAIL, GAPS, PARKED_AT, REASON, ROUTING_KEY
from imigr_kit.inbound import body_bytes
from imigr_kit.secret import Secret
from imigr_kit.topology import parking_queue

MOVE_SECONDS = 5.0
GIVE_BACK_PAUSE = 0.01


class Parking:
    """The parked messages of one handler's queue, oldest first."""

    def __init__(self, uri: Secret[str], queue: str) -> None:
        self._uri = uri
        self._queue = queue

    def messages(self) -> list[Any]:
        """All parked messages; they stay parked."""
        with Connection(self._uri.reveal(), connect_timeout=5) as connection:
            channel = connection.default_channel
            found = list(self._fetch(channel))
            self._give_back(channel, len(found))
            return found

    def replay(self, message_id: str | None = None) -> int:
        """Send parked messages (one, or all) back to their handler with a fresh count; how many went.

        A message leaves the parking only after the broker has confirmed its copy in the handler's queue.
        """
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
        headers = {
            key: value
            for key, value in (message.properties.get("application_headers") or {}).items()
            if key not in {ATTEMPT, GAPS, REASON, DETAIL, PARKED_AT}
        }
        return Outgoing(
            "",
            self._queue,
            body_bytes(message),
            content_type=message.properties.get("content_type") or "application/octet-stream",
            headers=headers,
            message_id=message.properties.get("message_id"),
        )


def identity(message: Any) -> str:
    """The event id if the message carries one, else its place in the parking."""
    return str(message.properties.get("message_id") or f"#{message.delivery_tag}")


def summary(message: Any) -> dict[str, Any]:
    """What the list shows of a parked message; no body."""
    headers = message.properties.get("application_headers") or {}
    return {
        "id": identity(message),
        "reason": headers.get(REASON),
        "detail": headers.get(DETAIL),
        "routing_key": headers.get(ROUTING_KEY),
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
    click.echo(f"{Parking(uri, queue).replay(message_id)} replayed")


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
