"""Requests and answers about messages."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Reachable, Strict, says
from imigr_kit.fields import LANGUAGE, SLUG, Moment, Pattern

CLOCK = Pattern(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class ReminderRule(Strict):
    """One reminder: days before at an hour of the wall clock, or minutes before the start."""

    code = fields.String(required=True, validate=Pattern(r"[a-z][a-z0-9_]{0,30}"))
    days_before = fields.Integer(strict=True, validate=validate.Range(0, 30))
    at = fields.String(validate=CLOCK, metadata=says("HH:MM in the recipient's time zone"))
    minutes_before = fields.Integer(strict=True, validate=validate.Range(30, 43_200))
    min_wait_minutes = fields.Integer(
        strict=True, validate=validate.Range(0, 86_400), metadata=says("Only when its moment is at least so far away")
    )
    only_if_alone = fields.Boolean(metadata=says("Only when no other reminder found a moment"))
    asks = fields.Boolean(metadata=says("Ask to answer 1 to confirm, 2 to cancel (SMS, if replies are possible)"))


class QuietHours(Strict):
    """Hours in which nobody is written to, except about what cannot wait."""

    begin = fields.String(required=True, data_key="from", attribute="from", validate=CLOCK)
    until = fields.String(required=True, validate=CLOCK, metadata=says("At or before `from`: on the next day"))
    weekdays = fields.List(fields.Integer(validate=validate.Range(0, 6)), metadata=says("0 is Monday"))
    season = fields.String(validate=validate.OneOf(["always", "ramadan", "outside_ramadan"]))


class RamadanMonth(Strict):
    """The month as announced; it replaces the estimate."""

    first = fields.String(required=True, metadata=says("ISO 8601", format="date"))
    last = fields.String(required=True, metadata=says("ISO 8601", format="date"))


class Rules(Strict):
    """What a town settles itself; what is left out follows the built-in rules."""

    reminders = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["appointment", "registration"])),
        values=fields.List(fields.Nested(ReminderRule)),
    )
    quiet = fields.List(fields.Nested(QuietHours))
    ramadan = fields.List(fields.Nested(RamadanMonth))
    daily_limit = fields.Integer(strict=True, validate=validate.Range(1, 20))
    over_limit = fields.String(validate=validate.OneOf(["limit", "digest"]))
    replies = fields.Boolean(metadata=says("The sender's number can receive answers"))
    price_per_part = fields.Integer(strict=True, validate=validate.Range(0, 10_000), metadata=says("In millimes"))
    topics = fields.List(fields.String())


class SetRules(Strict):
    """Settle rules on the version that was read."""

    rules = fields.Nested(Rules, required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(0))


class RulesOut(Schema):
    """The rules that hold, and what of them is the town's own."""

    municipality = fields.String()
    version = fields.Integer()
    own = fields.Nested(Rules)
    rules = fields.Nested(Rules)
    months = fields.List(fields.Nested(RamadanMonth), metadata=says("Months of Ramadan, estimated or announced"))


class ProviderDoor(Schema):
    """Where a provider of SMS brings what phones write."""

    url = fields.String()
    token = fields.String(metadata=says("Secret"))


CODE = Pattern(r"[a-z][a-z0-9_]{0,30}")


class Words(Strict):
    """A text in one language; nothing in it is a placeholder."""

    subject = fields.String(required=True, validate=validate.Length(1, 120), metadata=says("For email; one line"))
    body = fields.String(required=True, validate=validate.Length(1, 1_000))


class CampaignBody(Strict):
    """A draft."""

    topic = fields.String(required=True, validate=CODE, metadata=says("One of the town's topics"))
    themes = fields.List(fields.String(validate=CODE), metadata=says("None: all"))
    languages = fields.List(fields.String(validate=LANGUAGE), metadata=says("Of subscribers; none: all"))
    texts = fields.Dict(keys=fields.String(), values=fields.Nested(Words), required=True)
    per_minute = fields.Integer(strict=True, validate=validate.Range(1, 6_000), metadata=says("Throttle"))


