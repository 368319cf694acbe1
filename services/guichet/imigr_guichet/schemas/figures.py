"""What the RPC method of the figures takes."""

from __future__ import annotations

from marshmallow import fields

from imigr_guichet.schemas.fields import ID
from imigr_guichet.schemas.tickets import OfStaff
from imigr_kit.fields import Day


class GetFigures(OfStaff):
    """Of which guichet, in which month."""

    guichet_id = fields.String(required=True, validate=ID)
    month = Day(required=True, format="%Y-%m")


GET_FIGURES = GetFigures()
