"""Command line of notifications: seed (indexes), rotate-keys, figures. Run as ``python -m imigr_notifications.cli``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.settings import load
from imigr_notifications.settings import NotificationsSettings
from imigr_notifications.storage import INDEXES, MESSAGES, MongoContacts, MongoMessages
from imigr_notifications.vault import Vault


@click.group(help=__doc__)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    settings = load(NotificationsSettings, os.environ)
    db = connect(settings)
    vault = Vault(settings.vault_private_key, settings.vault_master_keys, settings.vault_hash_key)
    ensure_indexes(db, [*INDEXES, INDEX(MESSAGES)])
    context.obj = (MongoMessages(db, lambda facts: []), MongoContacts(db, vault))


@cli.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
def seed(data: Path) -> None:
    """Ensure the indexes; notifications has no seed data."""
    click.echo("notifications: nothing to seed, indexes are in place")


@cli.command("rotate-keys")
@click.pass_obj
def rotate_keys(stores: tuple[MongoMessages, MongoContacts]) -> None:
    """Bring every contact under the current master key."""
    click.echo(f"{stores[1].rewrap()} contacts re-wrapped")


@cli.command()
@click.argument("municipality")
@click.pass_obj
def figures(stores: tuple[MongoMessages, MongoContacts], municipality: str) -> None:
    """How many messages of which kind and channel are in which state."""
    for row in stores[0].figures(municipality):
        click.echo(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    cli(prog_name="python -m imigr_notifications.cli")