class CampaignOut(Schema):
    """A campaign."""

    id = fields.String()
    municipality = fields.String()
    topic = fields.String()
    themes = fields.List(fields.String())
    languages = fields.List(fields.String())
    texts = fields.Dict(keys=fields.String(), values=fields.Nested(Words))
    state = fields.String(metadata=says("draft, scheduled, running, paused, done, cancelled"))
    per_minute = fields.Integer()
    starts_at = fields.String(allow_none=True, metadata=says("RFC 3339, UTC", format="date-time"))
    version = fields.Integer()


class Campaigns(Schema):
    """Campaigns, newest first."""

    items = fields.List(fields.Nested(CampaignOut))


class PreviewOut(Schema):
    """A campaign as it would arrive, whom it reaches, what it costs."""

    texts = fields.Dict(metadata=says("By language: sms, email, alphabet, parts, expensive letters"))
    recipients = fields.Integer(allow_none=True, metadata=says("null when fewer than ten"))
    by_channel = fields.Dict()
    price = fields.Integer(allow_none=True, metadata=says("In millimes; null when it would tell a small count"))


class ReportOut(Schema):
    """How far a campaign is."""

    state = fields.String()
    recipients = fields.Integer(allow_none=True)
    progress = fields.Float(metadata=says("0 to 1"))
    price = fields.Integer(allow_none=True, metadata=says("In millimes"))
    items = fields.List(fields.Dict(), metadata=says("By channel, state and reason: count, seconds from due to sent"))


class ScheduleCampaign(Strict):
    """To begin then; without a moment at once."""

    starts_at = Moment(load_default=None, allow_none=True)
    version = fields.Integer(required=True, strict=True)


class SendTest(Reachable):
    """To whom the test goes."""


class Sent(Schema):
    """A message is planned."""

    message_id = fields.String()


class Subscribe(Reachable):
    """News of a topic; a message asks whether it was really you."""

    municipality = fields.String(required=True, validate=SLUG)
    topic = fields.String(required=True, validate=CODE)
    themes = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(max=20))


class SubscriptionOut(Schema):
    """A subscription; no address."""

    municipality = fields.String()
    topic = fields.String()
    themes = fields.List(fields.String())
    language = fields.String()
    channel = fields.String()
    state = fields.String(metadata=says("pending, active, ended"))
    until = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class OfDays(Strict):
    """How far back."""

    days = fields.Integer(load_default=30, validate=validate.Range(1, 30), metadata=says("Days back from now"))


class ChannelFigure(Schema):
    """One channel at one provider. ``sent`` were taken and not told to have failed, ``delivered`` are those of them
    whose arrival the provider told; cost is in thousandths of the currency."""

    channel = fields.String()
    provider = fields.String()
    messages = fields.Integer()
    sent = fields.Integer()
    delivered = fields.Integer()
    failed = fields.Integer()
    ambiguous = fields.Integer()
    repeated = fields.Integer()
    parts = fields.Integer()
    cost = fields.Integer()
    seconds_to_leave = fields.Float(allow_none=True, metadata=says("Mean time from due to taken"))
    seconds_to_arrive = fields.Float(allow_none=True, metadata=says("Mean time from taken to delivered"))
    left_within_10_s = fields.Integer()
    left_within_60_s = fields.Integer()
    left_within_600_s = fields.Integer()


class ChannelFigures(Schema):
    """All channels and providers of a town."""

    items = fields.List(fields.Nested(ChannelFigure))


class SearchMessages(Strict):
    """Whose messages."""

    reference = fields.String(
        required=True,
        validate=validate.Length(1, 160),
        metadata=says("Id of an appointment, a registration, a campaign or a message"),
    )


class Paths(Schema):
    """The ways of messages: steps with their moments, provider, parts, price; no content, no address."""

    items = fields.List(fields.Dict())
