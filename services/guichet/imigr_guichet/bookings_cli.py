"""Commands of an operator for slots, appointments, the plan, absences, sessions and calendars.

Each command is one method of the service with its fields as options, run on the same database under the same rules; who
gives it stands as ``operator`` in the audit line.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import uuid
from pathlib import Path
from typing import Any

import click
from marshmallow import Schema, ValidationError, fields

from imigr_guichet.building import Bookings, assemble
from imigr_guichet.schemas import appointments, guichets, plans
from imigr_guichet.service.agenda import AgendaMethods
from imigr_guichet.service.plans import PlanMethods
from imigr_guichet.service.slots import SlotMethods
from imigr_guichet.settings import GuichetSettings
from imigr_guichet.storage.collections import INDEXES
from imigr_kit.clock import SystemClock
from imigr_kit.commands import hidden
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.secret import Secret
from imigr_kit.settings import load

OPERATOR = {"id": "operator", "kind": "staff", "roles": [{"municipality": "*", "role": "admin"}]}
SECRETS = {"manage_hash": "a", "secret_hash": "f"}
"""Fields that hold the hash of a link: the command draws the link and prints it."""
GIVEN = frozenset(
    {
        "actor",
        "idempotency_key",
        "contact_id",
        "contact_key",
        "contact_keys_before",
        "client_key",
        "network_key",
        "device_key",
        "proof",
        *SECRETS,
    }
)

METHODS: dict[str, tuple[str, Schema]] = {
    "list-slots": ("list_slots", guichets.LIST_SLOTS),
    "search-slots": ("search_slots", guichets.SEARCH_SLOTS),
    "list-appointments": ("list_appointments", appointments.AGENDA),
    "find-appointment": ("find_appointment", appointments.BY_REFERENCE),
    "book": ("book_for_visitor", appointments.BOOK_FOR_VISITOR),
    "overbook": ("overbook", appointments.BOOK_FOR_VISITOR),
    "take-step": ("take_step", appointments.TAKE_STEP),
    "cancel": ("cancel_for_service", appointments.CANCEL_FOR_SERVICE),
    "move": ("move_for_visitor", appointments.STAFF_MOVE),
    "get-plan": ("get_plan", plans.OF_GUICHET),
    "preview-plan": ("preview_plan", plans.PREVIEW_PLAN),
    "change-plan": ("change_plan", plans.CHANGE_PLAN),
    "register-absence": ("register_absence", plans.REGISTER_ABSENCE),
    "withdraw-absence": ("withdraw_absence", plans.WITHDRAW_ABSENCE),
    "worklist": ("worklist", plans.OF_GUICHET),
    "plan-session": ("plan_session", plans.PLAN_SESSION),
    "resize-session": ("resize_session", plans.RESIZE_SESSION),
    "cancel-session": ("cancel_session", plans.CHANGE_SESSION),
    "set-calendar": ("set_calendar", plans.SET_CALENDAR),
    "open-feed": ("open_feed", plans.OPEN_FEED),
}
"""Command, method of the service, and what it takes."""


class Methods(SlotMethods, AgendaMethods, PlanMethods):
    """The service's methods without its wire."""

    def __init__(self, bookings: Bookings, key: Secret[bytes]) -> None:
        self.app = bookings
        self.key = key


def open_methods() -> Methods:
    """The methods on the database that the environment names."""
    settings = load(GuichetSettings, os.environ)
    db, clock = connect(settings), SystemClock()
    ensure_indexes(db, INDEXES)
    stamp = Stamp("guichet", settings.instance, clock, new_id)
    return Methods(assemble(db, stamp, clock, new_id, settings.key), settings.command_key)


def commands() -> list[click.Command]:
    """One command for each method."""
    return [_command(name, method, schema) for name, (method, schema) in METHODS.items()]


def _command(name: str, method: str, schema: Schema) -> click.Command:
    told = {field: shape for field, shape in schema.fields.items() if field not in GIVEN}
    options: list[click.Parameter] = [_option(field, shape) for field, shape in told.items()]
    if "idempotency_key" in schema.fields:
        options.append(click.Option(["--key"], help="Idempotency key; a fresh one unless given."))

    def run(key: str | None = None, **given: Any) -> None:
        links = {field: f"{letter}-{secrets.token_urlsafe(16)}" for field, letter in SECRETS.items()}
        links = {field: secret for field, secret in links.items() if field in schema.fields}
        payload = {field: value for field, value in given.items() if value not in (None, ())}
        payload = {field: list(value) if isinstance(value, tuple) else value for field, value in payload.items()}
        payload |= {field: hashlib.sha256(secret.encode()).hexdigest() for field, secret in links.items()}
        payload |= {"actor": OPERATOR} if "actor" in schema.fields else {}
        if "idempotency_key" in schema.fields:
            payload["idempotency_key"] = key or str(uuid.uuid4())
        answer = _asked(method, payload)
        for secret in links.values():
            answer["link"] = f"{payload.get('municipality', '')}.{secret}"
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))

    return click.Command(name, params=options, callback=run, help=str(getattr(Methods, method).__doc__))


def _option(field: str, shape: fields.Field[Any]) -> click.Parameter:
    name = f"--{field.replace('_', '-')}"
    if isinstance(shape, fields.Boolean):
        return click.Option([name, field], is_flag=True)
    if isinstance(shape, fields.Integer | fields.Float):
        kind = int if isinstance(shape, fields.Integer) else float
        return click.Option([name, field], required=shape.required, type=kind)
    nested = isinstance(shape, fields.List) and isinstance(shape.inner, fields.Nested)
    if nested or isinstance(shape, fields.Nested | fields.Dict):
        help_text = "JSON file, as the API takes it."
        return click.Option([name, field], required=shape.required, callback=_read, help=help_text)
    return click.Option([name, field], required=shape.required, multiple=isinstance(shape, fields.List))


def _read(_context: click.Context, _option: click.Parameter, value: str | None) -> Any:
    if value is None:
        return None
    try:
        return json.loads(Path(value).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"cannot be read as JSON ({type(error).__name__})") from error


def _asked(method: str, payload: dict[str, Any]) -> dict[str, Any]:
    try:
        methods = open_methods()
        return dict(getattr(methods, method)(**hidden(payload, methods.key)))
    except ValidationError as error:
        raise click.ClickException(json.dumps(error.messages, ensure_ascii=False)) from error
    except ImigrError as error:
        paths = [f"{one.path}: {one.message}" for one in error.fields]
        told = json.dumps(error.params, ensure_ascii=False, default=str)
        raise click.ClickException(f"{error.code} {told} {'; '.join(paths)}".strip()) from error
