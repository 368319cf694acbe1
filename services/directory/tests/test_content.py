"""What content of a record may be: the pile of what is refused, and texts that stay texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from imigr_directory.domain import KINDS, complete
from imigr_directory.domain.content import BLANK
from imigr_directory.schemas.content import CONTENT, content_in
from imigr_directory.schemas.fields import LANGUAGES_AT_MOST

SERVICE = {"name": {"fr": "Permanence"}, "taxonomy": ["legal"]}
ARTICLE = {"title": {"fr": "Santé"}}
ONE = {"id": "a", "heading": {"fr": "x"}}
BACKWARDS = {"valid_from": "2026-01-02T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}
BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("an unknown part", "service", SERVICE | {"color": "red"}, "color"),
    ("a name of a person", "organization", {"name": {"fr": "x"}, "contacts": [{"name": "x"}]}, "contacts"),
    ("off the globe", "service", SERVICE | {"location": {"lat": 91, "lon": 0}}, "location"),
    ("half a point", "location", {"name": {"fr": "x"}, "location": {"lat": 36}}, "location"),
    ("a point that is no number", "service", SERVICE | {"location": {"lat": "nan", "lon": 0}}, "location"),
    ("a language that is a name", "service", SERVICE | {"languages": ["english"]}, "languages"),
    ("a language with an underscore", "service", SERVICE | {"languages": ["fr_FR"]}, "languages"),
    ("a language that nobody registered", "service", SERVICE | {"name": {"xx": "x"}}, "name"),
    ("a text in no language", "service", SERVICE | {"name": {"": "x"}}, "name"),
    ("an empty text", "service", SERVICE | {"name": {"fr": ""}}, "name"),
    ("no name", "service", {"taxonomy": ["legal"]}, "name"),
    ("a text instead of texts", "service", SERVICE | {"name": "Permanence"}, "name"),
    ("a text too long", "service", SERVICE | {"name": {"fr": "x" * 201}}, "name"),
    ("a script as an address", "service", SERVICE | {"website": "javascript:alert(1)"}, "website"),
    ("a file as an address", "service", SERVICE | {"website": "file:///etc/passwd"}, "website"),
    ("letters as a phone", "service", SERVICE | {"phones": ["call me"]}, "phones"),
    ("a sentence as an email", "service", SERVICE | {"emails": ["write to us"]}, "emails"),
    ("ages the wrong way round", "service", SERVICE | {"eligibility": {"min_age": 30, "max_age": 20}}, "eligibility"),
    ("a cost below nothing", "service", SERVICE | {"costs": [{"amount": -1}]}, "costs"),
    ("a part whose id has a dot", "article", ARTICLE | {"sections": [ONE | {"id": "a.b"}]}, "sections"),
    ("two parts with one id", "article", ARTICLE | {"sections": [ONE, ONE]}, "sections"),
    ("an order that is text", "article", ARTICLE | {"order": "first"}, "order"),
    ("ends before it begins", "alert", ARTICLE | BACKWARDS, "valid_until"),
    ("a moment without a zone", "alert", ARTICLE | {"valid_from": "2026-01-02T00:00:00"}, "valid_from"),
    ("control characters", "service", SERVICE | {"name": {"fr": "a\x00b"}}, "name"),
    ("half a letter", "service", SERVICE | {"name": {"fr": "a\ud800b"}}, "name"),
    ("far too many", "service", SERVICE | {"phones": ["197"] * 1000}, "phones"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_content_is_refused_field_by_field(kind: str, content: dict[str, Any], field: str) -> None:
    """The problem names the part."""
    with pytest.raises(ValidationError) as caught:
        content_in(kind, content, "seed")
    assert field in caught.value.messages_dict


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_a_kind_has_a_field_and_the_reverse(kind: str) -> None:
    """What may be written and what is kept are the same list."""
    assert set(CONTENT[kind]().fields) == set(BLANK[kind])


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<b>gras</b> & co", "' OR 1=1 --", "{{ 7*7 }}", "\u202eabc"]
)
def test_markup_is_kept_as_text(text: str) -> None:
    """It is text like any other, and shown escaped."""
    assert content_in("service", SERVICE | {"description": {"fr": text}}, "seed")["description"] == {"fr": text}


def test_a_language_tag_is_kept_in_its_one_written_form() -> None:
    """So that the same language is found under one key (RFC 5646, section 2.1.1)."""
    made = content_in("service", SERVICE | {"name": {"FR": "x", "zh-hant-tw": "y"}, "languages": ["AR", "aeb"]}, "s")
    assert (made["name"], made["languages"]) == ({"fr": "x", "zh-Hant-TW": "y"}, ["ar", "aeb"])


def test_new_parts_get_ids_that_follow_from_the_command() -> None:
    """A repeated command makes the same content."""
    article = ARTICLE | {"sections": [{"heading": {"fr": "x"}, "steps": [{"text": {"fr": "y"}}]}]}
    assert content_in("article", article, "k1") == content_in("article", article, "k1")
    assert content_in("article", article, "k1") != content_in("article", article, "k2")


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=LANGUAGES_AT_MOST + 2))
def test_no_text_by_language_makes_a_fault(texts: dict[str, str]) -> None:
    """Taken or refused with a reason."""
    try:
        made = content_in("service", SERVICE | {"name": texts}, "seed")
    except ValidationError:
        return
    assert made == complete("service", made)
