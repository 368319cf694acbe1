"""Command line of accounts: seed, staff, tokens, audit. Run as ``python -m imigr_accounts.cli``."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path

import click

from imigr_accounts import handlers
from imigr_accounts.crypto import Argon2, EdDsa
from imigr_accounts.domain import ROLES, Grant, Staff, check_password
from imigr_accounts.ports import Audit, Command
from imigr_accounts.settings import AccountsSettings
from imigr_accounts.storage import INDEXES, MACHINES, STAFF, MongoAccounts, MongoTries
from imigr_kit.clock import SystemClock
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.keyed import keyed_hash
from imigr_kit.mongo import connect, ensure_indexes
from imigr_kit.outbox import INDEX
from imigr_kit.secret import Secret
from imigr_kit.settings import load

OPERATOR = {"id": "operator", "kind": "staff", "roles": [{"municipality": "*", "role": "admin"}]}
"""Who has the shell of the machine may do everything; the audit trail says so."""


@dataclass(frozen=True)
class Tools:
    """What the commands use."""

    desk: handlers.Desk
    accounts: MongoAccounts


@click.group(help=__doc__)
@click.pass_context
def cli(context: click.Context) -> None:
    """Root of the commands."""
    settings = load(AccountsSettings, os.environ)
    db = connect(settings)
    ensure_indexes(db, [*INDEXES, INDEX(STAFF), INDEX(MACHINES)])
    clock = SystemClock()
    accounts = MongoAccounts(db, Stamp("accounts", settings.instance, clock, new_id), clock)
    desk = handlers.Desk(
        accounts=accounts,
        tries=MongoTries(db),
        passwords=Argon2(),
        signer=EdDsa(settings.signing_key),
        clock=clock,
        new_id=new_id,
        hashed=lambda purpose, text: keyed_hash(settings.key, purpose, text),
        machine_token=lambda key: f"{handlers.TOKEN_PREFIX}{keyed_hash(settings.key, 'machine', key)}",
        issuer=f"/{settings.instance}/accounts",
        token_seconds=settings.token_seconds,
    )
    context.obj = Tools(desk, accounts)


@cli.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option(
    "--passwords", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="JSON: email to password."
)
@click.pass_obj
def seed(tools: Tools, data: Path, passwords: Path | None) -> None:
    """Store the staff of DATA/staff.json that are not there yet. Passwords come from a file, or are made and
    shown this once."""
    rows = json.loads((data / "staff.json").read_text(encoding="utf-8"))["staff"]
    known = json.loads(passwords.read_text(encoding="utf-8")) if passwords else {}
    fresh = 0
    for row in rows:
        if tools.accounts.staff_by_email(row["email"]) is not None:
            continue
        password = known.get(row["email"]) or known.get("*") or secrets.token_urlsafe(15)
        grants = tuple(Grant(one["municipality"], one["role"]) for one in row["roles"])
        staff = Staff(str(uuid.uuid5(uuid.NAMESPACE_DNS, row["email"])), row["email"], row["display"], grants, False, 1)
        command = Command(f"seed:{row['email']}", "seed")
        handlers.create_staff(tools.desk, OPERATOR, staff, Secret(password), command)
        fresh += 1
        if row["email"] not in known and "*" not in known:
            click.echo(f"{row['email']}  {password}")
    click.echo(f"staff: {fresh} new of {len(rows)}")


@cli.command("add-staff")
@click.argument("email")
@click.option("--display", required=True, help="A function, such as 'Mediator 3, La Marsa'; no person's name.")
@click.option("--role", "roles", multiple=True, required=True, help="municipality:role, may be repeated.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.pass_obj
def add_staff(tools: Tools, email: str, display: str, roles: tuple[str, ...], password: str) -> None:
    """Add a staff account."""
    staff = Staff(new_id(), email.strip().lower(), display, _grants(roles), False, 1)
    command = Command(f"cli:{staff.id}", "cli")
    try:
        handlers.create_staff(tools.desk, OPERATOR, staff, Secret(password), command)
    except ImigrError as error:
        raise click.ClickException(str(error)) from error
    click.echo(staff.id)


@cli.command("set-password")
@click.argument("email")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.pass_obj
def set_password(tools: Tools, email: str, password: str) -> None:
    """Give an account another password."""
    found = tools.accounts.staff_by_email(email.strip().lower())
    if found is None:
        raise click.ClickException(f"no account {email}")
    try:
        check_password(password)
    except ImigrError as error:
        raise click.ClickException("the password needs at least 12 characters") from error
    hashed = tools.desk.passwords.hash(password)
    tools.accounts.save_password(found[0], hashed, Audit("operator", "staff.set_password", found[0].id))
    click.echo("changed")


@cli.command("list")
@click.argument("municipality")
@click.pass_obj
def list_staff(tools: Tools, municipality: str) -> None:
    """Accounts of MUNICIPALITY with their ids; ``*`` for those with a role everywhere."""
    for one in tools.accounts.staff_of(municipality):
        click.echo(f"{one.id}  {'disabled' if one.disabled else 'active':8}  {one.display}")


@cli.command("disable-staff")
@click.argument("municipality")
@click.argument("staff_id")
@click.pass_obj
def disable_staff(tools: Tools, municipality: str, staff_id: str) -> None:
    """No further sign-in for an account."""
    try:
        handlers.disable_staff(tools.desk, OPERATOR, municipality, staff_id)
    except ImigrError as error:
        raise click.ClickException(str(error)) from error
    click.echo("disabled")


@cli.command("add-token")
@click.argument("label")
@click.option("--role", "roles", multiple=True, required=True, help="municipality:role, may be repeated.")
@click.pass_obj
def add_token(tools: Tools, label: str, roles: tuple[str, ...]) -> None:
    """A token for a machine; it is shown this once."""
    command = Command(f"cli:{new_id()}", "cli")
    made = handlers.create_api_token(tools.desk, OPERATOR, label, _grants(roles), command)
    click.echo(f"{made['id']}  {made['token']}")


@cli.command("revoke-token")
@click.argument("municipality")
@click.argument("token_id")
@click.pass_obj
def revoke_token(tools: Tools, municipality: str, token_id: str) -> None:
    """The token is no longer good."""
    try:
        handlers.revoke_api_token(tools.desk, OPERATOR, municipality, token_id)
    except ImigrError as error:
        raise click.ClickException(str(error)) from error
    click.echo("revoked")


@cli.command("verify-audit")
@click.pass_obj
def verify_audit(tools: Tools) -> None:
    """Walk the audit chain; exit code 1 and the number of the first broken row when it was tampered with."""
    broken = tools.accounts.broken_link()
    if broken is not None:
        raise click.ClickException(f"the audit trail is broken at row {broken}")
    click.echo("the audit trail holds")


def _grants(roles: tuple[str, ...]) -> tuple[Grant, ...]:
    grants = []
    for text in roles:
        municipality, _, role = text.partition(":")
        if role not in ROLES:
            raise click.BadParameter(f"{text!r} is not municipality:role with one of {', '.join(ROLES)}")
        grants.append(Grant(municipality, role))
    return tuple(grants)


if __name__ == "__main__":
    cli(prog_name="python -m imigr_accounts.cli")
