"""Checks a ticket without a network or a database: ``python -m imigr_events.check_ticket --help``."""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from imigr_events.domain import tickets
from imigr_events.signing import verify

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(help=__doc__)
@click.argument("ticket")
@click.option("--event", "event_id", required=True, help="Id of the event whose door this is.")
@click.option("--keys", type=FILE, required=True, help="What `cli keys` or GET …/event-keys answered.")
@click.option("--cancelled", type=FILE, required=True, help="What `cli cancelled-tickets` or its route answered.")
def check(ticket: str, event_id: str, keys: Path, cancelled: Path) -> None:
    """Says ``good`` and for how many places, or why not; exit code 1 then."""
    public = {name: base64.b64decode(key) for name, key in json.loads(keys.read_text())["keys"].items()}
    reason = fault(ticket, event_id, public, set(json.loads(cancelled.read_text())["cancelled"]))
    click.echo(reason or f"good, places: {tickets.read(ticket)[0].places}")
    sys.exit(1 if reason else 0)


def fault(text: str, event_id: str, public: dict[str, bytes], cancelled: set[str]) -> str | None:
    """Why the ticket does not open this door; None when it does."""
    try:
        ticket, signature = tickets.read(text)
    except tickets.Unreadable:
        return "unreadable"
    if not verify(public, ticket.key_id, tickets.PURPOSE, ticket.body(), signature):
        return "forged"
    return tickets.fault(ticket, event_id, datetime.now(UTC), cancelled)


if __name__ == "__main__":
    check(prog_name="python -m imigr_events.check_ticket")
