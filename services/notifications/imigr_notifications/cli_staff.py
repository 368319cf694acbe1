"""Commands for what staff do: rules of reminders, campaigns, figures. They are the service's own methods, run on
this machine: the same shapes, rules and answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from marshmallow import ValidationError
from pymongo.database import Database

from imigr_kit.clock import Clock, SystemClock
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId, new_id
from imigr_kit.mongo import connect
from imigr_kit.rpc_server import invalid_input
from imigr_kit.settings import load
from imigr_notifications.parts.audit import AuditPart
from imigr_notifications.parts.campaigns import CampaignsPart
from imigr_notifications.parts.rules import RulesPart
from imigr_notifications.parts.templates import TemplatesPart
from imigr_notifications.parts.vault import VaultPart
from imigr_notifications.settings import NotificationsSettings
from imigr_notifications.wiring import assemble

OPERATOR = {"id": "operator", "kind": "staff", "roles": [{"role": "admin", "municipality": "*"}]}
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


class OnServer:
    """The database and clock of this machine; events are left in outboxes for the running service to send."""

    def __init__(self) -> None:
        self.settings: Any = load(NotificationsSettings, os.environ)
        self.db: Database[dict[str, Any]] = connect(self.settings)
        self.clock: Clock = SystemClock()
        self.new_id: NewId = new_id
        self._stamp = Stamp("notifications", self.settings.instance, self.clock, new_id)

    def stamp(self, facts: Iterable[Fact]) -> list[dict[str, Any]]:
        """Envelopes for an outbox."""
        return self._stamp(facts)

    def wake_if_dirty(self) -> None:
        """The running service looks by itself within a second."""


class Here(CampaignsPart, RulesPart, VaultPart, AuditPart, TemplatesPart):
    """The service's methods without a broker, over which only the gateway may ask."""

    def __init__(self) -> None:
        self.app, _ = assemble(OnServer())


def ask(method: str, municipality: str | None, **payload: Any) -> None:
    """Print the answer of the service's own method; what it refuses ends the command with 1 and says where. Without a
    municipality nobody's role is asked for either."""
    wanted = payload if municipality is None else {"actor": OPERATOR, "municipality": municipality} | payload
    try:
        answer = getattr(Here(), method)(**wanted)
    except ValidationError as error:
        raise click.ClickException(_refusal(invalid_input("notifications", error))) from None
    except ImigrError as error:
        raise click.ClickException(_refusal(error)) from None
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _refusal(error: ImigrError) -> str:
    fields = [{"path": one.path, "code": one.code} for one in error.fields]
    return json.dumps({"code": error.code, "fields": fields, "params": error.params})


@click.group()
def rules() -> None:
    """When people are reminded, and when nobody is written to."""


@rules.command("show")
@click.argument("municipality")
def show_rules(municipality: str) -> None:
    """The rules that hold, what of them is the town's own, and their version."""
    ask("get_rules", municipality)


@rules.command("set")
@click.argument("municipality")
@click.option("--file", "path", type=FILE, required=True, help="JSON: reminders, quiet, ramadan, daily_limit, ...")
@click.option("--version", type=int, required=True, help="The version that was read.")
def set_rules(municipality: str, path: Path, version: int) -> None:
    """Settle them; what the file leaves out follows the built-in rules. Planned reminders follow within seconds."""
    ask("set_rules", municipality, rules=read(path), version=version, idempotency_key=new_id())


@click.group()
def campaigns() -> None:
    """News to those who asked for them."""


@campaigns.command("list")
@click.argument("municipality")
def list_campaigns(municipality: str) -> None:
    """Those of a town, newest first."""
    ask("list_campaigns", municipality)


@campaigns.command("create")
@click.argument("municipality")
@click.option("--file", "path", type=FILE, required=True, help="JSON: topic, texts, themes, languages, per_minute.")
def create_campaign(municipality: str, path: Path) -> None:
    """A draft; nothing leaves before it is scheduled."""
    ask("create_campaign", municipality, **read(path), idempotency_key=new_id())


def _of_campaign(name: str, method: str, words: str) -> None:
    @campaigns.command(name, help=words)
    @click.argument("municipality")
    @click.argument("campaign_id")
    def look(municipality: str, campaign_id: str) -> None:
        ask(method, municipality, campaign_id=campaign_id)


_of_campaign("show", "get_campaign", "One of them, with its version.")
_of_campaign("preview", "preview_campaign", "Texts as they would arrive, parts, price, whom it reaches.")
_of_campaign("report", "report_campaign", "How far it is, and what became of its messages.")


@campaigns.command("schedule")
@click.argument("municipality")
@click.argument("campaign_id")
@click.option("--version", type=int, required=True, help="The version that was read.")
@click.option("--at", "starts_at", help="ISO 8601 with its zone; without it at once.")
def schedule_campaign(municipality: str, campaign_id: str, version: int, starts_at: str | None) -> None:
    """Let it begin."""
    more = {"campaign_id": campaign_id, "version": version, "starts_at": starts_at}
    ask("schedule_campaign", municipality, **more, idempotency_key=new_id())


@campaigns.command("step")
@click.argument("municipality")
@click.argument("campaign_id")
@click.argument("step", type=click.Choice(["pause", "resume", "cancel"]))
@click.option("--version", type=int, required=True, help="The version that was read.")
def step_campaign(municipality: str, campaign_id: str, step: str, version: int) -> None:
    """Pause, resume or cancel it; its waiting messages follow."""
    more = {"campaign_id": campaign_id, "step": step, "version": version}
    ask("step_campaign", municipality, **more, idempotency_key=new_id())


@click.group()
def messages() -> None:
    """What became of messages."""


@messages.command("find")
@click.argument("municipality")
@click.argument("reference")
def find_messages(municipality: str, reference: str) -> None:
    """The ways of messages by the id of an appointment, a registration, a campaign or a message."""
    ask("search_messages", municipality, reference=reference)


@messages.command("channels")
@click.argument("municipality")
@click.option("--days", type=click.IntRange(1, 30), default=30, show_default=True)
def channels(municipality: str, days: int) -> None:
    """Success, time and cost by channel and provider."""
    ask("channel_figures", municipality, days=days)


def read(path: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise click.ClickException(f"{path} holds no JSON object")
    return content
