"""Commands that are the service's own methods, run on this machine: the same shapes, rules and answers as by HTTP;
part of ``python -m imigr_events.cli``. Each prints JSON."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from marshmallow import ValidationError

from imigr_events.cli_attending import MUNICIPALITY, OPERATOR, OnServer
from imigr_events.domain.attendance import Mistake
from imigr_events.domain.certificates import Below, Withdrawn
from imigr_events.handlers.deciding import REASONS
from imigr_events.service.app import App, build
from imigr_events.service.certificates import CertificateMethods
from imigr_events.service.door import DoorMethods
from imigr_events.service.pathways import PathwayMethods
from imigr_events.service.staff import StaffMethods
from imigr_kit.commands import hidden
from imigr_kit.errors import ImigrError

EVENT = click.argument("event_id")
REGISTRATION = click.argument("registration")
"""By its id or its spoken reference."""
VERSION = click.option("--version", type=int, required=True, help="The version that was read; another is refused.")
FILE = click.argument("file", type=click.File(encoding="utf-8"))
"""JSON as in the body of the HTTP request; - reads standard input."""
KEY = click.option("--key", help="Idempotency key: the same key and command give the same answer.")
DAY = click.DateTime(formats=["%Y-%m-%d"])


class Here(StaffMethods, DoorMethods, CertificateMethods, PathwayMethods):
    """The service's methods without a broker."""

    def __init__(self) -> None:
        around = OnServer()
        self.key = around.settings.command_key
        self.app: App = build(around)


@contextmanager
def told() -> Iterator[None]:
    """A refusal as its code and fields, with exit code 1."""
    try:
        yield
    except ImigrError as error:
        fields = "".join(f"\n  {one.path}: {one.code} {one.message}" for one in error.fields)
        raise click.ClickException(f"{error.code} {json.dumps(error.params)}{fields}") from error
    except ValidationError as error:
        raise click.ClickException(f"events.invalid_input {json.dumps(error.messages)}") from error


def read(method: str, **payload: Any) -> None:
    """Ask, and print the answer."""
    with told():
        here = Here()
        answer = getattr(here, method)(actor=OPERATOR, **hidden(payload, here.key))
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def write(method: str, key: str | None, **payload: Any) -> None:
    """A command under a key, a drawn one unless one is given."""
    read(method, idempotency_key=key or f"cli:{secrets.token_hex(16)}", **payload)


@click.command("own")
@MUNICIPALITY
@click.option("--page", type=int, default=1, show_default=True)
def own(municipality: str, page: int) -> None:
    """Events of a town in any state, the latest first."""
    read("list_own_events", municipality=municipality, page=page)


@click.command("create")
@FILE
@KEY
def create(file: Any, key: str | None) -> None:
    """Store the event in FILE as a draft."""
    write("create_event", key, event=json.load(file))


@click.command("edit")
@EVENT
@FILE
@VERSION
@KEY
def edit(event_id: str, file: Any, version: int, key: str | None) -> None:
    """Change what FILE says; every registrant is told of another time or place."""
    write("edit_event", key, event_id=event_id, version=version, changes=json.load(file))


@click.command("add-session")
@EVENT
@FILE
@VERSION
@KEY
def add_session(event_id: str, file: Any, version: int, key: str | None) -> None:
    """One more session, or one more date of a series."""
    write("add_session", key, event_id=event_id, version=version, session=json.load(file))


@click.command("change-session")
@EVENT
@click.argument("session_id")
@FILE
@VERSION
@KEY
def change_session(event_id: str, session_id: str, file: Any, version: int, key: str | None) -> None:
    """Another time, room, title or number of places; those registered for it are told."""
    more = {"session_id": session_id, "version": version, "session": json.load(file)}
    write("change_session", key, event_id=event_id, **more)


@click.command("cancel-session")
@EVENT
@click.argument("session_id")
@VERSION
@click.confirmation_option(prompt="Those registered for it will be told. Call it off?")
@KEY
def cancel_session(event_id: str, session_id: str, version: int, key: str | None) -> None:
    """Call one session off; the others take place."""
    write("cancel_session", key, event_id=event_id, session_id=session_id, version=version)


@click.command("register-for")
@EVENT
@MUNICIPALITY
@click.option("--places", type=click.IntRange(1, 4), default=1, show_default=True)
@click.option("--session", "sessions", multiple=True, help="Where sessions are chosen; may be repeated.")
@KEY
def register_for(event_id: str, municipality: str, places: int, sessions: tuple[str, ...], key: str | None) -> None:
    """Register somebody without a contact; the reference that is printed goes on paper."""
    more = {"places": places, "sessions": list(sessions), "manage_hash": secrets.token_hex(32)}
    write("register_for", key, municipality=municipality, event_id=event_id, **more)


