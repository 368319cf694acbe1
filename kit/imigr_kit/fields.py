"""The one reader of formats that come from outside: slugs, language tags, hashes, days, moments, ids of requests."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from imigr_kit.ids import is_id

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2100
LONGEST_TAG: Final = 35
"""Letters of a language tag that every reader takes (RFC 5646, 4.4.1)."""
_TAG: Final = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"  # language, with extended language subtags
    r"(?:-[a-z]{4})?"  # script
    r"(?:-(?:[a-z]{2}|[0-9]{3}))?"  # region
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*"  # extensions
    r"(?:-x(?:-[a-z0-9]{1,8})+)?",  # private use
    re.IGNORECASE | re.ASCII,
)


def is_language(text: str) -> bool:
    """Whether a text is a well-formed language tag (BCP 47; RFC 5646, 2.2.9). One that only has private subtags, or a
    grandfathered one, is not taken: nobody could read in it."""
    return len(text) <= LONGEST_TAG and _TAG.fullmatch(text) is not None


class Pattern(validate.Regexp):
    """The whole text matches. ``pattern`` is written without anchors, with its alternatives in a group: Python's ``$``
    lets a final newline through, while the ``$`` that OpenAPI is told does not (ECMA-262)."""

    def __init__(self, pattern: str, *, error: str | None = None) -> None:
        super().__init__(f"^{pattern}$", error=error)
        self._whole = re.compile(pattern)

    def __call__(self, value: str) -> str:  # type: ignore[override]  # we have no bytes
        """Raises ValidationError."""
        if self._whole.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Tag(validate.Validator):
    """A language tag (BCP 47)."""

    def __call__(self, value: str) -> str:
        """Raises ValidationError."""
        if not is_language(value):
            raise ValidationError("must be a language tag (BCP 47)")
        return value


class Uuid(validate.Validator):
    """The id of a record: drawn by a program, so nothing that somebody typed is in it."""

    def __call__(self, value: str) -> str:
        """Raises ValidationError."""
        if not is_id(value):
            raise ValidationError("must be the id of a record (UUID)")
        return value


SLUG: Final = Pattern(r"[a-z0-9]+(-[a-z0-9]+)*")
"""The short name of a municipality, a provider, a partner."""
LANGUAGE: Final = Tag()
UUID: Final = Uuid()
HASH: Final = Pattern(r"[0-9a-f]{64}")
"""A SHA-256 in hex."""


def _within(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValidationError(f"the year must be between {FIRST_YEAR} and {LAST_YEAR}")


class Day(fields.Date):
    """A day that a calendar can be worked out for."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> dt.date:
        day = super()._deserialize(value, attr, data, **more)
        _within(day.year)
        return day


class Moment(fields.AwareDateTime):
    """A moment with its offset, within the same years."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> dt.datetime:
        moment = super()._deserialize(value, attr, data, **more)
        _within(moment.year)
        return moment
