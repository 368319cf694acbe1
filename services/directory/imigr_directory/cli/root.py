"""The root of the commands, and what they work with."""

from __future__ import annotations

import os
import sys

import click

from imigr_directory.brochure.storage import INDEXES as BROCHURE_INDEXES
from imigr_directory.domain import Act
from imigr_directory.exchange.feed import INDEXES as FEED_INDEXES
from imigr_directory.feedback.storage import INDEXES as FEEDBACK_INDEXES
from imigr_directory.handlers import Command, Desk
from imigr_directory.links.fetching import look
from imigr_directory.links.handlers import Watch
from imigr_directory.links.storage import MongoLinks
from imigr_directory.packs.storage import INDEXES as PACK_INDEXES
from imigr_directory.schemas.content import fits
from imigr_directory.settings import DirectorySettings
from imigr_directory.storage import INDEXES, OUTBOXES, MongoDirectory, MongoMandates, upgrade
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.settings import load

OPERATOR = {"id": "operator", "roles": [{"role": "admin", "municipality": "*"}]}
DATABASE = "imigr.directory.database"
"""Key of the database in the context of a command."""
HELP = "The directory on the command line. Run as ``python -m imigr_directory.cli``."


@click.group(help=HELP)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    if "--help" in sys.argv:
        return  # whoever reads on needs no settings and no database
    settings = load(DirectorySettings, os.environ)
    db = connect(settings)
    indexes = [*INDEXES, *FEED_INDEXES, *FEEDBACK_INDEXES, *PACK_INDEXES, *BROCHURE_INDEXES]
    ensure_indexes(db, [*indexes, *(INDEX(name) for name in OUTBOXES)])
    upgrade(db)
    context.meta[DATABASE] = db
    context.obj = MongoDirectory(db, Stamp("directory", settings.instance, SystemClock(), new_id))


def act() -> Act:
    """The operator, now."""
    return Act("operator", SystemClock().now().isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def desk_of(directory: MongoDirectory) -> Desk:
    """The use cases of records; running services notice a change by themselves."""
    return Desk(directory, directory.records, MongoMandates(directory.db), SystemClock(), lambda: None, fits)


def watch_of(directory: MongoDirectory) -> Watch:
    """The use cases of links."""
    links = MongoLinks(directory.db, directory.stamp)
    return Watch(directory.records, links, look, SystemClock())


def command() -> Command:
    """A command that is given once."""
    return Command(new_id(), "")