def _decision(name: str, method: str, help_text: str, *options: Callable[..., Any]) -> click.Command:
    """A command on one registration."""

    def decide(event_id: str, registration: str, municipality: str, key: str | None, **more: Any) -> None:
        ids = {"municipality": municipality, "event_id": event_id, "registration_id": registration}
        write(method, key, **ids, **more)

    for option in (KEY, *reversed(options), MUNICIPALITY, REGISTRATION, EVENT):
        decide = option(decide)
    return click.command(name, help=help_text)(decide)


DECISIONS = (
    _decision("approve", "approve_registration", "Confirm a registration that waits for a decision."),
    _decision(
        "reject",
        "reject_registration",
        "Refuse a registration that waits for a decision.",
        click.option("--reason", type=click.Choice(list(REASONS)), required=True),
    ),
    _decision("cancel-registration", "cancel_registration_for", "Give a registration up for somebody who asks."),
    _decision(
        "no-show",
        "mark_no_show",
        "Somebody did not come.",
        click.option("--undo", is_flag=True, help="That was a mistake."),
    ),
    _decision(
        "merge",
        "merge_registrations",
        "Two registrations of one group become one.",
        click.option("--other", "other_id", required=True, help="Id of the one that ends."),
    ),
)


@click.command("scans")
@EVENT
@MUNICIPALITY
@FILE
def scans(event_id: str, municipality: str, file: Any) -> None:
    """What a device saw: a JSON list of looks. Telling it again is harmless."""
    read("record_scans", municipality=municipality, event_id=event_id, scans=json.load(file))


@click.command("correct-entry")
@EVENT
@MUNICIPALITY
@click.option("--session", "session_id", default="main", show_default=True)
@click.option("--reference", help="Of the registration.")
@click.option("--scan", "scan_id", help="Instead of a reference.")
@click.option("--people", type=int, required=True, help="How many came in truth; 0: nobody.")
@click.option("--reason", type=click.Choice([str(one) for one in Mistake]), required=True)
@KEY
def correct_entry(event_id: str, municipality: str, key: str | None, **wrong: Any) -> None:
    """Make a check-in right, on its day."""
    write("correct_attendance", key, municipality=municipality, event_id=event_id, **wrong)


@click.command("set-certificate-rule")
@EVENT
@MUNICIPALITY
@click.option("--minimum-percent", type=int, required=True, help="Share of sessions.")
@click.option("--below", type=click.Choice([str(one) for one in Below]), default="refuse", show_default=True)
@click.option("--version", type=int, default=0, show_default=True, help="Of the rule that was seen; 0: none.")
@KEY
def set_certificate_rule(event_id: str, municipality: str, key: str | None, **rule: Any) -> None:
    """From which share of its sessions an event certifies."""
    write("set_certificate_rule", key, municipality=municipality, event_id=event_id, **rule)


@click.command("revoke-certificate")
@click.argument("number")
@MUNICIPALITY
@click.option("--reason", type=click.Choice([str(one) for one in Withdrawn]), required=True)
@click.confirmation_option(prompt="It cannot be given back. Revoke it?")
@KEY
def revoke_certificate(number: str, municipality: str, reason: str, key: str | None) -> None:
    """A certificate holds no longer, for good."""
    write("revoke_certificate", key, municipality=municipality, number=number, reason=reason)


@click.command("revoked-certificates")
@MUNICIPALITY
def revoked_certificates(municipality: str) -> None:
    """Numbers of revoked certificates, signed, as a file for devices without a network."""
    click.echo(json.dumps(Here().revoked_certificates(municipality=municipality)))


@click.command("pathway")
@click.argument("pathway_id")
@MUNICIPALITY
def pathway(pathway_id: str, municipality: str) -> None:
    """One pathway with its courses."""
    read("get_pathway", municipality=municipality, pathway_id=pathway_id)


@click.command("create-pathway")
@FILE
@MUNICIPALITY
@KEY
def create_pathway(file: Any, municipality: str, key: str | None) -> None:
    """Plan the pathway in FILE."""
    write("create_pathway", key, municipality=municipality, pathway=json.load(file))


@click.command("change-pathway")
@click.argument("pathway_id")
@FILE
@VERSION
@KEY
def change_pathway(pathway_id: str, file: Any, version: int, key: str | None) -> None:
    """Plan it anew."""
    write("change_pathway", key, pathway_id=pathway_id, version=version, pathway=json.load(file))


@click.command("coaching-done")
@click.argument("pathway_id")
@click.argument("coaching_id")
@click.option("--on", "day", type=DAY, required=True)
@VERSION
@KEY
def coaching_done(pathway_id: str, coaching_id: str, day: datetime, version: int, key: str | None) -> None:
    """A coaching day took place."""
    named = {"pathway_id": pathway_id, "coaching_id": coaching_id, "version": version}
    write("note_coaching", key, done_on=f"{day:%Y-%m-%d}", **named)


METHOD_COMMANDS = (
    own, create, edit, add_session, change_session, cancel_session, register_for, *DECISIONS, scans, correct_entry,
    set_certificate_rule, revoke_certificate, revoked_certificates, pathway, create_pathway, change_pathway,
    coaching_done,
)  # fmt: skip
