"""Opening hours on the command line of the operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from imigr_directory.cli.calendar import told
from imigr_directory.domain import service_of
from imigr_directory.domain.hours.free_text import Understood, understand
from imigr_directory.domain.hours.now import hours_of, told_now
from imigr_directory.domain.hours.template import TEMPLATES
from imigr_directory.domain.hours.written import schedule_row, schedules_of
from imigr_directory.errors import UnknownService
from imigr_directory.storage import MongoDirectory
from imigr_kit.clock import SystemClock


@click.group()
def hours() -> None:
    """Opening hours of services, and of texts."""


@hours.command()
@click.argument("service_id")
@click.pass_obj
def show(directory: MongoDirectory, service_id: str) -> None:
    """What a reader is told now, as JSON."""

    def found() -> dict[str, Any]:
        record = directory.records.get("service", service_id)
        calendar = None if record is None else directory.calendars.get(record.municipality or "")
        if record is None or calendar is None:
            raise UnknownService(params={"service_id": service_id})
        return told_now(hours_of(service_of(record).details), calendar, SystemClock().now())

    click.echo(json.dumps(told(found), ensure_ascii=False, indent=2))


@hours.command()
@click.argument("words", nargs=-1, required=True)
def read(words: tuple[str, ...]) -> None:
    """What a text of hours means, as the rows of a schedule."""
    found = understand(" ".join(words))
    if not isinstance(found, Understood):
        raise click.ClickException(f"could not understand: {found.reason} {found.detail}".strip())
    click.echo(json.dumps([schedule_row(found.schedule)], ensure_ascii=False, indent=2))


@hours.command()
@click.argument("rows", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def check(rows: Path) -> None:
    """Whether the schedules in the JSON file ROWS can be, field by field."""
    found = told(lambda: schedules_of(json.loads(rows.read_text(encoding="utf-8"))))
    click.echo(f"{len(found)} schedules, nothing wrong")


@hours.command()
@click.argument("name", type=click.Choice(sorted(TEMPLATES)))
def template(name: str) -> None:
    """The rows of a template, to be confirmed by whoever works there."""
    click.echo(json.dumps([schedule_row(TEMPLATES[name]())], ensure_ascii=False, indent=2))
