"""Commands of an operator for the waiting room, the waiting list, orientation, figures and paper.

Each command is one method of the service with its fields as options, run on the same database under the same rules; who
gives it stands as ``operator`` in what is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from marshmallow import Schema, ValidationError, fields

from imigr_guichet.building import assemble
from imigr_guichet.schemas import figures, orientation, paper, tickets, waiting_list
from imigr_guichet.service.figures import FiguresMethods
from imigr_guichet.service.orientation import OrientationMethods
from imigr_guichet.service.paper import PaperMethods
from imigr_guichet.service.visits import INDEXES, Visits, make_visits
from imigr_guichet.service.waiting_list import WaitingListMethods
from imigr_guichet.service.waiting_room import WaitingRoomMethods
from imigr_guichet.settings import GuichetSettings
from imigr_kit.clock import SystemClock
from imigr_kit.commands import hidden
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.secret import Secret
from imigr_kit.settings import load

OPERATOR = {"id": "operator", "kind": "staff", "roles": [{"municipality": "*", "role": "admin"}]}
SECRETS = {"token_hash": "t", "manage_hash": "o"}
"""Fields that hold the hash of a link: the command draws the link and prints it."""
GIVEN = frozenset({"actor", "idempotency_key", *SECRETS})

METHODS: dict[str, tuple[str, Schema]] = {
    "take-ticket": ("take_ticket", tickets.TAKE_TICKET),
    "note-demand": ("note_demand", tickets.NOTE_DEMAND),
    "call-next": ("call_next", tickets.CALL_NEXT),
    "step-ticket": ("step_ticket", tickets.STEP_TICKET),
    "list-tickets": ("list_tickets", tickets.LIST_TICKETS),
    "list-waiting": ("list_waiting", waiting_list.LIST_WAITING),
    "record-orientation": ("record_orientation", orientation.RECORD_ORIENTATION),
    "get-orientation": ("get_orientation", orientation.ONE_ORIENTATION),
    "list-follow-ups": ("list_follow_ups", orientation.LIST_FOLLOW_UPS),
    "close-follow-up": ("close_follow_up", orientation.CLOSE_FOLLOW_UP),
    "propose-referral": ("propose_referral", orientation.PROPOSE_REFERRAL),
    "agree-referral": ("agree_referral", orientation.AGREE_REFERRAL),
    "send-referral": ("send_referral", orientation.SEND_REFERRAL),
    "step-referral": ("step_referral", orientation.STEP_REFERRAL),
    "list-referrals": ("list_referrals", orientation.LIST_REFERRALS),
    "get-figures": ("get_figures", figures.GET_FIGURES),
    "get-slip": ("get_slip_for_visitor", paper.SLIP_FOR_VISITOR),
    "check-in": ("check_in", paper.CHECK_IN),
    "offline-day": ("list_for_day", paper.LIST_FOR_DAY),
    "merge-day": ("merge_day", paper.MERGE_DAY),
}
"""Command, method of the service, and what it takes."""


@dataclass(frozen=True)
class _App:
    visits: Visits


class Methods(WaitingRoomMethods, WaitingListMethods, OrientationMethods, FiguresMethods, PaperMethods):
    """The service's methods without its wire."""

    def __init__(self, visits: Visits, key: Secret[bytes]) -> None:
        self.app = _App(visits)
        self.key = key


def open_methods() -> Methods:
    """The methods on the database that the environment names."""
    settings = load(GuichetSettings, os.environ)
    db, clock = connect(settings), SystemClock()
    ensure_indexes(db, INDEXES)
    stamp = Stamp("guichet", settings.instance, clock, new_id)
    office = assemble(db, stamp, clock, new_id, settings.key).office
    return Methods(make_visits(db, stamp, clock, new_id, settings.key, office), settings.command_key)


def commands() -> list[click.Command]:
    """One command for each method."""
    return [_command(name, method, schema) for name, (method, schema) in METHODS.items()]


def _command(name: str, method: str, schema: Schema) -> click.Command:
    told = {field: shape for field, shape in schema.fields.items() if field not in GIVEN}
    options: list[click.Parameter] = [_option(field, shape) for field, shape in told.items()]
    if "idempotency_key" in schema.fields:
        options.append(click.Option(["--key"], help="Idempotency key; a fresh one unless given."))

    def run(key: str | None = None, **given: Any) -> None:
        links = {field: _link(letter) for field, letter in SECRETS.items() if field in schema.fields}
        payload = {field: value for field, value in given.items() if value not in (None, ())}
        payload = {field: list(value) if isinstance(value, tuple) else value for field, value in payload.items()}
        payload |= {field: hashlib.sha256(secret.encode()).hexdigest() for field, secret in links.items()}
        payload |= {"actor": OPERATOR} if "actor" in schema.fields else {}
        if "idempotency_key" in schema.fields:
            payload["idempotency_key"] = key or str(uuid.uuid4())
        methods = open_methods()
        answer = _asked(getattr(methods, method), hidden(payload, methods.key))
        for secret in links.values():
            answer["link"] = f"{payload.get('municipality', '')}.{secret}"
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))

    about = str(getattr(Methods, method).__doc__)
    return click.Command(name, params=options, callback=run, help=about)


def _option(field: str, shape: fields.Field[Any]) -> click.Parameter:
    name = f"--{field.replace('_', '-')}"
    if isinstance(shape, fields.Boolean):
        return click.Option([name, field], is_flag=True)
    if isinstance(shape, fields.List) and isinstance(shape.inner, fields.Nested):
        help_text = "JSON file with a list of them, as the API takes it."
        return click.Option([name, field], required=True, callback=_read, help=help_text)
    many = isinstance(shape, fields.List)
    return click.Option([name, field], required=shape.required, multiple=many)


def _read(_context: click.Context, _option: click.Parameter, value: str) -> Any:
    try:
        content = json.loads(Path(value).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"cannot be read as JSON ({type(error).__name__})") from error
    return content


def _asked(method: Callable[..., dict[str, Any]], payload: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(method(**payload))
    except ValidationError as error:
        raise click.ClickException(json.dumps(error.messages, ensure_ascii=False)) from error
    except ImigrError as error:
        raise click.ClickException(f"{error.code} {json.dumps(error.params, ensure_ascii=False)}") from error


def _link(letter: str) -> str:
    return f"{letter}-{secrets.token_urlsafe(16)}"
