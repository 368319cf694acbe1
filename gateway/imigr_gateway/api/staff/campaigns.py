"""Campaigns, for managers."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command, staff_blueprint
from imigr_gateway.commands import here, idempotency_key, person_in, with_contact
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes import notifications as shapes

blueprint = staff_blueprint("campaigns", "News to those who asked for them, for managers.")


@blueprint.get("/<municipality>/campaigns")
@blueprint.response(200, shapes.Campaigns)
@staff("manager")
def list_campaigns(municipality: str) -> Any:
    """The town's campaigns, newest first."""
    return call("notifications", "list_campaigns", municipality, municipality=municipality)


@blueprint.post("/<municipality>/campaigns")
@blueprint.arguments(shapes.CampaignBody)
@blueprint.response(201, shapes.CampaignOut)
@staff("manager")
def create_campaign(data: dict[str, Any], municipality: str) -> Any:
    """A draft; nothing leaves before it is scheduled."""
    return command("notifications", "create_campaign", municipality, municipality=municipality, **data)


@blueprint.get("/<municipality>/campaigns/<campaign_id>")
@blueprint.response(200, shapes.CampaignOut)
@staff("manager")
def get_campaign(municipality: str, campaign_id: str) -> Any:
    """One campaign."""
    return _read("get_campaign", municipality, campaign_id)


@blueprint.get("/<municipality>/campaigns/<campaign_id>/preview")
@blueprint.response(200, shapes.PreviewOut)
@staff("manager")
def preview_campaign(municipality: str, campaign_id: str) -> Any:
    """Each text as it would arrive, whom it reaches, what it costs."""
    return _read("preview_campaign", municipality, campaign_id)


@blueprint.get("/<municipality>/campaigns/<campaign_id>/report")
@blueprint.response(200, shapes.ReportOut)
@staff("manager")
def report_campaign(municipality: str, campaign_id: str) -> Any:
    """How far it is, and what became of its messages."""
    return _read("report_campaign", municipality, campaign_id)


@blueprint.post("/<municipality>/campaigns/<campaign_id>/test")
@blueprint.arguments(shapes.SendTest)
@blueprint.response(202, shapes.Sent)
@staff("manager")
def send_test(data: dict[str, Any], municipality: str, campaign_id: str) -> Any:
    """Send it to one address of one's own."""
    key = idempotency_key()
    language = data["message_language"].partition("-")[0].lower()
    named = {"municipality": municipality, "campaign_id": campaign_id, "language": language, "idempotency_key": key}
    return with_contact(
        person_in(data),
        here().people.link("t", municipality, key),
        municipality,
        key,
        lambda known: call("notifications", "test_campaign", municipality, **named, **known),
    )


@blueprint.post("/<municipality>/campaigns/<campaign_id>/schedule")
@blueprint.arguments(shapes.ScheduleCampaign)
@blueprint.response(200, shapes.CampaignOut)
@staff("manager")
def schedule_campaign(data: dict[str, Any], municipality: str, campaign_id: str) -> Any:
    """To begin then, or at once."""
    starts_at = data["starts_at"].isoformat() if data["starts_at"] else None
    wanted = {"campaign_id": campaign_id, "starts_at": starts_at, "version": data["version"]}
    return command("notifications", "schedule_campaign", municipality, municipality=municipality, **wanted)


@blueprint.post("/<municipality>/campaigns/<campaign_id>/pause")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200, shapes.CampaignOut)
@staff("manager")
def pause_campaign(data: dict[str, Any], municipality: str, campaign_id: str) -> Any:
    """Nothing more leaves for now."""
    return _step("pause", data, municipality, campaign_id)


@blueprint.post("/<municipality>/campaigns/<campaign_id>/resume")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200, shapes.CampaignOut)
@staff("manager")
def resume_campaign(data: dict[str, Any], municipality: str, campaign_id: str) -> Any:
    """It goes on where it was."""
    return _step("resume", data, municipality, campaign_id)


@blueprint.post("/<municipality>/campaigns/<campaign_id>/cancel")
@blueprint.arguments(base.AtVersion)
@blueprint.response(200, shapes.CampaignOut)
@staff("manager")
def cancel_campaign(data: dict[str, Any], municipality: str, campaign_id: str) -> Any:
    """Nothing more leaves, for good."""
    return _step("cancel", data, municipality, campaign_id)


def _read(method: str, municipality: str, campaign_id: str) -> Any:
    return call("notifications", method, municipality, municipality=municipality, campaign_id=campaign_id)


def _step(step: str, data: dict[str, Any], municipality: str, campaign_id: str) -> Any:
    wanted = {"campaign_id": campaign_id, "step": step, "version": data["version"]}
    return command("notifications", "step_campaign", municipality, municipality=municipality, **wanted)
