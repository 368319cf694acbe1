"""Calendars of municipalities on the command line of the operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from imigr_directory.domain.calendar import Calendar, Closure, Period, State
from imigr_directory.domain.hours.words import REASONS
from imigr_directory.domain.hours.written import REGIMES
from imigr_directory.handlers import Command, calendars
from imigr_directory.handlers.calendars import Almanac
from imigr_directory.schemas.calendar import calendar_out
from imigr_directory.storage import MongoDirectory
from imigr_kit.clock import SystemClock
from imigr_kit.errors import ImigrError
from imigr_kit.ids import new_id

OPERATOR = {"kind": "staff", "id": "operator", "roles": [{"municipality": "*", "role": "admin"}]}
DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def calendar() -> None:
    """Holidays, Ramadan and closures of a municipality."""


@calendar.command()
@click.argument("municipality")
@click.pass_obj
def show(directory: MongoDirectory, municipality: str) -> None:
    """This year and the next."""
    almanac = _almanac(directory)
    found = told(lambda: calendars.read_calendar(almanac, municipality))
    year = calendar_out(found, calendars.shown_years(almanac))
    for one in year["holidays"]:
        moved = f" (worked out for {one['estimate']})" if one["estimate"] else ""
        click.echo(f"{one['date']}  {one['state']:9}  {one['id']:28}  {one['name'].get('fr', '')}{moved}")
    for one in year["periods"]:
        click.echo(f"{one['first']} to {one['last']}  {one['state']:9}  {one['code']}")
    for one in year["closures"]:
        click.echo(f"{one['first']} to {one['last']}  closed     {one['id']}  {one['reason'] or ''}")


@calendar.command()
@click.argument("municipality")
@click.argument("holiday_id")
@click.argument("day", type=DAY)
@click.pass_obj
def confirm(directory: MongoDirectory, municipality: str, holiday_id: str, day: datetime) -> None:
    """Settle that a holiday is on DAY: confirmed, or moved."""
    _change(directory, municipality, lambda one: one.confirm(holiday_id, day.date()))


@calendar.command()
@click.argument("municipality")
@click.argument("day", type=DAY)
@click.option("--name", "names", multiple=True, required=True, help="fr=Fête de la ville; once for each language")
@click.pass_obj
def add(directory: MongoDirectory, municipality: str, day: datetime, names: tuple[str, ...]) -> None:
    """Add a holiday."""
    texts = dict(one.partition("=")[::2] for one in names)
    if not all(texts.values()):
        raise click.BadParameter("write language=words", param_hint="--name")
    _change(directory, municipality, lambda one: one.add(day.date(), texts))


@calendar.command()
@click.argument("municipality")
@click.argument("holiday_id")
@click.pass_obj
def remove(directory: MongoDirectory, municipality: str, holiday_id: str) -> None:
    """Settle that there is no such holiday this year."""
    _change(directory, municipality, lambda one: one.remove(holiday_id))


@calendar.command()
@click.argument("municipality")
@click.argument("holiday_id")
@click.pass_obj
def restore(directory: MongoDirectory, municipality: str, holiday_id: str) -> None:
    """Forget what was settled about a holiday."""
    _change(directory, municipality, lambda one: one.restore(holiday_id))


@calendar.command()
@click.argument("municipality")
@click.argument("code", type=click.Choice(REGIMES))
@click.argument("first", type=DAY)
@click.argument("last", type=DAY)
@click.pass_obj
def period(directory: MongoDirectory, municipality: str, code: str, first: datetime, last: datetime) -> None:
    """Settle when Ramadan or the summer hours are in force."""
    settled = Period(code, first.date(), last.date(), State.CONFIRMED)
    _change(directory, municipality, lambda one: one.settle(settled))


@calendar.command()
@click.argument("municipality")
@click.argument("code", type=click.Choice(REGIMES))
@click.argument("first", type=DAY)
@click.pass_obj
def forget(directory: MongoDirectory, municipality: str, code: str, first: datetime) -> None:
    """Forget what was settled about the period that begins on FIRST; Ramadan is the estimate again."""
    _change(directory, municipality, lambda one: one.unsettle(code, first.date()))


@calendar.command()
@click.argument("municipality")
@click.argument("first", type=DAY)
@click.argument("last", type=DAY)
@click.option("--reason", type=click.Choice(REASONS))
@click.pass_obj
def close(directory: MongoDirectory, municipality: str, first: datetime, last: datetime, reason: str | None) -> None:
    """Close the town's services from FIRST to LAST."""
    closure = Closure(new_id(), first.date(), last.date(), reason)
    _change(directory, municipality, lambda one: one.close(closure))


@calendar.command()
@click.argument("municipality")
@click.argument("closure_id")
@click.pass_obj
def reopen(directory: MongoDirectory, municipality: str, closure_id: str) -> None:
    """Take a closure back."""
    _change(directory, municipality, lambda one: one.reopen(closure_id))


def _almanac(directory: MongoDirectory) -> Almanac:
    return Almanac(directory.calendars, SystemClock(), lambda: None)


def _change(directory: MongoDirectory, municipality: str, change: Callable[[Calendar], Calendar]) -> None:
    command = Command(new_id(), "")
    made = told(lambda: calendars.change_calendar(_almanac(directory), OPERATOR, municipality, change, command))
    click.echo(f"{municipality}: version {made.version} of the calendar")


def told(work: Callable[[], Any]) -> Any:
    """Run it; what is refused ends the command with the code and the fields."""
    try:
        return work()
    except ImigrError as error:
        fields = "; ".join(f"{one.path}: {one.message}" for one in error.fields)
        raise click.ClickException(f"{error.code} {fields}".strip()) from error
