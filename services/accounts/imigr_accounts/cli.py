"""Command line of accounts: seed, staff, tokens, audit. Run as ``python -m imigr_accounts.cli``."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from marshmallow import ValidationError

from imigr_accounts import handlers
from imigr_accounts.building import build_desk, build_trail
from imigr_accounts.domain import FUNCTIONS, REASONS, ROLES, Grant, Staff, names_a_function, normal_email
from imigr_accounts.errors import EmailTaken
from imigr_accounts.handlers import Desk
from imigr_accounts.ports import Command
from imigr_accounts.schemas import LABEL
from imigr_accounts.settings import AccountsSettings
from imigr_accounts.storage import INDEXES, MACHINES, STAFF, AuditTrail
from imigr_kit.clock import SystemClock
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.secret import Secret
from imigr_kit.settings import load

OPERATOR: dict[str, Any] = {"id": "operator", "kind": "staff", "roles": [{"municipality": "*", "role": "admin"}]}
"""Who has the shell of the machine may do everything; the audit trail says so."""
MUNICIPALITY = click.argument("municipality")
REASON = click.option("--reason", type=click.Choice(REASONS), help="For the audit trail.")
PASSWORD_FILE = click.option(
    "--password-file", type=click.File(encoding="utf-8"), help="Holds the password ('-' reads it); asked for if absent."
)
ROLE_OPTION = click.option("--role", "roles", multiple=True, required=True, help="municipality:role; repeatable.")


@dataclass(frozen=True)
class Tools:
    """What the commands use."""

    desk: Desk
    trail: AuditTrail


@click.group(help=__doc__)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    settings = load(AccountsSettings, os.environ)
    db = connect(settings)
    context.call_on_close(db.client.close)
    ensure_indexes(db, [*INDEXES, INDEX(STAFF), INDEX(MACHINES)])
    clock = SystemClock()
    stamp = Stamp("accounts", settings.instance, clock, new_id)
    context.obj = Tools(build_desk(settings, db, stamp, clock, new_id), build_trail(settings, db, clock))


@cli.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option(
    "--passwords", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="JSON: email to password."
)
@click.option("--municipality", "towns", multiple=True, help="Only staff of these towns, and of all towns.")
@click.pass_obj
def seed(tools: Tools, data: Path, passwords: Path | None, towns: tuple[str, ...]) -> None:
    """Store the staff of DATA/staff.json that are not there yet.

    With a file of passwords, an account that is not in it gets none. Without a file, passwords are made and
    shown this once.
    """
    rows = json.loads((data / "staff.json").read_text(encoding="utf-8"))["staff"]
    known = None if passwords is None else json.loads(passwords.read_text(encoding="utf-8"))
    wanted = [row for row in rows if not towns or {one["municipality"] for one in row["roles"]} & {"*", *towns}]
    fresh = [row for row in wanted if tools.desk.accounts.staff_by_email(normal_email(row["email"])) is None]
    for row in fresh:
        password = secrets.token_urlsafe(15) if known is None else known.get(row["email"])
        _seed_one(tools.desk, row, password)
        if known is None:
            click.echo(f"{row['email']}  {password}")
    click.echo(f"staff: {len(fresh)} new of {len(wanted)}")


@cli.command("add-staff")
@click.argument("email")
@click.option("--display", required=True, help="A function, such as 'Mediator 3, La Marsa'; no person's name.")
@ROLE_OPTION
@PASSWORD_FILE
@click.pass_obj
def add_staff(tools: Tools, email: str, display: str, roles: tuple[str, ...], password_file: Any) -> None:
    """Add a staff account; prints its id."""
    grants = _grants(roles)
    if not names_a_function(display, grants):
        raise click.BadParameter(f"not one of {', '.join(sorted(FUNCTIONS))}, perhaps with a number and a town")
    staff = Staff(new_id(), normal_email(email), display, grants, False, 1)
    with _told():
        handlers.create_staff(
            tools.desk, OPERATOR, grants[0].municipality, staff, _password(password_file), _command(staff.id)
        )
    click.echo(staff.id)


@cli.command("set-password")
@click.argument("email")
@PASSWORD_FILE
@click.pass_obj
def set_password(tools: Tools, email: str, password_file: Any) -> None:
    """Give an account another password."""
    with _told():
        handlers.set_password(tools.desk, OPERATOR, email, _password(password_file))
    click.echo("changed")


@cli.command("list")
@MUNICIPALITY
@click.pass_obj
def list_staff(tools: Tools, municipality: str) -> None:
    """Accounts of MUNICIPALITY; ``*`` for those with a role everywhere."""
    for one in handlers.list_staff(tools.desk, OPERATOR, municipality):
        click.echo(f"{one.id}  {_state(one.disabled, 'disabled')}  {_roles(one.grants)}  {one.email}  {one.display}")


@cli.command("disable")
@MUNICIPALITY
@click.argument("staff_id")
@REASON
@click.pass_obj
def disable(tools: Tools, municipality: str, staff_id: str, reason: str | None) -> None:
    """No further sign-in for an account."""
    with _told():
        handlers.disable_staff(tools.desk, OPERATOR, municipality, staff_id, _command(new_id()), reason or "")
    click.echo("disabled")


@cli.command("add-token")
@click.argument("label")
@ROLE_OPTION
@click.pass_obj
def add_token(tools: Tools, label: str, roles: tuple[str, ...]) -> None:
    """A token for a machine; prints its id and, this once, the token."""
    grants = _grants(roles)
    try:
        LABEL(label)
    except ValidationError:
        raise click.BadParameter("a few plain words with hyphens, such as town-importer-2") from None
    with _told():
        made = handlers.create_api_token(
            tools.desk, OPERATOR, grants[0].municipality, label, grants, _command(secrets.token_urlsafe(32))
        )
    click.echo(f"{made['id']}  {made['token']}")


@cli.command("list-tokens")
@MUNICIPALITY
@click.pass_obj
def list_tokens(tools: Tools, municipality: str) -> None:
    """Machines of MUNICIPALITY with the ids of their tokens."""
    for one in tools.desk.accounts.machines_of(municipality):
        click.echo(f"{one.id}  {_state(one.revoked, 'revoked')}  {_roles(one.grants)}  {one.label}")


@cli.command("revoke-token")
@MUNICIPALITY
@click.argument("token_id")
@REASON
@click.pass_obj
def revoke_token(tools: Tools, municipality: str, token_id: str, reason: str | None) -> None:
    """The token is no longer good."""
    with _told():
        handlers.revoke_api_token(tools.desk, OPERATOR, municipality, token_id, _command(new_id()), reason or "")
    click.echo("revoked")


@cli.command("verify-audit")
@click.pass_obj
def verify_audit(tools: Tools) -> None:
    """Walk the audit chain; exit code 1 and the first broken row when it was tampered with."""
    broken = tools.trail.check()
    if broken is not None:
        raise click.ClickException(f"the audit trail is broken at row {broken.number}: {broken.what}")
    click.echo("the audit trail holds")


@cli.command("accept-audit")
@click.pass_obj
def accept_audit(tools: Tools) -> None:
    """Keep the last row of the trail as its head, after a backup was restored: later rows are known to be lost."""
    tools.trail.accept()
    click.echo("the last row is the head now")


def _seed_one(desk: Desk, row: dict[str, Any], password: str | None) -> None:
    grants = tuple(Grant(one["municipality"], one["role"]) for one in row["roles"])
    staff = Staff(new_id(), normal_email(row["email"]), row["display"], grants, False, 1)
    try:
        if password is None:
            handlers.create_staff_without_password(desk, OPERATOR, staff, _command(staff.id))
        else:
            place = grants[0].municipality
            handlers.create_staff(desk, OPERATOR, place, staff, Secret(password), _command(staff.id))
    except EmailTaken:  # another seed beside this one was quicker
        return


def _command(key: str) -> Command:
    return Command(f"cli:{key}", "cli")


def _password(file: Any) -> Secret[str]:
    if file is not None:
        return Secret(file.read().rstrip("\r\n"))
    return Secret(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@contextmanager
def _told() -> Iterator[None]:
    """Errors as one line: the code, with what it says in its docstring."""
    try:
        yield
    except ImigrError as error:
        raise click.ClickException(f"{error.code}: {(type(error).__doc__ or '').splitlines()[0]}") from error


def _state(ended: bool, word: str) -> str:
    return f"{word if ended else 'active':8}"


def _roles(grants: tuple[Grant, ...]) -> str:
    return ",".join(f"{one.municipality}:{one.role}" for one in grants)


def _grants(roles: tuple[str, ...]) -> tuple[Grant, ...]:
    grants = []
    for text in roles:
        municipality, _, role = text.partition(":")
        if role not in ROLES or not municipality:
            raise click.BadParameter(f"{text!r} is not municipality:role with one of {', '.join(ROLES)}")
        grants.append(Grant(municipality, role))
    return tuple(dict.fromkeys(grants))


if __name__ == "__main__":
    cli(prog_name="python -m imigr_accounts.cli")
