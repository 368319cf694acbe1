"""Commands for packs and brochures: have them made, see what there is, fetch a file."""

from __future__ import annotations

import subprocess
import sys
from typing import BinaryIO

import click

from imigr_directory.brochure import handlers as brochure_handlers
from imigr_directory.brochure.domain import FORMS
from imigr_directory.brochure.storage import MongoBrochures
from imigr_directory.packs import handlers as pack_handlers
from imigr_directory.packs.codec import text_of
from imigr_directory.packs.storage import MongoPacks
from imigr_directory.press.tending import BUSY
from imigr_directory.storage import MongoDirectory
from imigr_kit.errors import ImigrError

MINUTES = 15


@click.group()
def editions() -> None:
    """Offline packs and brochures of every town and language."""


@editions.command()
@click.option("--brochures", is_flag=True, help="Brochures too, which takes minutes.")
def build(*, brochures: bool) -> None:
    """Make now what is another one now; what has not changed stays as it is."""
    words = [sys.executable, "-m", "imigr_directory.press", *(["--brochures"] if brochures else [])]
    code = subprocess.run(words, check=False, timeout=MINUTES * 60).returncode
    if code:
        why = "somebody else is at the press; look again in a minute" if code == BUSY else "it failed"
        raise click.ClickException(why)


@editions.command("list")
@click.option("--municipality", help="Slug; all towns when none.")
@click.pass_obj
def list_(directory: MongoDirectory, municipality: str | None) -> None:
    """The present packs, and the last twenty brochures with what each has changed."""
    for head in MongoPacks(directory.db, directory.stamp).heads(municipality):
        sizes = f"br {head.br_size}  gzip {head.gz_size}  text {head.size}"
        click.echo(f"pack      {head.municipality:12} {head.language:4} no {head.number:<5} {head.name}  {sizes}")
    for one in MongoBrochures(directory.db, directory.stamp).editions(municipality, None, 20):
        changes = one.changes
        counts = f"+{len(changes.added)} ~{len(changes.changed)} -{len(changes.removed)}"
        shown = f"{one.issued_on}  {one.pages} pages  {counts}"
        click.echo(f"brochure  {one.municipality:12} {one.language:4} no {one.number:<5} {shown}")


@editions.command("pack")
@click.argument("municipality")
@click.argument("language")
@click.argument("file", type=click.File("wb"))
@click.pass_obj
def pack_(directory: MongoDirectory, municipality: str, language: str, file: BinaryIO) -> None:
    """Write the present pack of a town and language to FILE, as the JSON that clients unpack."""
    packs = MongoPacks(directory.db, directory.stamp)
    try:
        head = pack_handlers.manifest(packs, _towns(directory), municipality, language, None).head
        file.write(text_of(pack_handlers.pack(packs, head.name)).encode())
    except ImigrError as error:
        raise click.ClickException(error.code) from error


@editions.command("brochure")
@click.argument("municipality")
@click.argument("language")
@click.argument("form", type=click.Choice(tuple(FORMS)))
@click.argument("file", type=click.File("wb"))
@click.option("--number", type=int, help="Of an earlier edition; the latest when none.")
@click.pass_obj
def brochure_(
    directory: MongoDirectory, municipality: str, language: str, form: str, file: BinaryIO, number: int | None
) -> None:
    """Write the brochure of a town and language to FILE."""
    brochures = MongoBrochures(directory.db, directory.stamp)
    try:
        edition = brochure_handlers.get_edition(brochures, _towns(directory), municipality, language, number)
        offset, size = 0, 1
        while offset < size:
            part, size = brochure_handlers.read_file(brochures, edition, form, offset)
            file.write(part)
            offset += len(part)
    except ImigrError as error:
        raise click.ClickException(error.code) from error


def _towns(directory: MongoDirectory) -> set[str]:
    return {one.slug for one in directory.municipalities()}
