"""Feedback on the wire: what RPC methods take and give."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from imigr_directory.feedback import proposing
from imigr_directory.feedback.domain import CORRECTABLE, REASONS, About, Kind, Opinion, Outcome, Tally
from imigr_directory.feedback.handlers import Filter
from imigr_directory.schemas import CODE, ID, KEY, LANGUAGE, SLUG
from imigr_directory.schemas.content import fits
from imigr_kit.fields import HASH
from imigr_kit.secret import Secret

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000000df")
MOST_LETTERS = 1000
UNWRITTEN = ("Cc", "Cs", "Co", "Cn")
"""General categories of Unicode (UAX 44) that nobody types: controls, surrogates, private and unassigned."""


class Remark(fields.String):
    """Words to the editors: kept as text, without control characters, in a box that does not open by accident."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        plain = "".join(
            one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs", "Co", "Cn")
        )
        if len(plain) > MOST_LETTERS:
            raise ValidationError(f"at most {MOST_LETTERS} letters")
        return Secret(plain.strip()) if plain.strip() else None


class Said(Schema):
    """What all have in common."""

    municipality = fields.String(required=True, validate=SLUG)
    language = fields.String(required=True, validate=LANGUAGE)
    client_key = fields.String(load_default=None, allow_none=True, validate=HASH)
    idempotency_key = fields.String(required=True, validate=KEY)


class GiveOpinion(Said):
    """An opinion on a service, an article or the search."""

    about = fields.Enum(About, by_value=True, required=True)
    record_id = fields.String(load_default=None, allow_none=True, validate=ID)
    useful = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})
    reasons = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(max=5))
    remark = Remark(load_default=None, allow_none=True)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """It is about something that can be named, and says something."""
        if (data["about"] is About.SEARCH) != (data["record_id"] is None):
            raise ValidationError("the id of a service or an article; none for the search", "record_id")
        if not set(data["reasons"]) <= set(REASONS[data["about"]]):
            raise ValidationError(f"one of {', '.join(REASONS[data['about']])}", "reasons")
        if len(set(data["reasons"])) < len(data["reasons"]):
            raise ValidationError("each reason once", "reasons")
        if data["useful"] is None and not data["reasons"] and data["remark"] is None:
            raise ValidationError("say whether it was useful, give a reason, or a remark", "useful")


class ReportGap(Said):
    """I could not find ...: the theme, and words for the editors only."""

    theme = fields.String(load_default=None, allow_none=True, validate=CODE)
    remark = Remark(load_default=None, allow_none=True)


class SuggestCorrection(Said):
    """What is wrong in an entry, and how it should read."""

    record_id = fields.String(required=True, validate=ID)
    part = fields.String(required=True, validate=validate.OneOf(CORRECTABLE))
    value = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=500))
    remark = Remark(load_default=None, allow_none=True)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Only that a place has closed needs no words."""
        if data["remark"] is None and data["value"] is None and data["part"] != "closed_for_good":
            raise ValidationError("say how it should read, or a remark", "remark")

    @post_load
    def read(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The value as the content of an entry keeps it, or within the remark."""
        if data["value"] is None:
            return data
        try:
            value = proposing.parsed(data["part"], data["value"], fits)
        except ValueError as error:
            raise ValidationError(str(error), "value") from error
        return data | (_within_remark(data) if data["part"] in proposing.SEALED else {"value": value})


def _within_remark(data: dict[str, Any]) -> dict[str, Any]:
    """How it should read as the first line of the words to the editors."""
    words = data["remark"].reveal() if data["remark"] is not None else ""
    return {"value": None, "remark": Secret(f"{data['value'].strip()}\n{words}".strip())}


class ListOpinions(Schema):
    """What staff look for."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(("new", "handled")))
    kind = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([one.value for one in Kind]))
    about = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([one.value for one in About]))
    record_id = fields.String(load_default=None, allow_none=True, validate=ID)
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))


class OfTown(Schema):
    """Staff of a town."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)


class ReadRemark(OfTown):
    """Whose remark."""

    opinion_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=KEY)


class HandleOpinion(OfTown):
    """Done with."""

    opinion_id = fields.String(required=True, validate=ID)
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    version = fields.Integer(required=True, strict=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class ListReads(OfTown):
    """How many rows."""

    most = fields.Integer(load_default=50, strict=True, validate=validate.Range(1, 500))


def opinion_of(data: dict[str, Any], kind: Kind, today: date) -> tuple[Opinion, Secret[str] | None, str | None]:
    """An opinion, its remark and the address key, from loaded data; the id follows from the command's key."""
    rest = dict(data)
    key, client, remark = rest.pop("idempotency_key"), rest.pop("client_key"), rest.pop("remark")
    about = rest.pop("about", About.SEARCH if kind is Kind.GAP else About.SERVICE)
    return (
        Opinion(
            id=str(uuid.uuid5(_NAMESPACE, key)),
            kind=kind,
            about=about,
            received_on=today,
            has_remark=remark is not None,
            reasons=tuple(rest.pop("reasons", ())),
            **rest,
        ),
        remark,
        client,
    )


def filter_of(data: dict[str, Any]) -> Filter:
    """What staff look for."""
    return Filter(**{name: value for name, value in data.items() if name != "actor"})


def received_out(opinion: Opinion) -> dict[str, Any]:
    """For the reader who spoke: that it arrived, and until when it is kept."""
    return {"received": True, "gone_on": opinion.gone_at.date().isoformat()}


def opinion_out(opinion: Opinion) -> dict[str, Any]:
    """For staff; the remark is read apart."""
    return {
        "id": opinion.id,
        "kind": opinion.kind.value,
        "about": opinion.about.value,
        "record_id": opinion.record_id,
        "useful": opinion.useful,
        "reasons": list(opinion.reasons),
        "theme": opinion.theme,
        "part": opinion.part,
        "language": opinion.language,
        "received_on": opinion.received_on.isoformat(),
        "gone_on": opinion.gone_at.date().isoformat(),
        "has_remark": opinion.has_remark,
        "proposed": opinion.proposed,
        "state": opinion.state,
        "outcome": None if opinion.outcome is None else opinion.outcome.value,
        "version": opinion.version,
    }


def tally_out(tally: Tally) -> dict[str, Any]:
    """For staff."""
    return {
        "kind": tally.kind.value,
        "about": tally.about.value,
        "record_id": tally.record_id,
        "theme": tally.theme,
        "language": tally.language,
        "total": tally.total,
        "useful": tally.useful,
        "not_useful": tally.not_useful,
        "reasons": dict(tally.reasons),
    }


def reads_out(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows of the audit."""
    names = ("staff_id", "opinion_id")
    return {"items": [{name: row[name] for name in names} | {"at": row["at"].isoformat()} for row in rows]}
