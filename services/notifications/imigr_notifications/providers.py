"""Builds the providers of a plan, and tells receipts to whoever wants them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from imigr_notifications.channels import ChannelPlan, ProviderPlan, WayPlan
from imigr_notifications.handlers import DEFAULT, Provider, Way, Ways
from imigr_notifications.ports import BatchSender, Receipt
from imigr_notifications.ports_replies import Inbound
from imigr_notifications.senders import Named, Singly, SmppSender, SmtpSender, named_id
from imigr_notifications.senders.http import HttpAccount, HttpSender, key_of
from imigr_notifications.senders.kannel import FINAL, KannelAccount, KannelSender
from imigr_notifications.senders.smpp import SmppAccount
from imigr_notifications.senders.smtp import SmtpAccount
from imigr_notifications.settings import NotificationsSettings

SMS_ROUND, SMS_LANES = 256, 2
"""SMS over one bind: leased and prepared so many together, handed over in windows, of which two are under way: one
waits for its answers while the other is marked or stored. Together they are as wide as the account's window."""
MAIL_ROUND = 16
"""Emails in one round: each takes a while, and a round must end before its lease does."""
TakeReceipts = Callable[[Sequence[Receipt]], None]
TakeInbound = Callable[[Inbound], None]


@dataclass(frozen=True)
class Hear:
    """Who wants to hear what providers say."""

    receipts: TakeReceipts
    inbound: TakeInbound


def plan_of(settings: NotificationsSettings) -> ChannelPlan:
    """The settings file of the channels, or without one the SMS centre and the relay of the plain settings."""
    if settings.channels is not None:
        return settings.channels
    sms = SmppAccount(
        settings.smpp_host, settings.smpp_port, settings.smpp_system_id, settings.smpp_password, settings.sms_sender
    )
    mail = SmtpAccount(settings.smtp_host, settings.smtp_port, settings.smtp_from)
    providers = {"smpp": ProviderPlan("smpp", sms), "smtp": ProviderPlan("smtp", mail)}
    return ChannelPlan(providers, {DEFAULT: {"sms": (WayPlan("smpp"),), "email": (WayPlan("smtp"),)}})


def ways_of(plan: ChannelPlan, take_receipts: TakeReceipts, take_inbound: TakeInbound) -> tuple[Ways, list[SmppSender]]:
    """The lists of all municipalities, and what must be started."""
    binds: list[SmppSender] = []
    providers = {name: _provider(one, Hear(take_receipts, take_inbound), binds) for name, one in plan.providers.items()}
    routes = {
        town: {
            channel: tuple(Way(providers[way.provider], way.order, way.weight) for way in ways)
            for channel, ways in channels.items()
        }
        for town, channels in plan.routes.items()
    }
    return Ways(routes), binds


def report_of(plan: ProviderPlan, fields: Mapping[str, str]) -> Receipt | None:
    """The receipt in a provider's report; None for a step on the way, or nothing we understand."""
    account, delivered = plan.account, None
    if isinstance(account, KannelAccount):
        own, delivered = fields.get("id", ""), FINAL.get(fields.get("status", ""))
    elif isinstance(account, HttpAccount) and account.report:
        own, status = fields.get(account.report["id"], ""), fields.get(account.report["status"], "")
        if re.search(account.report["delivered"], status):
            delivered = True
        elif re.search(account.report["failed"], status):
            delivered = False
    else:
        return None
    return None if delivered is None or not own else Receipt(named_id(plan.name, own), None, delivered)


def _provider(plan: ProviderPlan, hear: Hear, binds: list[SmppSender]) -> Provider:
    account, named = plan.account, partial(named_id, plan.name)
    provider = Provider(plan.name, Named(_sender(plan, hear, binds), plan.name), plan.price)
    if isinstance(account, SmppAccount):
        return replace(provider, most=SMS_ROUND, window=max(1, account.window // SMS_LANES), lanes=SMS_LANES)
    if isinstance(account, SmtpAccount):
        return replace(provider, most=MAIL_ROUND)
    if isinstance(account, KannelAccount) or (isinstance(account, HttpAccount) and not account.id_text):
        provider = replace(provider, own_id=lambda message_id: named(key_of(message_id)))
    return replace(provider, repeats_safely=plan.repeats_safely)


def _sender(plan: ProviderPlan, hear: Hear, binds: list[SmppSender]) -> BatchSender:
    account = plan.account
    if isinstance(account, SmppAccount):

        def told(receipts: Sequence[Receipt]) -> None:
            hear.receipts(
                [Receipt(named_id(plan.name, one.provider_id), one.address, one.delivered) for one in receipts]
            )

        binds.append(SmppSender(account, told, hear.inbound))
        return binds[-1]
    if isinstance(account, KannelAccount):
        return Singly(KannelSender(account), plan.lanes)
    if isinstance(account, HttpAccount):
        return Singly(HttpSender(account), plan.lanes)
    return Singly(SmtpSender(account), plan.lanes)
