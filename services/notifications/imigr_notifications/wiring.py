"""Puts the use cases on a process's database, keys and providers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from pymongo.database import Database

from imigr_kit.clock import Clock
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId
from imigr_kit.mongo import in_transaction
from imigr_kit.runtime import Runtime
from imigr_notifications import handlers
from imigr_notifications.channels import ChannelPlan
from imigr_notifications.handlers.campaigns import Office
from imigr_notifications.ports import Receipt
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.providers import plan_of, ways_of
from imigr_notifications.senders.smpp import SmppSender
from imigr_notifications.settings import NotificationsSettings
from imigr_notifications.storage import (
    FileLedger,
    MongoCampaigns,
    MongoContacts,
    MongoDaily,
    MongoFigures,
    MongoMatters,
    MongoMessages,
    MongoOptOuts,
    MongoReceipts,
    MongoReminders,
    MongoReplies,
    MongoReveals,
    MongoRules,
    MongoSubscriptions,
    MongoTemplates,
)
from imigr_notifications.texts import LANGUAGES, id_of, language_of, templates
from imigr_notifications.vault import Vault


@dataclass(frozen=True)
class App:
    """What the methods below use."""

    desk: handlers.Desk
    messages: MongoMessages
    contacts: MongoContacts
    vault: Vault
    rule_book: MongoRules
    subscriptions: MongoSubscriptions
    campaigns: Office
    reveals: MongoReveals
    channels: ChannelPlan
    text_book: MongoTemplates
    figures: MongoFigures


class Surroundings(Protocol):
    """What the use cases need of the process around them: the running service's, or a command's."""

    settings: Any
    db: Database[dict[str, Any]]
    clock: Clock
    new_id: NewId

    def stamp(self, facts: Iterable[Fact]) -> list[dict[str, Any]]:
        """Envelopes for an outbox."""
        ...

    def wake_if_dirty(self) -> None:
        """Tell the relay that an outbox has grown."""
        ...


def build(runtime: Runtime) -> App:
    """The use cases on this process's database, keys and providers, with its connections to providers begun."""
    app, binds = assemble(runtime)
    for bind in binds:
        bind.start()
    return app


def assemble(runtime: Surroundings) -> tuple[App, Sequence[SmppSender]]:
    """The use cases, and the connections to providers, which nobody has begun yet."""
    settings: NotificationsSettings = runtime.settings
    vault = Vault(settings.vault_private_key, settings.vault_master_keys, settings.vault_hash_key)
    messages = MongoMessages(runtime.db, runtime.stamp)
    rule_book = MongoRules(runtime.db)
    text_book = MongoTemplates(runtime.db)
    contacts = MongoContacts(runtime.db, vault, FileLedger(settings.erasure_ledger))

    def take_receipts(receipts: Sequence[Receipt]) -> None:
        handlers.take_receipts(desk, receipts)
        runtime.wake_if_dirty()

    def take_inbound(inbound: Inbound) -> None:
        handlers.take_inbound(desk, inbound)
        runtime.wake_if_dirty()

    channels = plan_of(settings)
    ways, binds = ways_of(channels, take_receipts, take_inbound)
    desk = handlers.Desk(
        messages=messages,
        contacts=contacts,
        receipts=MongoReceipts(runtime.db, vault),
        ways=ways,
        clock=runtime.clock,
        public_url=settings.public_url.rstrip("/"),
        unsubscribe_token=vault.unsubscribe_token,
        own_text=lambda message: text_book.own(message.municipality, id_of(message), language_of(message)),
        rules=rule_book.rules,
        matters=MongoMatters(runtime.db),
        reminders=MongoReminders(runtime.db),
        daily=MongoDaily(runtime.db),
        opt_outs=MongoOptOuts(runtime.db),
        replies=MongoReplies(runtime.db, runtime.stamp),
        subscriptions=MongoSubscriptions(runtime.db),
        in_transaction=lambda work: in_transaction(runtime.db, work),
        doubt_lasts=timedelta(seconds=settings.doubt_seconds),
        lease_lasts=timedelta(seconds=settings.lease_seconds),
    )

    for language in LANGUAGES:
        templates(language)
    app = App(
        desk=desk,
        messages=messages,
        contacts=contacts,
        vault=vault,
        rule_book=rule_book,
        subscriptions=MongoSubscriptions(runtime.db),
        campaigns=Office(desk, MongoCampaigns(runtime.db, runtime.stamp), runtime.new_id),
        reveals=MongoReveals(runtime.db, settings.vault_hash_key),
        channels=channels,
        text_book=text_book,
        figures=MongoFigures(runtime.db),
    )
    return app, binds
