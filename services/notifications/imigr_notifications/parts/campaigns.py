"""Campaigns and subscriptions on the wire, and the job that plans their messages."""

from __future__ import annotations

from typing import Any

from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, rpc
from imigr_kit.ids import new_id
from imigr_notifications.handlers import campaigns, subscriptions
from imigr_notifications.schemas import campaigns as wire
from imigr_notifications.wiring import App


class CampaignsPart:
    """What staff and subscribers ask."""

    app: App

    @rpc
    def create_campaign(self, **payload: Any) -> dict[str, Any]:
        """A draft."""
        wanted = wire.CreateCampaign().load(payload)
        command = command_of("create_campaign", payload)
        return wire.campaign_out(
            campaigns.create_campaign(self.app.campaigns, wanted["actor"], wanted["draft"], command)
        )

    @rpc
    def list_campaigns(self, **payload: Any) -> dict[str, Any]:
        """Those of a town, newest first."""
        wanted = wire.OfCampaign(exclude=["campaign_id"]).load(payload)
        return {"items": [wire.campaign_out(one) for one in campaigns.list_campaigns(self.app.campaigns, **wanted)]}

    @rpc
    def get_campaign(self, **payload: Any) -> dict[str, Any]:
        """One of them."""
        return wire.campaign_out(campaigns.get_campaign(self.app.campaigns, **wire.OfCampaign().load(payload)))

    @rpc
    def preview_campaign(self, **payload: Any) -> dict[str, Any]:
        """Texts as they would arrive, whom it reaches, what it costs."""
        found = campaigns.get_campaign(self.app.campaigns, **wire.OfCampaign().load(payload))
        return campaigns.preview_campaign(self.app.campaigns, found)

    @rpc
    def report_campaign(self, **payload: Any) -> dict[str, Any]:
        """How far it is, and what became of its messages."""
        found = campaigns.get_campaign(self.app.campaigns, **wire.OfCampaign().load(payload))
        return campaigns.report_campaign(self.app.campaigns, found)

    @rpc
    def test_campaign(self, **payload: Any) -> dict[str, Any]:
        """Send it to one address."""
        wanted = wire.SendTest().load(payload)
        asked = {name: wanted[name] for name in ("actor", "municipality", "campaign_id")}
        found = campaigns.get_campaign(self.app.campaigns, **asked)
        key = command_of("test_campaign", payload).key[:16]
        sent = campaigns.send_test(
            self.app.campaigns, found, wanted["contact_id"], wanted["channel"], wanted["language"], key
        )
        return {"message_id": sent.id}

    @rpc
    def schedule_campaign(self, **payload: Any) -> dict[str, Any]:
        """To begin then, or at once."""
        wanted = wire.ScheduleCampaign().load(payload)
        command = command_of("schedule_campaign", payload, wanted)
        return wire.campaign_out(campaigns.schedule_campaign(self.app.campaigns, **wanted, command=command))

    @rpc
    def step_campaign(self, **payload: Any) -> dict[str, Any]:
        """pause, resume or cancel."""
        wanted = wire.StepCampaign().load(payload)
        command = command_of("step_campaign", payload, wanted)
        return wire.campaign_out(campaigns.step_campaign(self.app.campaigns, **wanted, command=command))

    @rpc
    def subscribe(self, **payload: Any) -> dict[str, Any]:
        """Ask for news of a topic; it counts once the person confirmed."""
        wanted = wire.Subscribe().load(payload)
        wish = subscriptions.Wish(
            municipality=wanted["municipality"],
            topic=wanted["topic"],
            themes=tuple(sorted(set(wanted["themes"]))),
            language=wanted["message_language"].partition("-")[0].lower(),
            channel=wanted["channel"],
            contact_id=wanted["contact_id"],
            manage_hash=wanted["manage_hash"],
        )
        command = command_of("subscribe", payload)
        made = subscriptions.subscribe(self.app.desk, self.app.subscriptions, wish, new_id, command)
        return wire.subscription_out(made)

    @rpc
    def get_subscription(self, **payload: Any) -> dict[str, Any]:
        """The subscription behind a link."""
        wanted = wire.ByLink().load(payload)
        found = subscriptions.get_subscription(self.app.desk, self.app.subscriptions, wanted["manage_hash"])
        return wire.subscription_out(found)

    @rpc
    def confirm_subscription(self, **payload: Any) -> dict[str, Any]:
        """The second yes."""
        wanted = wire.ByLink().load(payload)
        found = subscriptions.confirm_subscription(self.app.desk, self.app.subscriptions, wanted["manage_hash"])
        return wire.subscription_out(found)

    @rpc
    def end_subscription(self, **payload: Any) -> dict[str, Any]:
        """No news any more."""
        wanted = wire.ByLink().load(payload)
        found = subscriptions.end_subscription(self.app.desk, self.app.subscriptions, wanted["manage_hash"])
        return wire.subscription_out(found)

    @every(1)
    def run_campaigns(self) -> None:
        """Start, plan the next messages of, and finish campaigns."""
        campaigns.run_campaigns(self.app.campaigns)
