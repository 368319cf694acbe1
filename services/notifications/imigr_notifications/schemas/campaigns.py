"""Campaigns and subscriptions on the wire."""

from __future__ import annotations

import unicodedata
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from imigr_kit.fields import LANGUAGE as TAG
from imigr_kit.fields import SLUG, Moment, Pattern
from imigr_notifications.domain import wire_time
from imigr_notifications.domain.campaigns import Campaign, CampaignState, Words
from imigr_notifications.domain.subscriptions import Subscription
from imigr_notifications.schemas.fields_shared import CHANNEL, ID, Actor
from imigr_notifications.texts import LANGUAGES

CODE = Pattern(r"[a-z][a-z0-9_]{0,30}")
KEY = validate.Length(min=1, max=200)
MOST_LETTERS = 1_000
LANGUAGE = Pattern(r"[a-z]{2,3}")


def _plain(text: str) -> None:
    """No control characters (a subject with a line break would be another header), no half of a character."""
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter != "\n" for letter in text):
        raise ValidationError("control characters")


def _one_line(text: str) -> None:
    _plain(text)
    if "\n" in text:
        raise ValidationError("one line only")


class WordsIn(Schema):
    """A text in one language."""

    subject = fields.String(required=True, validate=[validate.Length(1, 120), _one_line])
    body = fields.String(required=True, validate=[validate.Length(1, MOST_LETTERS), _plain])


class CreateCampaign(Schema):
    """A draft."""

    actor = Actor()
    municipality = fields.String(required=True, validate=SLUG)
    topic = fields.String(required=True, validate=CODE)
    themes = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(max=20))
    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list, validate=validate.Length(max=20))
    texts = fields.Dict(
        keys=fields.String(validate=validate.OneOf(LANGUAGES)),
        values=fields.Nested(WordsIn),
        required=True,
        validate=validate.Length(1, 3),
    )
    per_minute = fields.Integer(load_default=300, strict=True, validate=validate.Range(1, 6_000))
    idempotency_key = fields.String(required=True, validate=KEY)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Actor, draft and key."""
        texts = {language: Words(**words) for language, words in data["texts"].items()}
        draft = Campaign(
            id="",
            municipality=data["municipality"],
            topic=data["topic"],
            themes=tuple(sorted(set(data["themes"]))),
            languages=tuple(sorted(set(data["languages"]))),
            texts=texts,
            state=CampaignState.DRAFT,
            per_minute=data["per_minute"],
            starts_at=None,
            version=0,
        )
        return {"actor": data["actor"], "draft": draft, "key": data["idempotency_key"]}


class OfCampaign(Schema):
    """Which campaign, and who asks."""

    actor = Actor()
    municipality = fields.String(required=True, validate=SLUG)
    campaign_id = fields.String(required=True, validate=ID)


class StepCampaign(OfCampaign):
    """pause, resume or cancel, on the version that was read."""

    step = fields.String(required=True, validate=validate.OneOf(["pause", "resume", "cancel"]))
    version = fields.Integer(required=True, strict=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class ScheduleCampaign(OfCampaign):
    """To begin then; without a moment at once."""

    starts_at = Moment(load_default=None, allow_none=True)
    version = fields.Integer(required=True, strict=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class SendTest(OfCampaign):
    """Send it to one address."""

    contact_id = fields.String(required=True, validate=ID)
    channel = fields.String(required=True, validate=CHANNEL)
    language = fields.String(required=True, validate=LANGUAGE)
    idempotency_key = fields.String(required=True, validate=KEY)


class Subscribe(Schema):
    """What a person asks to hear about."""

    municipality = fields.String(required=True, validate=SLUG)
    topic = fields.String(required=True, validate=CODE)
    themes = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(max=20))
    message_language = fields.String(required=True, validate=TAG)
    channel = fields.String(required=True, validate=CHANNEL)
    contact_id = fields.String(required=True, validate=ID)
    manage_hash = fields.String(required=True, validate=validate.Length(equal=64))
    idempotency_key = fields.String(required=True, validate=KEY)


class ByLink(Schema):
    """Whose link."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=validate.Length(equal=64))
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=KEY)


def campaign_out(campaign: Campaign) -> dict[str, Any]:
    """A campaign as staff see it."""
    return {
        "id": campaign.id,
        "municipality": campaign.municipality,
        "topic": campaign.topic,
        "themes": list(campaign.themes),
        "languages": list(campaign.languages),
        "texts": {one: {"subject": words.subject, "body": words.body} for one, words in campaign.texts.items()},
        "state": str(campaign.state),
        "per_minute": campaign.per_minute,
        "starts_at": None if campaign.starts_at is None else wire_time(campaign.starts_at),
        "version": campaign.version,
    }


def subscription_out(subscription: Subscription) -> dict[str, Any]:
    """A subscription as its person sees it; no address."""
    return {
        "municipality": subscription.municipality,
        "topic": subscription.topic,
        "themes": list(subscription.themes),
        "language": subscription.language,
        "channel": subscription.channel,
        "state": str(subscription.state),
        "until": wire_time(subscription.until),
    }
