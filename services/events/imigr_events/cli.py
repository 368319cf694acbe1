"""Command line of the events service: all that staff do over HTTP, and seeding. ``python -m imigr_events.cli``."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from imigr_events import handlers
from imigr_events.cli_attending import COMMANDS
from imigr_events.cli_methods import METHOD_COMMANDS
from imigr_events.cli_staff import STAFF_COMMANDS
from imigr_events.domain import Event, free_for_all
from imigr_events.errors import StaleVersion, WrongState
from imigr_events.handlers import Desk, Turns
from imigr_events.ports import Command
from imigr_events.sealing import ContactSeal
from imigr_events.seeding import event_of
from imigr_events.settings import EventsSettings
from imigr_events.storage import EVENTS, INDEXES, MongoEvents
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.keyed import keyed_hash, short_reference
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.pressure import Gate
from imigr_kit.settings import load

SEEDER = {"id": "cli", "kind": "operator", "roles": [{"municipality": "*", "role": "admin"}]}
"""Who runs the command line on the server may do everything."""


@click.group(help=__doc__)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    settings = load(EventsSettings, os.environ)
    db = connect(settings)
    ensure_indexes(db, [*INDEXES, INDEX(EVENTS)])
    stamp = Stamp("events", settings.instance, SystemClock(), new_id)
    events, clock = MongoEvents(db, stamp, ContactSeal(settings.key)), SystemClock()
    context.obj = Desk(
        events=events,
        turns=Turns(events, clock),
        clock=clock,
        new_id=new_id,
        reference=lambda registration_id: short_reference(settings.key, registration_id),
        hashed=lambda purpose, text: keyed_hash(settings.key, purpose, text),
        gate=Gate(db),
    )


@cli.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--municipality", "municipalities", multiple=True, help="Only of this town; may be repeated.")
@click.pass_obj
def seed(desk: Desk, data: Path, municipalities: tuple[str, ...]) -> None:
    """Store and publish the events of DATA/events.json that are not there yet; those that are stay as they are."""
    rows = json.loads((data / "events.json").read_text(encoding="utf-8"))["events"]
    fresh = 0
    for row in rows:
        if municipalities and row["municipality"] not in municipalities:
            continue
        draft = event_of(row, datetime.now(UTC).date())
        fresh += desk.events.add(draft, Command(f"seed:{draft.id}", "seed"))
        try:
            handlers.publish_event(desk, SEEDER, draft.id, 1, Command(f"seed:publish:{draft.id}", "seed"))
        except (StaleVersion, WrongState):
            continue
    click.echo(f"events: {fresh} new of {len(rows)}")


@cli.command("list")
@click.pass_obj
def list_all(desk: Desk) -> None:
    """One line per public event that is not over."""
    for event in desk.events.list(None, datetime.now(UTC), 1, 100)[0]:
        free = free_for_all(event, datetime.now(UTC))
        click.echo(f"{event.id}  {event.municipality}  {event.starts_at:%Y-%m-%d}  {free} free  {_title(event)}")


def _title(event: Event) -> str:
    return event.title.get("fr") or next(iter(event.title.values()))


for command in (*COMMANDS, *STAFF_COMMANDS, *METHOD_COMMANDS):
    cli.add_command(command)


if __name__ == "__main__":
    cli(prog_name="python -m imigr_events.cli")
