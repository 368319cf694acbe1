"""Command line of the guichet: seed, list, and what staff do with visits. Run as ``python -m imigr_guichet.cli``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from imigr_guichet import bookings_cli, visits_cli
from imigr_guichet.domain.guichet import opened
from imigr_guichet.settings import GuichetSettings
from imigr_guichet.storage.collections import GUICHETS, INDEXES
from imigr_guichet.storage.plans import MongoPlans
from imigr_guichet.written import guichet_of
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.settings import load


@click.group(help=__doc__)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    settings = load(GuichetSettings, os.environ)
    db = connect(settings)
    ensure_indexes(db, [*INDEXES, INDEX(GUICHETS)])
    clock = SystemClock()
    context.obj = MongoPlans(db, Stamp("guichet", settings.instance, clock, new_id), clock)


@cli.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--municipality", "municipalities", multiple=True, help="Only of this town; may be repeated.")
@click.pass_obj
def seed(plans: MongoPlans, data: Path, municipalities: tuple[str, ...]) -> None:
    """Store the guichets of DATA/guichets.json that are not there yet; those that are stay as they are."""
    rows = json.loads((data / "guichets.json").read_text(encoding="utf-8"))["guichets"]
    fresh = 0
    for row in rows:
        if not municipalities or row["municipality"] in municipalities:
            guichet = guichet_of(row)
            fresh += plans.put(guichet, [opened(guichet, first=True)])
    click.echo(f"guichets: {fresh} new of {len(rows)}")


@cli.command("list")
@click.pass_obj
def list_all(plans: MongoPlans) -> None:
    """One line per guichet."""
    for guichet in plans.all(None):
        click.echo(f"{guichet.id}  {guichet.municipality}  {guichet.state}  {guichet.name.get('fr', '')}")


@cli.group(help=visits_cli.__doc__)
def visits() -> None:
    """Root of the commands about visits."""


@cli.group(help=bookings_cli.__doc__)
def bookings() -> None:
    """Root of the commands about slots, appointments and plans."""


for _command in bookings_cli.commands():
    bookings.add_command(_command)
for _command in visits_cli.commands():
    visits.add_command(_command)


if __name__ == "__main__":
    cli(prog_name="python -m imigr_guichet.cli")
