"""Commands for what readers say: opinions, gaps and corrections of the last 30 days, never their remarks.

Remarks are opened over HTTP only, by an editor of the town, so that the trace names who has read.
"""

from __future__ import annotations

import os
from types import SimpleNamespace

import click

from imigr_directory.cli.records import told
from imigr_directory.cli.root import OPERATOR
from imigr_directory.feedback import building, handlers, schemas, words
from imigr_directory.feedback.domain import Kind, Outcome
from imigr_directory.feedback.handlers import Box, Filter
from imigr_directory.settings import DirectorySettings
from imigr_directory.storage import MongoDirectory
from imigr_kit.clock import SystemClock
from imigr_kit.settings import load


def _box(directory: MongoDirectory) -> Box:
    return building.build(_around(directory), lambda _: None)


def _around(directory: MongoDirectory) -> SimpleNamespace:
    settings = load(DirectorySettings, os.environ)
    return SimpleNamespace(settings=settings, db=directory.db, stamp=directory.stamp, clock=SystemClock())


@click.group()
def feedback() -> None:
    """What readers say."""


@feedback.command()
def choices() -> None:
    """The closed answers that readers are offered, in all languages."""
    told(words.choices())


@feedback.command("list")
@click.argument("municipality")
@click.option("--state", type=click.Choice(["new", "handled"]))
@click.option("--kind", type=click.Choice([one.value for one in Kind]))
@click.option("--record", "record_id", help="Id of a service or article.")
@click.option("--page", default=1, show_default=True)
@click.pass_obj
def list_(
    directory: MongoDirectory, municipality: str, state: str | None, kind: str | None, record_id: str | None, page: int
) -> None:
    """What was said in MUNICIPALITY, newest first, a hundred a page."""
    wanted = Filter(municipality, state, kind, None, record_id, page, 100)
    found, total = handlers.list_opinions(_box(directory), OPERATOR, wanted)
    for one in found:
        useful = {None: "", True: "useful", False: "not useful"}[one.useful]
        about = one.part or one.theme or ", ".join(one.reasons) or useful
        remark = "  with a remark" if one.has_remark else ""
        review = "  in review" if one.proposed else ""
        head = f"{one.id}  {one.received_on}  {one.kind:10} v{one.version} {one.state:8}"
        click.echo(f"{head} {about}{remark}{review}")
    click.echo(f"{total} in all")


@feedback.command()
@click.argument("municipality")
@click.pass_obj
def counts(directory: MongoDirectory, municipality: str) -> None:
    """Counts of MUNICIPALITY since the beginning, by record, search and gap."""
    told([schemas.tally_out(one) for one in handlers.count_opinions(_box(directory), OPERATOR, municipality)])


@feedback.command()
@click.argument("municipality")
@click.argument("opinion_id")
@click.argument("outcome", type=click.Choice([one.value for one in Outcome]))
@click.argument("version", type=int)
@click.pass_obj
def handle(directory: MongoDirectory, municipality: str, opinion_id: str, outcome: str, version: int) -> None:
    """Be done with OPINION_ID at the VERSION that was listed; its remark is destroyed at once."""
    done = handlers.handle_opinion(_box(directory), OPERATOR, municipality, opinion_id, Outcome(outcome), version)
    told(schemas.opinion_out(done))


@feedback.command()
@click.argument("municipality")
@click.option("--most", default=50, show_default=True)
@click.pass_obj
def reads(directory: MongoDirectory, municipality: str, most: int) -> None:
    """Who has read which remark, newest first."""
    told(schemas.reads_out(handlers.list_reads(_box(directory), OPERATOR, municipality, most)))


@feedback.command("verify-reads")
@click.pass_context
def verify_reads(context: click.Context) -> None:
    """Check the chain of remarks that were read; ends with 1 and the number of the first row that does not hold."""
    found = building.reads_of(_around(context.obj)).break_at()
    click.echo("the chain of reads holds" if found is None else f"row {found} is missing or was changed")
    context.exit(0 if found is None else 1)


@feedback.command("accept-reads")
@click.pass_obj
def accept_reads(directory: MongoDirectory) -> None:
    """Keep the last row of the chain as its head, after a backup was restored: later rows are known to be lost."""
    building.reads_of(_around(directory)).accept()
    click.echo("the last row is the head now")
