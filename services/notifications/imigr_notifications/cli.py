"""Command line of notifications; each command says what it does. Run as ``python -m imigr_notifications.cli``."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from imigr_kit import logs
from imigr_kit.chain_head import ChainHead
from imigr_kit.clock import SystemClock
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.settings import load
from imigr_notifications import handlers
from imigr_notifications.bounces import read_bounce
from imigr_notifications.cli_staff import campaigns, messages, rules
from imigr_notifications.cli_texts import contacts, templates
from imigr_notifications.providers import plan_of
from imigr_notifications.senders import named_id
from imigr_notifications.settings import NotificationsSettings
from imigr_notifications.storage import INDEXES, MESSAGES, FileLedger, MongoContacts, MongoMessages, MongoReveals
from imigr_notifications.vault import Vault


@click.group(help=__doc__)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    settings = load(NotificationsSettings, os.environ)
    db = connect(settings)
    vault = Vault(settings.vault_private_key, settings.vault_master_keys, settings.vault_hash_key)
    ensure_indexes(db, [*INDEXES, INDEX(MESSAGES)])
    stamp = Stamp("notifications", settings.instance, SystemClock(), new_id)
    context.obj = (MongoMessages(db, stamp), MongoContacts(db, vault, FileLedger(settings.erasure_ledger)))


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


@cli.command("verify-reveals")
@click.pass_context
def verify_reveals(context: click.Context) -> None:
    """Check the chain of reveals; ends with 1 and the number of the first row that does not hold."""
    found = _reveals().break_at(datetime.now(UTC))
    click.echo("the chain of reveals holds" if found is None else f"row {found} is missing or was changed")
    context.exit(0 if found is None else 1)


@cli.command("accept-reveals")
def accept_reveals() -> None:
    """Keep the last row of the chain as its head, after a backup was restored: later rows are known to be lost."""
    _reveals().accept()
    click.echo("the last row is the head now")


@cli.command("report-url")
@click.argument("provider")
def report_url(provider: str) -> None:
    """Print the address to which a provider (Kannel's dlr-url, an aggregator's callback) reports."""
    settings = load(NotificationsSettings, os.environ)
    vault = Vault(settings.vault_private_key, settings.vault_master_keys, settings.vault_hash_key)
    click.echo(f"{settings.public_url.rstrip('/')}/api/v1/reports/{provider}/{vault.report_token(provider)}")


@cli.command("take-bounce")
@click.pass_obj
def take_bounce(stores: tuple[MongoMessages, MongoContacts]) -> None:
    """Read one mail that came back from standard input; a mail server pipes them here. Other mails are left alone."""
    bounce = read_bounce(sys.stdin.buffer.read())
    providers = plan_of(load(NotificationsSettings, os.environ)).providers
    taken = bounce is not None and handlers.take_bounce(
        stores[0], stores[1], SystemClock(), bounce, [named_id(name, bounce.message_id) for name in providers]
    )
    click.echo("taken" if taken else "not about a mail of ours")


@cli.command("replay-erasures")
@click.pass_obj
def replay_erasures(stores: tuple[MongoMessages, MongoContacts]) -> None:
    """Erase again what IMIGR_ERASURE_LEDGER remembers. The service does the same whenever it starts."""
    click.echo(f"{stores[1].replay(SystemClock().now())} restored contacts erased again")


@cli.command("begin-ledger")
@click.pass_obj
def begin_ledger(stores: tuple[MongoMessages, MongoContacts]) -> None:
    """Make the file that IMIGR_ERASURE_LEDGER names, with all erasures that the database knows of."""
    click.echo(f"{stores[1].begin_ledger()} erasures written into the ledger")


@cli.command()
@click.argument("municipality")
@click.pass_obj
def figures(stores: tuple[MongoMessages, MongoContacts], municipality: str) -> None:
    """How many messages of which kind and channel are in which state."""
    for row in stores[0].figures(municipality):
        click.echo(json.dumps(row, ensure_ascii=False))


def _reveals() -> MongoReveals:
    settings = load(NotificationsSettings, os.environ)
    return MongoReveals(connect(settings), settings.vault_hash_key, head=ChainHead(settings.audit_head))


cli.add_command(rules)
cli.add_command(campaigns)
cli.add_command(messages)
cli.add_command(templates)
cli.add_command(contacts)


if __name__ == "__main__":
    logs.configure("notifications", "WARNING")  # to stderr, so that answers can be piped
    cli(prog_name="python -m imigr_notifications.cli")
