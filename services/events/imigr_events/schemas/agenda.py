"""The public agenda on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_events.domain import wire_time
from imigr_events.handlers import Found, Search
from imigr_events.schemas.base import LANGUAGE, SLUG
from imigr_events.schemas.event import event_out

MOST = 1_000
"""Events of one answer: a whole feed."""


class SearchAgenda(Schema):
    """Which public events."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    theme = fields.String(load_default=None, allow_none=True, validate=SLUG)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)
    q = fields.String(load_default="", validate=validate.Length(max=200))
    since = fields.AwareDateTime(load_default=None, allow_none=True)
    until = fields.AwareDateTime(load_default=None, allow_none=True)
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, MOST))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Search:
        """The search; its words apart."""
        words = tuple(data.pop("q").split())
        return Search(**data, words=words)


SEARCH_AGENDA = SearchAgenda()


def entry_out(found: Found) -> dict[str, Any]:
    """A public event with its last change."""
    return event_out(found.event) | {"changed_at": wire_time(found.changed_at)}


def agenda_out(found: Sequence[Found], total: int, wanted: Search) -> dict[str, Any]:
    """A page of the agenda."""
    return {
        "items": [entry_out(one) for one in found],
        "total": total,
        "page": wanted.page,
        "per_page": wanted.per_page,
    }
