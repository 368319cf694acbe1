"""Commands for doors, certificates, pathways and partners' calendars; part of ``python -m imigr_events.cli``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from pymongo.database import Database

from imigr_events import partner_calendar
from imigr_events.fetching import NotFetched, fetch
from imigr_events.handlers import certifying, door, importing, pathways
from imigr_events.schemas import pathways as pathway_schemas
from imigr_events.schemas import rule_out
from imigr_events.schemas.importing import offers
from imigr_events.service.app import App, build
from imigr_events.settings import EventsSettings
from imigr_events.storage import (
    ATTENDANCE,
    ATTENDANCE_INDEXES,
    CERTIFICATE_INDEXES,
    CERTIFICATES,
    EVENTS,
    INDEXES,
    PATHWAY_INDEXES,
    PATHWAYS,
)
from imigr_kit.clock import Clock, SystemClock
from imigr_kit.events import Stamp
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId, new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.settings import load

OPERATOR = {"id": "cli", "kind": "operator", "roles": [{"municipality": "*", "role": "admin"}]}
"""Who runs the command line on the server may do everything."""
MUNICIPALITY = click.option("--municipality", required=True, help="Slug, such as la-marsa.")


class OnServer:
    """The database and clock of this machine; events are left in outboxes for the running service to send."""

    def __init__(self) -> None:
        self.settings: Any = load(EventsSettings, os.environ)
        self.db: Database[dict[str, Any]] = connect(self.settings)
        self.clock: Clock = SystemClock()
        self.new_id: NewId = new_id
        self._stamp = Stamp("events", self.settings.instance, self.clock, new_id)
        indexes = [*INDEXES, *ATTENDANCE_INDEXES, *CERTIFICATE_INDEXES, *PATHWAY_INDEXES]
        ensure_indexes(self.db, [*indexes, *map(INDEX, (EVENTS, ATTENDANCE, CERTIFICATES, PATHWAYS))])

    def stamp(self, facts: Iterable[Fact]) -> list[dict[str, Any]]:
        """Envelopes for an outbox."""
        return self._stamp(facts)


@click.command("import-calendar")
@click.argument("source")
@MUNICIPALITY
@click.option("--organiser", required=True, help="Whose calendar it is, as the agenda will say.")
@click.option("--language", default="fr", help="Language of texts that do not say theirs.")
@click.option("--place", default="", help="Place of events that name none.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--allow-private-address", is_flag=True, help="The partner is in the same network.")
def import_calendar(
    source: str,
    municipality: str,
    organiser: str,
    language: str,
    place: str,
    dry_run: bool,
    allow_private_address: bool,
) -> None:
    """Bring in a partner's calendar from SOURCE, a file or an http(s) address; doing it again changes nothing."""
    try:
        raw = _raw(source, allow_private_address)
        read = partner_calendar.read(raw, partner_calendar.Source(municipality, organiser, language, place=place))
    except (NotFetched, partner_calendar.NotACalendar, OSError) as error:
        raise click.ClickException(f"cannot be read: {error}") from None
    offered, refused = offers(read)
    told = importing.import_calendar(_app().importer, OPERATOR, municipality, offered, refused, is_trial=dry_run)
    _say(told | {"dropped": dict(read.dropped)})


@click.command("keys")
def keys() -> None:
    """Public keys of tickets and certificates, as a file for devices without a network."""
    _say({"algorithm": "Ed25519", "keys": _app().door.signer.public_keys()})


@click.command("attendance")
@click.argument("event_id")
@MUNICIPALITY
def attendance(event_id: str, municipality: str) -> None:
    """Who came to an event, in numbers, and tickets that were shown more than once."""
    _say(door.get_attendance(_app().door, OPERATOR, municipality, event_id))


@click.command("cancelled-tickets")
@click.argument("event_id")
def cancelled_tickets(event_id: str) -> None:
    """Tickets that no longer open the doors of an event, as a file for devices without a network."""
    _say(door.cancelled_tickets(_app().door, event_id))


@click.command("certificate-rule")
@click.argument("event_id")
@MUNICIPALITY
def certificate_rule(event_id: str, municipality: str) -> None:
    """From which share of its sessions an event certifies, and how many certificates it has issued."""
    rule, issued = certifying.get_rule(_app().registry, OPERATOR, municipality, event_id)
    _say(rule_out(rule, event_id, issued))


@click.command("pathways")
@MUNICIPALITY
def list_pathways(municipality: str) -> None:
    """Training pathways of a town."""
    found = pathways.list_pathways(_app().school, OPERATOR, municipality)
    _say({"items": [pathway_schemas.pathway_out(one) for one in found]})


@click.command("evaluation")
@click.argument("pathway_id")
@MUNICIPALITY
def evaluation(pathway_id: str, municipality: str) -> None:
    """Counted answers of those who took part; small counts are hidden."""
    _say(pathways.evaluation_results(_app().school, OPERATOR, municipality, pathway_id))


COMMANDS = (import_calendar, keys, attendance, cancelled_tickets, certificate_rule, list_pathways, evaluation)


def _app() -> App:
    return build(OnServer())


def _raw(source: str, allow_private: bool) -> bytes:
    if source.startswith(("http://", "https://")):
        return fetch(source, allow_private=allow_private)
    if source == "-":
        return sys.stdin.buffer.read(partner_calendar.MOST_OCTETS + 1)
    with Path(source).open("rb") as file:
        return file.read(partner_calendar.MOST_OCTETS + 1)


def _say(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
