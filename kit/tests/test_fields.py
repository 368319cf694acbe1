"""What comes from outside is read in one place, as a whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from imigr_kit import logs
from imigr_kit.bounds import DEEPEST, is_too_deep, outside
from imigr_kit.demonstration import announced, marked
from imigr_kit.errors import NotFound
from imigr_kit.fields import LANGUAGE, SLUG, UUID, Day, Moment, Pattern, is_language


@pytest.mark.parametrize("text", ["la-marsa\n", "la-marsa\x00", " la-marsa", "la--marsa", "La-Marsa", ""])
def test_a_slug_is_a_slug_to_its_last_letter(text: str) -> None:
    """Python's ``$`` matches before a final newline."""
    with pytest.raises(ValidationError):
        SLUG(text)
    assert SLUG("la-marsa") == "la-marsa"


def test_openapi_is_told_a_pattern_that_others_read() -> None:
    r"""ECMA-262 knows no ``\Z``."""
    assert Pattern(r"(a|b)").regex.pattern == "^(a|b)$"
    with pytest.raises(ValidationError):
        Pattern(r"(a|b)")("a\n")


@pytest.mark.parametrize(
    "tag",
    ["fr", "ar-TN", "zh-Hant-HK", "de-CH-1996", "sl-rozaj-biske", "zh-yue-HK", "en-u-ca-islamic", "ff-x-own", "es-419"],
)
def test_language_tags_of_rfc_5646(tag: str) -> None:
    """Examples of its appendix A, and of this country."""
    assert is_language(tag)


@pytest.mark.parametrize(
    "tag", ["", "f", "fr_TN", "fr-", "-fr", "fr--TN", "fr-TN-TN-TN-x", "en-a", "12", "fr\n", "fr" + "-abcde" * 9]
)
def test_what_is_no_language_tag(tag: str) -> None:
    """Too short, too long, not well-formed, or with something behind."""
    assert not is_language(tag)
    with pytest.raises(ValidationError):
        LANGUAGE(tag)


@pytest.mark.parametrize("year", ["0001", "1969", "2101", "9999"])
def test_days_and_moments_lie_within_the_years_that_are_worked_out(year: str) -> None:
    """1970 to 2100; beyond it a change of the zone alone overflows."""
    with pytest.raises(ValidationError):
        Day().deserialize(f"{year}-06-01")
    with pytest.raises(ValidationError):
        Moment().deserialize(f"{year}-06-01T00:00:00+00:00")
    assert Day().deserialize("2100-12-31").year == 2100


def test_an_id_is_a_uuid() -> None:
    """In its written form."""
    assert UUID("019348a0-0000-7000-8000-00000000a002")
    for text in ("22719604", "019348A0-0000-7000-8000-00000000A002", "019348a0-0000-7000-8000-00000000a002\n"):
        with pytest.raises(ValidationError):
            UUID(text)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, 2**63]}, "a.1"),
        ({"a": -(2**63) - 1}, "a"),
        ({"a": {"b": "x\x00"}}, "a.b"),
        ({"a": float("inf")}, "a"),
        ({"a": {"b\x00": 1}}, "a"),
    ],
)
def test_what_no_part_can_hold_is_told_by_its_path(value: Any, path: str) -> None:
    """Integers over 64 bit, NUL, numbers that are none."""
    assert path in list(outside(value))
    assert list(outside({"a": [2**63 - 1, -(2**63), True, None, "é\n", 1.5]})) == []


def test_depth_is_counted_outside_of_texts() -> None:
    """Before anything is read, since reading is what would run out of stack."""
    assert is_too_deep(b"[" * (DEEPEST + 1))
    assert not is_too_deep(b"[" * DEEPEST + b"]" * DEEPEST)
    assert not is_too_deep(b'"' + b"[" * 200 + b'\\"[["')
    assert not is_too_deep(b"[]" * 500)


def test_a_log_says_where_it_failed_and_never_what_an_exception_says() -> None:
    """It may quote what somebody typed; of an error of ours the code stays."""
    try:
        try:
            int("22719604x")
        except ValueError as error:
            raise NotFound(code="kit.not_here") from error
    except NotFound as error:
        told = logs.places((type(error), error, error.__traceback__))
    assert "kit.not_here" in told
    assert "ValueError" in told
    assert "test_fields.py" in told
    assert "22719604" not in told


def test_what_is_imagined_says_so_once_in_each_language() -> None:
    """Behind names, before messages; another language gets the English mark."""
    names = {"fr": "Guichet", "ar": "شباك", "bm": "Guichet"}
    assert marked(names) == {"fr": "Guichet (démonstration)", "ar": "شباك (تجريبي)", "bm": "Guichet (demonstration)"}
    assert marked(marked(names)) == marked(names)
    assert announced("fr", "Bonjour") == "[DÉMO] Bonjour"
