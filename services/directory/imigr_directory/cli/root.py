"""The root of the commands, and what they work with."""

from __future__ import annotations

import os

import click

from imigr_directory.domain import Act
from imigr_directory.settings import DirectorySettings
from imigr_directory.storage import INDEXES, OUTBOXES, MongoDirectory, upgrade
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.settings import load

HELP = "The directory on the command line. Run as ``python -m imigr_directory.cli``."


@click.group(help=HELP)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    settings = load(DirectorySettings, os.environ)
    db = connect(settings)
    ensure_indexes(db, [*INDEXES, *(INDEX(name) for name in OUTBOXES)])
    upgrade(db)
    context.obj = MongoDirectory(db, Stamp("directory", settings.instance, SystemClock(), new_id))


def act() -> Act:
    """The operator, now."""
    return Act("operator", SystemClock().now().isoformat(timespec="milliseconds").replace("+00:00", "Z"))
