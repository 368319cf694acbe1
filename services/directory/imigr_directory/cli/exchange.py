"""Commands of the exchange: import a directory, export this one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from imigr_directory.cli.root import DATABASE, act
from imigr_directory.exchange import exporting, importing, setting, sources
from imigr_directory.exchange.feed import Feed
from imigr_directory.exchange.importing import Order
from imigr_directory.exchange.jobs import Jobs
from imigr_directory.storage import MongoDirectory
from imigr_kit.clock import SystemClock
from imigr_kit.errors import ImigrError

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("import")
@click.argument("form", type=click.Choice(sources.FORMS))
@click.argument("file", type=click.File("rb"))
@click.option("--source", required=True, help="Publisher of the file; keys that are no UUIDs are unique within it.")
@click.option("--municipality", help="Slug; without it each service goes to the town that its place is in.")
@click.option("--language", default="fr", show_default=True, help="Of texts that do not say (Arabic is recognised).")
@click.option("--theme", help="Theme for services without one that the taxonomy knows.")
@click.option("--mapping", type=_FILE, help="JSON with any of: columns, themes, kinds (key=value of OpenStreetMap).")
@click.option("--licence", help="Under which the file may be used.")
@click.option("--url", help="Where the file comes from.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--report", "report_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all remarks there."
)
@click.pass_obj
def import_(
    directory: MongoDirectory, /, file: BinaryIO, mapping: Path | None, report_file: Path | None, **chosen: Any
) -> None:
    """Bring in FILE, which is one of

    \b
    package  an HSDS data package: a zip of CSV files, 1.x to 3.x
    hsds     HSDS JSON or ndjson
    csv      a table with a mapping
    osm      nodes of OpenStreetMap (osm_node_id,lat,lon,name,name_en,key,value)

    Importing twice changes nothing. Begin with --dry-run, and look at what --report tells of each row. Counts go to
    the standard output, progress to the standard error. "-" reads the standard input.

    \b
    A mapping is JSON with any of:
      {"columns": {"Nom": "service.name", "Tél": "phone.number", "Lat": "location.latitude"},
       "themes":  {"their code, name or id": "health.clinic"},
       "kinds":   {"amenity=pharmacy": "health.pharmacy"}}
    """
    named = _mapping(mapping)
    maps = {"columns": named.get("columns", {}), "themes": named.get("themes", {})}
    order = Order(**chosen, **maps, kinds=named.get("kinds") or named.get("openstreetmap", {}))
    around = setting.around(directory.municipalities(), directory.terms())
    bar = _Bar()
    try:
        report, difference = importing.run(file, order, around, directory.records, act(), bar.show)
    except ImigrError as error:
        raise click.ClickException(f"{error.code} {dict(error.params)}") from error
    finally:
        bar.close()
    for line in report.lines():
        click.echo(line)
    for name, count in report.outcome.items():
        click.echo(f"{count:>9}  {name}{' (dry run: nothing was written)' if order.dry_run else ''}")
    if report_file is not None:
        whole = {**report.summary(), "difference": difference, "remarks": report.pages(0, len(report.remarks))}
        report_file.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")


def _mapping(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        named = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.BadParameter(f"{file} is not JSON: {error}") from error
    if not isinstance(named, dict) or not all(isinstance(one, dict) for one in named.values()):
        raise click.BadParameter(f"{file}: an object of objects")
    return named


class _Bar:
    """The progress of one step after the other."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._step = ""
        self._shown = 0

    def show(self, step: str, done: int, total: int) -> None:
        """So much of this step is done."""
        if step != self._step:
            self.close()
            self._bar = click.progressbar(length=max(total, 1), label=f"{step:14}", file=sys.stderr)
            self._step, self._shown = step, 0
        self._bar.update(done - self._shown)
        self._shown = done

    def close(self) -> None:
        """End the line."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


@click.command()
@click.argument("form", type=click.Choice(exporting.FORMS))
@click.argument("file", type=click.File("wb"))
@click.option("--municipality", help="Slug; without it all of them.")
@click.pass_obj
def export(directory: MongoDirectory, form: str, file: BinaryIO, municipality: str | None) -> None:
    """Write the published directory to FILE as HSDS 3.1 with our profile; ``-`` is the standard output."""
    found = [one for kind in ("organization", "location", "service") for one in directory.records.published(kind)]
    wanted = [one for one in found if municipality in (None, one.municipality)]
    file.write(exporting.as_bytes(form, wanted, directory.municipalities(), directory.terms()))
    click.echo(f"{len(wanted)} records", err=True)


@click.command("run-import")
@click.argument("job")
@click.pass_context
def run_import(context: click.Context, job: str) -> None:
    """Do the import JOB that staff have sent: what the service starts for each, in a process of its own."""
    directory: MongoDirectory = context.obj
    around = setting.around(directory.municipalities(), directory.terms())
    Jobs(context.meta[DATABASE], SystemClock()).run(job, around, directory.records)


@click.command("feed-renew")
@click.pass_context
def feed_renew(context: click.Context) -> None:
    """Make readers of the feed of changes begin again: once after a restore from a backup."""
    Feed(context.meta[DATABASE], context.obj.records).renew()
    click.echo("cursors given so far are unknown now; readers are answered 410 and begin again")
