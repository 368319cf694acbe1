"""Makes the editions that are other ones now. Run as ``python -m imigr_directory.press``; the service does so."""

from __future__ import annotations

import logging
import os
import sys

import click

from imigr_directory.brochure.domain import Edition
from imigr_directory.brochure.handlers import next_edition
from imigr_directory.brochure.model import Content
from imigr_directory.brochure.rendering import page, text
from imigr_directory.brochure.storage import MongoBrochures
from imigr_directory.editions.entries import Town
from imigr_directory.editions.hours import hours_lines
from imigr_directory.packs.handlers import build_packs
from imigr_directory.packs.storage import MongoPacks
from imigr_directory.press.state import MongoPress
from imigr_directory.press.towns import towns
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


class Round:
    """One round of the press over all towns."""

    def __init__(self, settings: DirectorySettings, owner: str) -> None:
        db, self.clock = connect(settings), SystemClock()
        stamp = Stamp("directory", settings.instance, self.clock, new_id)
        self.press, self.packs, self.brochures = MongoPress(db), MongoPacks(db, stamp), MongoBrochures(db, stamp)
        self.directory = MongoDirectory(db, stamp)
        self._owner, self._parent = owner, os.getppid()
        self._kept: dict[object, str] = {}

    def stay(self) -> None:
        """Keep the press; leave when it was given to somebody else, or when the service has gone."""
        if os.getppid() != self._parent or not self.press.take(self._owner, self.clock.now()):
            sys.exit(BUSY)

    def make(self, *, with_brochures: bool) -> None:
        """All packs, then all brochures."""
        wishes, found = self.press.state().wishes, towns(self.directory)
        as_of = min((town.as_of for town in found), default=0)
        for town in found:
            self.stay()
            for head in build_packs(self.packs, town, hours_lines, self.clock.now(), self._kept):
                log.info("pack.published", municipality=head.municipality, language=head.language, octets=head.br_size)
        self.press.note(packs_as_of=as_of)
        if with_brochures:
            for town in found:
                for language in town.languages:
                    self._print(town, language)
            self.brochures.sweep(self.clock.now())
            self.press.note(brochures_as_of=as_of, met=wishes)

    def _print(self, town: Town, language: str) -> None:
        self.stay()
        made = next_edition(self.brochures, town, language, hours_lines, self.clock.now().date(), printed)
        if made is not None:
            log.info("brochure.published", municipality=town.slug, language=language, number=made.number)


def printed(content: Content, edition: Edition) -> tuple[dict[str, bytes], int]:
    """The three forms of a brochure, and its pages."""
    # Only when there is something to print: it costs a second and 40 MB.
    from imigr_directory.brochure.printing import pdf

    html = page(content, edition)
    made, pages = pdf(html)
    return {"pdf": made, "html": html.encode(), "txt": text(content, edition).encode()}, pages


@click.command(help=__doc__)
@click.option("--owner", default=lambda: f"by-hand:{os.getpid()}", help="Who takes the press.")
@click.option("--brochures", is_flag=True, help="Print brochures too.")
def main(owner: str, *, brochures: bool) -> None:
    """One round."""
    os.nice(NICENESS)
    settings = load(DirectorySettings, os.environ)
    logs.configure(f"{settings.rpc_name}-press", settings.log_level)
    for noisy in ("weasyprint", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    work = Round(settings, owner)
    if not work.press.take(owner, work.clock.now()):
        sys.exit(BUSY)
    try:
        work.make(with_brochures=brochures)
    finally:
        work.press.leave(owner)


if __name__ == "__main__":
    main()
