"""Commands for what staff do with events; part of ``python -m imigr_events.cli``. Each prints JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from imigr_events import handlers, schemas
from imigr_events.domain import Event
from imigr_events.errors import UnknownEvent
from imigr_events.handlers import Desk
from imigr_events.ports import Command
from imigr_kit.errors import ImigrError

OPERATOR = {"id": "cli", "kind": "operator", "roles": [{"municipality": "*", "role": "admin"}]}
"""Who runs the command line on the server may do everything."""
EVENT = click.argument("event_id")
MOMENT = click.DateTime(formats=["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"])
"""With an offset from UTC, such as 2026-12-05T10:00+0100."""


@contextmanager
def told() -> Any:
    """A refusal as its code and fields, with exit code 1."""
    try:
        yield
    except ImigrError as error:
        fields = "".join(f"\n  {one.path}: {one.code} {one.message}" for one in error.fields)
        raise click.ClickException(f"{error.code} {json.dumps(error.params)}{fields}") from error


@click.command("show")
@EVENT
@click.pass_obj
def show(desk: Desk, event_id: str) -> None:
    """One event in any state, with its numbers."""
    with told():
        say(desk, _event(desk, event_id))


@click.command("publish")
@EVENT
@click.pass_obj
def publish(desk: Desk, event_id: str) -> None:
    """Make a draft public."""
    step(desk, event_id, handlers.publish_event)


@click.command("cancel")
@EVENT
@click.confirmation_option(prompt="Every registrant will be told. Call it off?")
@click.pass_obj
def cancel(desk: Desk, event_id: str) -> None:
    """Call a public event off; every registrant is told."""
    step(desk, event_id, handlers.cancel_event)


@click.command("postpone")
@EVENT
@click.option("--starts-at", type=MOMENT, help="With its offset, such as 2026-12-05T10:00+0100; none: not known yet.")
@click.option("--ends-at", type=MOMENT)
@click.pass_obj
def postpone(desk: Desk, event_id: str, starts_at: datetime | None, ends_at: datetime | None) -> None:
    """To another date, or to one that is not known yet; every registrant is told."""
    if (starts_at is None) != (ends_at is None):
        raise click.UsageError("give both --starts-at and --ends-at, or neither")
    dates = (starts_at.astimezone(UTC), ends_at.astimezone(UTC)) if starts_at and ends_at else (None, None)
    step(desk, event_id, handlers.postpone_event, dates=dates)


@click.command("capacity")
@EVENT
@click.argument("places", type=click.IntRange(0, 5000))
@click.pass_obj
def capacity(desk: Desk, event_id: str, places: int) -> None:
    """More places go to the waiting list first; fewer drop nobody."""
    step(desk, event_id, handlers.edit_event, values={"capacity": places})


@click.command("codes")
@EVENT
@click.option("--number", type=click.IntRange(1, 200), required=True)
@click.option("--places", type=click.IntRange(1, 100), default=1, show_default=True, help="Places of each code.")
@click.pass_obj
def codes(desk: Desk, event_id: str, number: int, places: int) -> None:
    """Invitation codes, shown once."""
    with told():
        click.echo(json.dumps(handlers.issue_codes(desk, OPERATOR, event_id, number, places, _command(desk))))


@click.command("registrations")
@EVENT
@click.pass_obj
def registrations(desk: Desk, event_id: str) -> None:
    """Registrations in order of arrival, one a line; no contact and no kind of seat is in it."""
    with told():
        listing = handlers.list_registrations(desk, OPERATOR, _event(desk, event_id).municipality, event_id)
    for one in schemas.registrations_out(listing, desk.clock.now())["items"]:
        late = "  too many" if one["id"] in listing.too_many else ""
        click.echo(f"{one['reference']}  {one['places']}  {one['state']}{late}")


@click.command("find")
@click.argument("municipality")
@click.argument("reference")
@click.pass_obj
def find(desk: Desk, municipality: str, reference: str) -> None:
    """The registration behind a reference that is read aloud."""
    with told():
        click.echo(json.dumps(handlers.find_registration(desk, OPERATOR, municipality, reference)))


@click.command("answers")
@EVENT
@click.pass_obj
def answers(desk: Desk, event_id: str) -> None:
    """How often each closed answer was chosen; numbers under ten are null."""
    with told():
        event = _event(desk, event_id)
        found = handlers.question_results(desk, OPERATOR, event.municipality, event_id)
    click.echo(json.dumps(schemas.results_out(*found)))


STAFF_COMMANDS = (show, publish, cancel, postpone, capacity, codes, registrations, find, answers)


def step(desk: Desk, event_id: str, use_case: Callable[..., Event], **more: Any) -> None:
    """A step on the version that stands now."""
    with told():
        version = _event(desk, event_id).version
        say(desk, use_case(desk, OPERATOR, event_id, version, command=_command(desk), **more))


def say(desk: Desk, event: Event) -> None:
    """The event as staff see it."""
    click.echo(json.dumps(schemas.event_for_staff(event, desk.clock.now()), ensure_ascii=False, indent=2))


def _event(desk: Desk, event_id: str) -> Event:
    event = desk.events.get(event_id)
    if event is None:
        raise UnknownEvent(params={"event_id": event_id})
    return event


def _command(desk: Desk) -> Command:
    return Command(f"cli:{desk.new_id()}", "cli")
