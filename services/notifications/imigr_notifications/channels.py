"""The settings file of the channels: which providers there are, and which of them each municipality uses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from imigr_kit.fields import Pattern
from imigr_kit.secret import Secret
from imigr_notifications.senders.http import HttpAccount
from imigr_notifications.senders.kannel import KannelAccount
from imigr_notifications.senders.smpp import SmppAccount
from imigr_notifications.senders.smtp import SECURITY, SmtpAccount

URL = Pattern(r"https?://[^\s/]+(/\S*)?", error="must be an http or https address")
PORT = validate.Range(1, 65_535)
SENDER = Pattern(r"(\+?[0-9]{3,15}|[A-Za-z0-9 .\-]{1,11})", error="must be a number or 1 to 11 letters")
TEXTS = fields.Dict(keys=fields.String(), values=fields.String())
Account = SmppAccount | KannelAccount | HttpAccount | SmtpAccount


@dataclass(frozen=True)
class ProviderPlan:
    """A provider as the file describes it. ``price`` of a part is in thousandths of the currency."""

    name: str
    account: Account
    price: int = 0
    repeats_safely: bool = False
    lanes: int = 4


@dataclass(frozen=True)
class WayPlan:
    """One line of a municipality's list."""

    provider: str
    order: int = 1
    weight: int = 1


@dataclass(frozen=True)
class ChannelPlan:
    """The whole file."""

    providers: Mapping[str, ProviderPlan]
    routes: Mapping[str, Mapping[str, tuple[WayPlan, ...]]]


class _SecretText(fields.Field[Secret[str]]):
    """A text, or ``{"file": "/path"}``: the secret is then not in the settings file."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Secret[str]:
        if isinstance(value, str):
            return Secret(value)
        if isinstance(value, dict) and set(value) == {"file"}:
            try:
                return Secret(Path(str(value["file"])).read_text(encoding="utf-8").strip())
            except OSError:
                raise ValidationError("its file cannot be read") from None
        raise ValidationError('must be a text or {"file": "/path"}')


def _pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise ValidationError(f"is no regular expression: {error}") from None


class _Provider(Schema):
    """What all kinds share; unknown names are refused."""

    kind = fields.String(required=True)
    price = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, 1_000_000))
    lanes = fields.Integer(strict=True, load_default=4, validate=validate.Range(1, 32))


class _Smpp(_Provider):
    host = fields.String(required=True)
    port = fields.Integer(strict=True, load_default=2775, validate=PORT)
    system_id = fields.String(required=True, validate=validate.Length(1, 15))
    password = _SecretText(required=True)
    sender = fields.String(required=True, validate=SENDER)
    window = fields.Integer(strict=True, load_default=16, validate=validate.Range(1, 500))


class _Kannel(_Provider):
    url = fields.String(required=True, validate=URL)
    username = fields.String(required=True)
    password = _SecretText(required=True)
    sender = fields.String(required=True, validate=SENDER)
    report_url = fields.String(load_default="")


class _Http(_Provider):
    url = fields.String(required=True, validate=URL)
    sender = fields.String(load_default="Commune", validate=SENDER)
    method = fields.String(load_default="POST", validate=validate.OneOf(["GET", "POST", "PUT"]))
    secret = _SecretText()
    headers, query, form = TEXTS, TEXTS, TEXTS
    body = fields.Dict(keys=fields.String())
    accepted = fields.List(fields.Integer(strict=True))
    accepted_text = fields.String(validate=_pattern)
    id_text = fields.String(validate=_pattern)
    refused = fields.List(fields.Integer(strict=True))
    refused_text = fields.String(validate=_pattern)
    throttled = fields.List(fields.Integer(strict=True))
    report = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["id", "status", "delivered", "failed"])), values=fields.String()
    )
    repeats_safely = fields.Boolean(load_default=False)

    @validates_schema
    def one_body(self, data: dict[str, Any], **_: Any) -> None:
        """A form or JSON, not both."""
        if "form" in data and "body" in data:
            raise ValidationError("give form or body, not both", "body")

    @post_load
    def sets(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Lists of codes as sets."""
        return {name: frozenset(value) if isinstance(value, list) else value for name, value in data.items()}


class _Smtp(_Provider):
    host = fields.String(required=True)
    port = fields.Integer(strict=True, load_default=587, validate=PORT)
    sender = fields.Email(required=True)
    security = fields.String(load_default="starttls", validate=validate.OneOf(SECURITY))
    username = fields.String(load_default="")
    password = _SecretText()
    authority = fields.String(load_default=None)

    @validates_schema
    def no_open_password(self, data: dict[str, Any], **_: Any) -> None:
        """A password needs TLS."""
        if data.get("username") and data.get("security") == "none":
            raise ValidationError("a password is not sent without TLS", "security")


class _Way(Schema):
    provider = fields.String(required=True)
    order = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 100))
    weight = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 1000))


class _File(Schema):
    providers = fields.Dict(
        keys=fields.String(validate=Pattern(r"[a-z0-9][a-z0-9-]{0,30}")),
        values=fields.Dict(),
        required=True,
    )
    routes = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(
            keys=fields.String(validate=validate.OneOf(["sms", "email"])),
            values=fields.List(fields.Nested(_Way), validate=validate.Length(1)),
        ),
        required=True,
    )


KINDS: dict[str, tuple[type[_Provider], type[Any]]] = {
    "smpp": (_Smpp, SmppAccount),
    "kannel": (_Kannel, KannelAccount),
    "http": (_Http, HttpAccount),
    "smtp": (_Smtp, SmtpAccount),
}


def as_channels(text: str) -> ChannelPlan | None:
    """The plan in the file's JSON; empty: none. Raises ValueError with the places that are wrong; no secret is
    in its words."""
    if not text.strip():
        return None
    try:
        content = _File().load(json.loads(text))
        providers = {name: _provider(name, row) for name, row in content["providers"].items()}
        routes = {town: _routes(town, channels, providers) for town, channels in content["routes"].items()}
    except ValidationError as error:
        raise ValueError(f"is not right: {json.dumps(error.messages, ensure_ascii=False)}") from None
    return ChannelPlan(providers, routes)


def _provider(name: str, row: Mapping[str, Any]) -> ProviderPlan:
    kind = row.get("kind")
    if kind not in KINDS:
        raise ValidationError({name: {"kind": [f"must be one of {', '.join(KINDS)}"]}})
    schema, account = KINDS[kind]
    try:
        loaded = schema().load(dict(row))
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from None
    shared = {one: loaded.pop(one) for one in ("price", "lanes", "repeats_safely") if one in loaded}
    del loaded["kind"]
    return ProviderPlan(name, account(**loaded), **shared)


def _routes(
    town: str, channels: Mapping[str, Any], providers: Mapping[str, ProviderPlan]
) -> Mapping[str, tuple[WayPlan, ...]]:
    for channel, ways in channels.items():
        for way in ways:
            plan = providers.get(way["provider"])
            if plan is None:
                raise ValidationError({town: {channel: [f"{way['provider']} is no provider of this file"]}})
            if (channel == "email") != isinstance(plan.account, SmtpAccount):
                raise ValidationError({town: {channel: [f"{way['provider']} does not carry {channel}"]}})
    return {channel: tuple(WayPlan(**way) for way in ways) for channel, ways in channels.items()}
