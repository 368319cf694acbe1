"""Campaigns: prepared and steered by staff, planned bit by bit by a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from imigr_kit.access import require
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId
from imigr_notifications.domain import Message, State
from imigr_notifications.domain.campaigns import AHEAD, AT_ONCE, SMALL, Campaign, CampaignState, shown
from imigr_notifications.errors import UnknownCampaign, VersionConflict
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.ports_campaigns import Campaigns, Command
from imigr_notifications.sms_text import cut, expensive
from imigr_notifications.texts import render

STAFF = ("manager",)
LINK = "{public_url}/m/{municipality}.s-AAAAAAAAAAAAAAAAAAAAAA"
Actor = Mapping[str, Any]
Step = Callable[[Campaign], tuple[Campaign, list[Fact]]]


@dataclass(frozen=True)
class Office:
    """What the use cases work with."""

    desk: Desk
    campaigns: Campaigns
    new_id: NewId


def create_campaign(office: Office, actor: Actor, draft: Campaign, command: Command) -> Campaign:
    """A draft; nothing leaves before it is scheduled."""
    require(actor, STAFF, draft.municipality)
    return office.campaigns.add(replace(draft, id=office.new_id()), command)


def get_campaign(office: Office, actor: Actor, municipality: str, campaign_id: str) -> Campaign:
    """One of the town's; unknown and foreign alike raise UnknownCampaign."""
    require(actor, STAFF, municipality)
    found = office.campaigns.get(campaign_id)
    if found is None or found.municipality != municipality:
        raise UnknownCampaign(params={"campaign_id": campaign_id})
    return found


def list_campaigns(office: Office, actor: Actor, municipality: str) -> list[Campaign]:
    """Those of a town, newest first."""
    require(actor, STAFF, municipality)
    return list(office.campaigns.all_of(municipality))


def preview_campaign(office: Office, campaign: Campaign) -> dict[str, Any]:
    """Each text as it would arrive, with its parts; whom it reaches, and what that costs. Counts under ten are not
    shown, nor prices that would tell them."""
    counts = office.campaigns.counts(campaign, office.desk.clock.now())
    rules = office.desk.rules(campaign.municipality)
    texts, price = {}, 0
    for language in campaign.texts:
        text = _text(office, campaign, language, "sms")
        sms = cut(text)
        readers = sum(
            count
            for (channel, asked), count in counts.items()
            if channel == "sms" and campaign.words(asked)[0] == language
        )
        price += readers * len(sms.parts) * rules.price_per_part
        texts[language] = {
            "sms": text,
            "email": _text(office, campaign, language, "email"),
            "alphabet": str(sms.alphabet),
            "parts": len(sms.parts),
            "expensive": expensive(text),
        }
    by_channel: dict[str, int] = {}
    for (channel, _), count in counts.items():
        by_channel[channel] = by_channel.get(channel, 0) + count
    total = sum(by_channel.values())
    hidden = any(0 < one < SMALL for one in by_channel.values())
    return {
        "texts": texts,
        "recipients": shown(total),
        "by_channel": {} if hidden else by_channel,
        "price": None if by_channel.get("sms", 0) < SMALL else price,
    }


def step_campaign(
    office: Office, actor: Actor, municipality: str, campaign_id: str, step: str, version: int, command: Command
) -> Campaign:
    """pause, resume or cancel; the campaign and its waiting messages change together."""
    campaign = get_campaign(office, actor, municipality, campaign_id)
    if office.campaigns.repeated(campaign_id, command):
        return campaign
    _must_be_at(campaign, version)
    steps: dict[str, tuple[Step, Callable[[str, Any], None]]] = {
        "pause": (Campaign.paused, office.campaigns.hold),
        "resume": (Campaign.resumed, office.campaigns.release),
        "cancel": (Campaign.cancelled, office.campaigns.withdraw),
    }
    act, on_messages = steps[step]
    changed, facts = act(campaign)

    def work(session: Any) -> None:
        office.campaigns.change(campaign, changed, facts, command, session)
        on_messages(campaign.id, session)

    office.desk.in_transaction(work)
    return changed


def schedule_campaign(
    office: Office,
    actor: Actor,
    municipality: str,
    campaign_id: str,
    starts_at: datetime | None,
    version: int,
    command: Command,
) -> Campaign:
    """To begin then, or at once."""
    campaign = get_campaign(office, actor, municipality, campaign_id)
    if office.campaigns.repeated(campaign_id, command):
        return campaign
    _must_be_at(campaign, version)
    now = office.desk.clock.now()
    reached = sum(office.campaigns.counts(campaign, now).values())
    changed, facts = campaign.scheduled(max(starts_at or now, now), reached)
    office.campaigns.change(campaign, changed, facts, command, None)
    return changed


