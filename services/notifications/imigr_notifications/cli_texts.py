"""Commands for texts and contacts: previews, test sends, publications; reveals. The running service checks them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from nacl.public import PrivateKey, SealedBox

from imigr_kit.ids import new_id
from imigr_kit.mongo import connect
from imigr_kit.settings import load
from imigr_notifications.cli_staff import FILE, ask, campaigns, read
from imigr_notifications.settings import NotificationsSettings
from imigr_notifications.storage import FileLedger, MongoContacts, MongoRules
from imigr_notifications.vault import Unusable, Vault

LANGUAGE = click.option("--language", type=click.Choice(["fr", "ar", "en"]), default="fr", show_default=True)
ADDRESS = click.option("--to", "address", required=True, help="A phone number or an email address of one's own.")


def own_contact(municipality: str, address: str, language: str) -> tuple[str, str]:
    """Keep an address for one test, as the gateway would give it: checked, encrypted, gone within a day; its id and
    channel."""
    settings = load(NotificationsSettings, os.environ)
    vault = Vault(settings.vault_private_key, settings.vault_master_keys, settings.vault_hash_key)
    db = connect(settings)
    channel = "email" if "@" in address else "sms"
    content = {"channel": channel, "address": address, "language": language}
    box = SealedBox(PrivateKey(settings.vault_private_key.reveal()).public_key)
    contact = vault.open_intake(box.encrypt(json.dumps(content).encode()), MongoRules(db).rules(municipality).countries)
    if isinstance(contact, Unusable):
        raise click.ClickException(f"--to: {contact.reason}")
    contact_id = new_id()
    with db.client.start_session() as session:
        MongoContacts(db, vault, FileLedger(None)).store(contact_id, contact, datetime.now(UTC), session)
    return contact_id, channel


@campaigns.command("test")
@click.argument("municipality")
@click.argument("campaign_id")
@ADDRESS
@LANGUAGE
def send_campaign_test(municipality: str, campaign_id: str, address: str, language: str) -> None:
    """Send it to one address of one's own; it counts nowhere."""
    contact_id, channel = own_contact(municipality, address, language)
    more = {"campaign_id": campaign_id, "contact_id": contact_id, "channel": channel, "language": language}
    ask("test_campaign", municipality, **more, idempotency_key=new_id())


@click.group()
def templates() -> None:
    """Texts of messages: looked at, tried, published in all languages."""


def _which(source: str, kind: str, channel: str) -> dict[str, Any]:
    return {"source": source, "kind": kind, "channel": channel}


def _of_text(command: Any) -> Any:
    """MUNICIPALITY SOURCE KIND CHANNEL, for instance la-marsa appointment reminder sms."""
    for name in ("channel", "kind", "source", "municipality"):
        command = click.argument(name)(command)
    return command


@templates.command("list")
@click.argument("municipality")
def list_templates(municipality: str) -> None:
    """What the town published over the built-in texts, with all versions."""
    ask("list_templates", municipality)


@templates.command("preview")
@_of_text
@click.option("--file", "path", type=FILE, required=True, help="JSON: subject, lines, also, ask, transliterate.")
@LANGUAGE
def preview_template(municipality: str, source: str, kind: str, channel: str, path: Path, language: str) -> None:
    """What a person would get, with sample values, in how many parts, at what price."""
    ask("preview_template", municipality, **_which(source, kind, channel), language=language, text=read(path))


@templates.command("test")
@_of_text
@click.option("--file", "path", type=FILE, required=True, help="JSON: subject, lines, also, ask, transliterate.")
@ADDRESS
@LANGUAGE
def send_text_test(
    municipality: str, source: str, kind: str, channel: str, path: Path, address: str, language: str
) -> None:
    """Send it with sample values to one address of one's own."""
    contact_id, own = own_contact(municipality, address, language)
    if own != channel:
        raise click.ClickException(f"--to: a text by {channel} cannot go there")
    more = {"language": language, "text": read(path), "contact_id": contact_id, "idempotency_key": new_id()}
    ask("test_template", municipality, **_which(source, kind, channel), **more)


@templates.command("publish")
@_of_text
@click.option("--file", "path", type=FILE, required=True, help="JSON: the text by language (fr, ar, en); {}: built-in.")
@click.option("--version", type=int, required=True, help="The version that was read; 0: none yet.")
def publish_template(municipality: str, source: str, kind: str, channel: str, path: Path, version: int) -> None:
    """Publish it in all languages at once; what is wrong is said by language and line."""
    more = {"texts": read(path), "version": version, "idempotency_key": new_id()}
    ask("publish_template", municipality, **_which(source, kind, channel), **more)


@click.group()
def contacts() -> None:
    """Addresses of persons: shown for a stated reason only, noted before."""


@contacts.command("reveal")
@click.argument("municipality")
@click.argument("subject")
@click.option("--reason", required=True, help="A code of the closed list; a wrong one names the list.")
def reveal_contact(municipality: str, subject: str, reason: str) -> None:
    """The address behind an appointment or a registration, by its id."""
    ask("reveal_contact", municipality, subject=subject, reason=reason, idempotency_key=new_id())


@contacts.command("reveals")
@click.argument("municipality")
def list_reveals(municipality: str) -> None:
    """Who was shown an address, when and why."""
    ask("list_reveals", municipality)


@contacts.command("forget")
@click.argument("contact_id")
def forget_contact(contact_id: str) -> None:
    """Destroy a contact at once, for a person who asks at the desk; the answer is the receipt."""
    ask("forget_contact", None, contact_id=contact_id, idempotency_key=new_id())
