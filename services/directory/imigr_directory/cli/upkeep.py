"""Commands for translations, tasks, freshness and links."""

from __future__ import annotations

from pathlib import Path

import click

from imigr_directory import xliff
from imigr_directory.cli.calendar import told as refused
from imigr_directory.cli.records import ID, KIND, target, told
from imigr_directory.cli.root import OPERATOR, command, desk_of, watch_of
from imigr_directory.domain import KINDS
from imigr_directory.domain.records import DRAFT, IN_REVIEW, PUBLISHED
from imigr_directory.domain.translations import MACHINE
from imigr_directory.handlers import freshness
from imigr_directory.handlers import translations as handlers
from imigr_directory.handlers.translations import Words
from imigr_directory.links import handlers as link_handlers
from imigr_directory.schemas import records as records_schemas
from imigr_directory.schemas import upkeep as schemas
from imigr_directory.storage import MongoDirectory


@click.group()
def translations() -> None:
    """Files for translators (XLIFF 1.2)."""


@translations.command("export")
@click.argument("municipality")
@click.argument("language")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Repeatable; every kind when none.")
@click.option("--record", "ids", multiple=True, help="Id of a record; repeatable; all when none.")
@click.pass_obj
def export_(
    directory: MongoDirectory,
    municipality: str,
    language: str,
    file: Path,
    kinds: tuple[str, ...],
    ids: tuple[str, ...],
) -> None:
    """What readers of MUNICIPALITY (``all``: what is common) see, to be translated into LANGUAGE, into FILE."""
    home = records_schemas.home_in(municipality)
    found = handlers.export_lines(desk_of(directory), OPERATOR, home, kinds or KINDS, ids)
    file.write_bytes(xliff.written(found, language))
    click.echo(f"{len(found)} texts")


@translations.command("import")
@click.argument("municipality")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--state", type=click.Choice([DRAFT, IN_REVIEW, PUBLISHED]), default=IN_REVIEW, show_default=True)
@click.pass_obj
def import_(directory: MongoDirectory, municipality: str, file: Path, state: str) -> None:
    """Take in a translators' FILE; the report says what became of each text."""
    found = xliff.read(file.read_bytes())
    home = records_schemas.home_in(municipality)
    report = handlers.import_units(desk_of(directory), OPERATOR, home, found.language, found.units, state, command())
    told(schemas.report_out(report))


@click.group()
def texts() -> None:
    """Texts of one record and their translations."""


@texts.command("list")
@KIND
@ID
@click.pass_obj
def list_(directory: MongoDirectory, kind: str, record_id: str) -> None:
    """Every text by its path, with its languages and their states."""
    for line in handlers.list_lines(desk_of(directory), OPERATOR, kind, record_id):
        states = {line.source_language: "source"} | dict(line.states)
        click.echo(f"{line.path:40} {', '.join(f'{language} {state}' for language, state in states.items())}")


@texts.command("set")
@KIND
@ID
@click.argument("language")
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--state", type=click.Choice([DRAFT, IN_REVIEW, PUBLISHED, MACHINE]), default=IN_REVIEW, show_default=True
)
@click.pass_obj
def set_(
    directory: MongoDirectory, kind: str, record_id: str, language: str, words: tuple[str, ...], state: str
) -> None:
    """WORDS in LANGUAGE, each as path=text."""
    new = dict(one.partition("=")[::2] for one in words)
    at = target(directory, kind, record_id)
    wanted = Words(language, new, state)
    made = refused(lambda: handlers.translate(desk_of(directory), OPERATOR, at, wanted, command()))
    told(records_schemas.row_out(made))


@click.command()
@click.argument("municipality")
@click.pass_obj
def tasks(directory: MongoDirectory, municipality: str) -> None:
    """What waits in MUNICIPALITY: to review, to verify, to translate, and links that lead nowhere."""
    home = records_schemas.home_in(municipality)
    for task in freshness.list_tasks(desk_of(directory), OPERATOR, home):
        row = schemas.task_out(task)
        click.echo(
            f"{row['task']:9} {row['kind']:12} {row['id']}  {row['due'] or '-'}  {' | '.join(row['name'].values())}"
        )
    for link in link_handlers.list_broken(watch_of(directory), OPERATOR, municipality):
        click.echo(f"{'link':9} {'link':12} {link.id}  -  {link.website}  {', '.join(link.users)}")


@click.command()
@click.pass_obj
def expire(directory: MongoDirectory) -> None:
    """Tell now of what has grown old; the service does so by itself every minute."""
    click.echo(f"{freshness.expire(desk_of(directory))} told")


@click.group()
def links() -> None:
    """Addresses on the web that records name."""


@links.command()
@click.option("--most", default=50, show_default=True, help="Look at so many whose turn it is.")
@click.pass_obj
def check(directory: MongoDirectory, most: int) -> None:
    """Collect the addresses that readers can meet, and look at those whose turn it is."""
    watch = watch_of(directory)
    click.echo(f"{link_handlers.follow(watch)} addresses, {link_handlers.look_at_due(watch, most)} looked at")


@links.command()
@click.argument("municipality")
@click.pass_obj
def broken(directory: MongoDirectory, municipality: str) -> None:
    """Links of MUNICIPALITY that lead nowhere any more."""
    for link in link_handlers.list_broken(watch_of(directory), OPERATOR, municipality):
        click.echo(f"{link.reason:18} {link.website}  {', '.join(link.users)}")
