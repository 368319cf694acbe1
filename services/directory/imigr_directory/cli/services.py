"""Commands for services: seed, search, rebuild."""

from __future__ import annotations

from pathlib import Path

import click

from imigr_directory.cli.root import act
from imigr_directory.search import Query, Searcher
from imigr_directory.seeding import read, records_of
from imigr_directory.storage import MongoDirectory


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--demonstration", is_flag=True, help="Also what is imagined; never in an installation for a real town.")
@click.pass_obj
def seed(directory: MongoDirectory, data: Path, demonstration: bool) -> None:
    """Store the municipalities, themes and places of DATA that are not there yet, all of them real."""
    found = read(data) if demonstration else read(data).real()
    records = records_of(data, act()) if demonstration else []
    fresh = directory.seed(found.municipalities, found.terms, found.services, act(), records)
    click.echo(f"records: {fresh} new; services: {len(found.services)}; left out: {sum(found.left_out.values())}")
    for reason, count in sorted(found.left_out.items()):
        click.echo(f"  {count:4}  {reason}")


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.pass_obj
def search(directory: MongoDirectory, words: tuple[str, ...]) -> None:
    """What the search finds, best first."""
    searcher = Searcher(directory.services(), directory.terms(), directory.municipalities())
    found = searcher.find(Query(q=" ".join(words)))
    for hit in found.hits:
        names = " | ".join(hit.service.name.values())
        click.echo(f"{hit.service.municipality:10} {','.join(hit.service.taxonomy):24} {names}")
    click.echo(f"{found.total} found")


@click.command()
@click.pass_obj
def rebuild(directory: MongoDirectory) -> None:
    """Make every running directory service read everything anew and build its search index."""
    directory.order_rebuilding()
    click.echo("search indexes will be rebuilt within a second")
