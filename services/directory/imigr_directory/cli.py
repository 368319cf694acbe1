"""Command line of the directory: seed, search, rebuild. Run as ``python -m imigr_directory.cli``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from imigr_directory.search import Query, Searcher
from imigr_directory.seeding import read
from imigr_directory.settings import DirectorySettings
from imigr_directory.storage import INDEXES, MUNICIPALITIES, SERVICES, MongoDirectory
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
    settings = load(DirectorySettings, os.environ)
    db = connect(settings)
    ensure_indexes(db, [*INDEXES, INDEX(MUNICIPALITIES), INDEX(SERVICES)])
    context.obj = MongoDirectory(db, Stamp("directory", settings.instance, SystemClock(), new_id))


@cli.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.pass_obj
def seed(directory: MongoDirectory, data: Path) -> None:
    """Store the municipalities, themes and services of DATA that are not there yet."""
    found = read(data)
    fresh = directory.seed(found.municipalities, found.terms, found.services)
    click.echo(f"services: {fresh} new of {len(found.services)}; left out: {sum(found.left_out.values())}")
    for reason, count in sorted(found.left_out.items()):
        click.echo(f"  {count:4}  {reason}")


@cli.command()
@click.argument("words", nargs=-1, required=True)
@click.pass_obj
def search(directory: MongoDirectory, words: tuple[str, ...]) -> None:
    """What the search finds, best first."""
    hits, total = Searcher(directory.services(), directory.terms()).find(Query(q=" ".join(words)))
    for hit in hits:
        names = " | ".join(hit.service.name.values())
        click.echo(f"{hit.service.municipality:10} {','.join(hit.service.taxonomy):24} {names}")
    click.echo(f"{total} found")


@cli.command()
@click.pass_obj
def rebuild(directory: MongoDirectory) -> None:
    """Make every running directory service build its search index anew."""
    directory.seed((), (), ())
    click.echo("search indexes will be rebuilt within a second")


if __name__ == "__main__":
    cli(prog_name="python -m imigr_directory.cli")
