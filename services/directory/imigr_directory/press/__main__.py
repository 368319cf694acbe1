"""Makes the editions that are other ones now. Run as ``python -m imigr_directory.press``; the service does so."""

from __future__ import annotations

import os
import sys

import click

from imigr_directory.packs.handlers import build_packs
from imigr_directory.packs.storage import MongoPacks
from imigr_directory.press.state import MongoPress
from imigr_directory.press.towns import hours, towns
from imigr_directory.settings import DirectorySettings
from imigr_directory.storage import MongoDirectory
from imigr_kit import logs
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect
from imigr_kit.settings import load

log = logs.get_logger(__name__)

NICENESS = 15
"""Readers and bookings come first."""
BUSY = 3
"""Exit code: somebody else is at the press, or nobody waits for it any more."""


@click.command(help=__doc__)
@click.option("--owner", default=lambda: f"by-hand:{os.getpid()}", help="Who takes the press.")
def main(owner: str) -> None:
    """One round."""
    os.nice(NICENESS)
    parent = os.getppid()
    settings = load(DirectorySettings, os.environ)
    logs.configure(f"{settings.rpc_name}-press", settings.log_level)
    db, clock = connect(settings), SystemClock()
    stamp = Stamp("directory", settings.instance, clock, new_id)
    press, packs = MongoPress(db), MongoPacks(db, stamp)
    if not press.take(owner, clock.now()):
        sys.exit(BUSY)
    try:
        wishes, found = press.state().wishes, towns(MongoDirectory(db, stamp))
        kept: dict[object, str] = {}
        for town in found:
            if os.getppid() != parent or not press.take(owner, clock.now()):
                sys.exit(BUSY)
            for head in build_packs(packs, town, hours, clock.now(), kept):
                log.info("pack.published", municipality=head.municipality, language=head.language, octets=head.br_size)
        press.note(packs_as_of=min((town.as_of for town in found), default=0), met=wishes)
    finally:
        press.leave(owner)


if __name__ == "__main__":
    main()