def send_test(office: Office, campaign: Campaign, contact_id: str, channel: str, language: str, key: str) -> Message:
    """Send it to one address of the staff's own; it counts nowhere."""
    now = office.desk.clock.now()
    sample = campaign.message(f"test-{key}", contact_id, channel, language, now)
    message = replace(sample, subject=f"{campaign.id}:test", source="test", kind="test", priority=1)
    if not office.campaigns.known([message.id], None):
        office.desk.messages.plan([message.planned()], None)
    return message


def run_campaigns(office: Office) -> int:
    """One round of the job: start what is due, plan the next messages of what runs, finish what is through; how many
    messages were planned."""
    planned = 0
    for campaign in office.campaigns.open_ones():
        now = office.desk.clock.now()
        if campaign.state is CampaignState.SCHEDULED:
            if campaign.starts_at is not None and campaign.starts_at <= now:
                office.campaigns.change(campaign, *campaign.started(), None, None)
            continue
        planned += _plan_next(office, campaign, now)
    return planned


def _plan_next(office: Office, campaign: Campaign, now: datetime) -> int:
    first = max(campaign.next_at or now, now)
    apart = timedelta(minutes=1) / campaign.per_minute
    room = int((now + AHEAD - first) / apart) + 1
    if room <= 0:
        return 0
    found = office.campaigns.audience(campaign, now, min(room, AT_ONCE))
    if not found:
        _finish(office, campaign)
        return 0
    persons = {one.contact_id: office.desk.contacts.lookup(one.contact_id) for one in found}
    wanted: dict[str, Message] = {}
    for one in found:
        person = persons[one.contact_id]
        if person is not None:
            due = first + apart * len(wanted)
            message = campaign.message(person, one.contact_id, one.channel, one.language, due)
            wanted.setdefault(message.id, message)
    ahead = replace(campaign, cursor=found[-1].id, next_at=first + apart * len(wanted))
    office.desk.in_transaction(partial(_store, office, ahead, wanted))
    return len(wanted)


def _store(office: Office, campaign: Campaign, wanted: Mapping[str, Message], session: Any) -> None:
    known = office.campaigns.known(list(wanted), session)
    new = [one for one in wanted.values() if one.id not in known]
    counted = replace(campaign, planned=campaign.planned + len(new))
    if office.campaigns.advance(counted, session):
        office.desk.messages.plan([one.planned() for one in new], session)


def _finish(office: Office, campaign: Campaign) -> None:
    left = {str(State.PLANNED), str(State.LEASED), str(State.SENDING), str(State.HELD)}
    if not any(row["state"] in left for row in office.campaigns.progress(campaign.id)):
        office.campaigns.change(campaign, *campaign.done(), None, None)


def report_campaign(office: Office, campaign: Campaign) -> dict[str, Any]:
    """How far it is, and what became of its messages; small counts are not shown."""
    rows = office.campaigns.progress(campaign.id)
    total = sum(row["count"] for row in rows)
    states = {str(State.PLANNED), str(State.LEASED), str(State.SENDING), str(State.HELD)}
    waiting = sum(row["count"] for row in rows if row["state"] in states)
    through = total - waiting
    whole = max(campaign.audience, total)
    return {
        "state": str(campaign.state),
        "recipients": shown(whole),
        "progress": 1.0 if campaign.state is CampaignState.DONE or not whole else round(through / whole, 3),
        "price": sum(row["price"] or 0 for row in rows) if whole >= SMALL else None,
        "items": [
            {
                "channel": row["channel"],
                "state": row["state"],
                "reason": row["reason"],
                "count": shown(row["count"]),
                "seconds": None if row["seconds"] is None or row["count"] < SMALL else round(row["seconds"], 1),
            }
            for row in sorted(rows, key=lambda row: (row["channel"], row["state"], row["reason"] or ""))
        ],
    }


def _text(office: Office, campaign: Campaign, language: str, channel: str) -> str:
    now = office.desk.clock.now()
    message = campaign.message("preview", "preview", channel, language, now)
    link = LINK.format(public_url=office.desk.public_url, municipality=campaign.municipality)
    return render(message, office.desk.rules(campaign.municipality), link).body.reveal()


def _must_be_at(campaign: Campaign, version: int) -> None:
    if campaign.version != version:
        raise VersionConflict(params={"version": campaign.version})
