"""Commands for records of every kind: what staff do over HTTP, as the operator of the installation."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, TextIO

import click

from imigr_directory.cli.root import OPERATOR, command, desk_of
from imigr_directory.domain import KINDS
from imigr_directory.domain.records import DRAFT, IN_REVIEW, PUBLISHED, REASONS, STATES
from imigr_directory.handlers import records as handlers
from imigr_directory.handlers.records import New, Target
from imigr_directory.schemas import records as schemas
from imigr_directory.schemas.content import content_in
from imigr_directory.storage import MongoDirectory
from imigr_kit.ids import new_id

KIND = click.argument("kind", type=click.Choice(KINDS))
ID = click.argument("record_id")


@click.group()
def records() -> None:
    """Propose, review, publish, restore."""


def told(what: Any) -> None:
    """As JSON."""
    click.echo(json.dumps(what, ensure_ascii=False, indent=2))


def target(directory: MongoDirectory, kind: str, record_id: str) -> Target:
    """The record as it stands."""
    found = handlers.get_record(desk_of(directory), OPERATOR, kind, record_id)
    return Target(kind, record_id, found.revision)


@records.command("list")
@KIND
@click.argument("municipality")
@click.option("--state", type=click.Choice(STATES))
@click.option("--page", default=1, show_default=True)
@click.pass_obj
def list_(directory: MongoDirectory, kind: str, municipality: str, state: str | None, page: int) -> None:
    """Records of MUNICIPALITY, a hundred a page; ``all`` for those common to all."""
    home = schemas.home_in(municipality)
    found, total = handlers.list_records(desk_of(directory), OPERATOR, kind, home, state, (page, 100))
    for record in found:
        row = schemas.row_out(record)
        waiting = f" +{row['waiting']}" if row["waiting"] else ""
        click.echo(f"{row['id']}  {row['state']}{waiting}  v{row['version']}  {' | '.join(row['name'].values())}")
    click.echo(f"{total} in all")


@records.command()
@KIND
@ID
@click.pass_obj
def show(directory: MongoDirectory, kind: str, record_id: str) -> None:
    """A record with what waits in it."""
    told(schemas.record_out(handlers.get_record(desk_of(directory), OPERATOR, kind, record_id)))


@records.command()
@KIND
@ID
@click.pass_obj
def versions(directory: MongoDirectory, kind: str, record_id: str) -> None:
    """Every version that readers have seen, with who and when."""
    for row in handlers.list_versions(desk_of(directory), OPERATOR, kind, record_id):
        click.echo(f"v{row['version']}  {row['state']}  {row['at']}  {row['by']}")


@records.command("open")
@KIND
@click.argument("municipality")
@click.argument("content", type=click.File(encoding="utf-8"))
@click.option("--owner", help="Id of the organization whose partner editors may propose changes.")
@click.option("--state", type=click.Choice([DRAFT, IN_REVIEW, PUBLISHED]), default=IN_REVIEW, show_default=True)
@click.pass_obj
def open_(
    directory: MongoDirectory, kind: str, municipality: str, content: TextIO, owner: str | None, state: str
) -> None:
    """A new record with the JSON in CONTENT (- for standard input)."""
    done, desk = command(), desk_of(directory)
    new = New(kind, new_id(), schemas.home_in(municipality), owner)
    written = content_in(kind, json.load(content), done.key)
    if state == PUBLISHED:
        made = handlers.publish_new(desk, OPERATOR, new, written, done)
    else:
        made = handlers.open_record(desk, OPERATOR, new, written, state, done)
    told(schemas.row_out(made))


@records.command()
@KIND
@ID
@click.argument("content", type=click.File(encoding="utf-8"))
@click.option("--state", type=click.Choice([DRAFT, IN_REVIEW, PUBLISHED]), default=IN_REVIEW, show_default=True)
@click.pass_obj
def write(directory: MongoDirectory, kind: str, record_id: str, content: TextIO, state: str) -> None:
    """Other content: the JSON in CONTENT (- for standard input)."""
    done, desk = command(), desk_of(directory)
    written = content_in(kind, json.load(content), done.key)
    at = target(directory, kind, record_id)
    if state == PUBLISHED:
        made = handlers.write(desk, OPERATOR, at, written, done)
    else:
        made = handlers.propose(desk, OPERATOR, at, written, state, done)
    told(schemas.row_out(made))


@records.command()
@KIND
@ID
@click.pass_obj
def submit(directory: MongoDirectory, kind: str, record_id: str) -> None:
    """The draft waits for review now."""
    at = target(directory, kind, record_id)
    told(schemas.row_out(handlers.submit(desk_of(directory), OPERATOR, at, command())))


@records.command()
@KIND
@ID
@click.argument("reason", type=click.Choice(REASONS))
@click.pass_obj
def decline(directory: MongoDirectory, kind: str, record_id: str, reason: str) -> None:
    """Back to the author, for REASON."""
    at = target(directory, kind, record_id)
    told(schemas.row_out(handlers.decline(desk_of(directory), OPERATOR, at, reason, command())))


@records.command()
@KIND
@ID
@click.pass_obj
def publish(directory: MongoDirectory, kind: str, record_id: str) -> None:
    """What was proposed is what readers see."""
    at = target(directory, kind, record_id)
    told(schemas.row_out(handlers.publish(desk_of(directory), OPERATOR, at, command())))


@records.command()
@KIND
@ID
@click.pass_obj
def withdraw(directory: MongoDirectory, kind: str, record_id: str) -> None:
    """Readers no longer see it."""
    at = target(directory, kind, record_id)
    told(schemas.row_out(handlers.withdraw(desk_of(directory), OPERATOR, at, command())))


@records.command()
@KIND
@ID
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day; today when none is named.")
@click.pass_obj
def verify(directory: MongoDirectory, kind: str, record_id: str, on: datetime | None) -> None:
    """Somebody has looked, and it is still true."""
    day: date | None = None if on is None else on.date()
    at = target(directory, kind, record_id)
    told(schemas.row_out(handlers.verify(desk_of(directory), OPERATOR, at, day, command())))


@records.command()
@KIND
@ID
@click.argument("version", type=int)
@click.pass_obj
def restore(directory: MongoDirectory, kind: str, record_id: str, version: int) -> None:
    """VERSION again, as a new one."""
    at = target(directory, kind, record_id)
    told(schemas.row_out(handlers.restore(desk_of(directory), OPERATOR, at, version, command())))


@records.command()
@click.argument("organization_id")
@click.argument("staff_id")
@click.pass_obj
def entrust(directory: MongoDirectory, organization_id: str, staff_id: str) -> None:
    """Put the organization's entries into the hands of a partner editor."""
    handlers.entrust(desk_of(directory), OPERATOR, organization_id, staff_id)


@records.command()
@click.argument("organization_id")
@click.argument("staff_id")
@click.pass_obj
def release(directory: MongoDirectory, organization_id: str, staff_id: str) -> None:
    """Take them out of these hands."""
    handlers.release(desk_of(directory), OPERATOR, organization_id, staff_id)
