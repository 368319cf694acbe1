"""Opening hours on the command line of the operator."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click

from imigr_directory.cli.calendar import DAY, told
from imigr_directory.cli.root import OPERATOR, command, desk_of
from imigr_directory.domain import Record, service_of
from imigr_directory.domain.hours.free_text import Understood, understand
from imigr_directory.domain.hours.now import told_now
from imigr_directory.domain.hours.schedule import OneOff, Pause
from imigr_directory.domain.hours.spans import span_of
from imigr_directory.domain.hours.template import TEMPLATES
from imigr_directory.domain.hours.words import REASONS
from imigr_directory.domain.hours.written import schedule_row, schedules_of
from imigr_directory.errors import UnknownService
from imigr_directory.handlers import hours as handlers
from imigr_directory.handlers.services import existing
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
        return told_now(service_of(record).schedules, calendar, SystemClock().now())

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


SERVICE = click.argument("service_id")
FIRST = click.argument("first", type=DAY)
LAST = click.option("--last", type=DAY, help="Included.")
REASON = click.option("--reason", type=click.Choice(REASONS))


@hours.command("set")
@SERVICE
@click.argument("rows", type=click.File(encoding="utf-8"))
@click.pass_obj
def set_(directory: MongoDirectory, service_id: str, rows: TextIO) -> None:
    """Other hours: the schedules in the JSON of ROWS (- for standard input), as read, check and template write them."""

    def work() -> Record:
        new = json.load(rows)
        version = existing(desk_of(directory), service_id).version
        return handlers.set_hours(desk_of(directory), OPERATOR, service_id, version, new, command())

    _tell(told(work))


@hours.command()
@SERVICE
@FIRST
@LAST
@REASON
@click.pass_obj
def pause(
    directory: MongoDirectory, service_id: str, first: datetime, last: datetime | None, reason: str | None
) -> None:
    """Temporarily closed from FIRST on, until further notice unless said otherwise."""
    said = Pause(first.date(), None if last is None else last.date(), reason)
    _tell(told(lambda: handlers.pause_service(desk_of(directory), OPERATOR, service_id, said, command())))


@hours.command()
@SERVICE
@click.pass_obj
def resume(directory: MongoDirectory, service_id: str) -> None:
    """Open again."""
    _tell(told(lambda: handlers.pause_service(desk_of(directory), OPERATOR, service_id, None, command())))


@hours.command("except")
@SERVICE
@FIRST
@LAST
@REASON
@click.option("--open", "spans", multiple=True, metavar="HH:MM-HH:MM", help="Open then; repeatable. None: closed.")
@click.pass_obj
def except_(
    directory: MongoDirectory,
    service_id: str,
    first: datetime,
    last: datetime | None,
    reason: str | None,
    spans: tuple[str, ...],
) -> None:
    """A one-off closure from FIRST on, or an extra opening."""
    try:
        times = tuple(sorted(span_of(one.split("-")) for one in spans))
    except ValueError as error:
        raise click.BadParameter("write 08:30-12:30", param_hint="--open") from error
    said = OneOff(first.date(), (last or first).date(), times, reason)
    _tell(told(lambda: handlers.except_days(desk_of(directory), OPERATOR, service_id, said, command())))


@hours.command("as-usual")
@SERVICE
@FIRST
@click.pass_obj
def as_usual(directory: MongoDirectory, service_id: str, first: datetime) -> None:
    """Take back the exception that begins on FIRST."""
    _tell(told(lambda: handlers.as_usual(desk_of(directory), OPERATOR, service_id, first.date(), command())))


def _tell(record: Record) -> None:
    click.echo(f"{record.id}: version {record.version}")
