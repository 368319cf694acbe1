"""What may be asked of the search, and what is refused, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from imigr_directory.schemas import Search
from imigr_directory.search import Query, Searcher


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("q", {"q": "x" * 201}),
        ("q", {"q": 7}),
        ("latitude", {"latitude": 91, "longitude": 0}),
        ("latitude", {"latitude": 36.0}),
        ("longitude", {"latitude": 0, "longitude": float("nan")}),
        ("radius_km", {"radius_km": 5}),
        ("radius_km", {"radius_km": -1, "latitude": 0, "longitude": 0}),
        ("radius_km", {"radius_km": float("inf"), "latitude": 0, "longitude": 0}),
        ("sort", {"sort": "distance"}),
        ("sort", {"sort": "rank"}),
        ("spoken", {"spoken": ["not a language"]}),
        ("spoken", {"spoken": ["fr"] * 11}),
        ("accessibility", {"accessibility": ["<script>"]}),
        ("taxonomy", {"taxonomy": "health; drop"}),
        ("municipality", {"municipality": "La Marsa"}),
        ("page", {"page": "1"}),
        ("page", {"page": 10_001}),
        ("per_page", {"per_page": 0}),
        ("facets", {"facets": "yes"}),
        ("anything", {"anything": 1}),
    ],
)
def test_nonsense_is_refused_and_named(field: str, asked: dict[str, Any]) -> None:
    """The field that is wrong is the one that is named."""
    with pytest.raises(ValidationError) as refused:
        Search().load(asked)
    assert field in refused.value.messages_dict


@pytest.mark.parametrize(
    "text", ["\x00\x07", "\ud800marsa", "a" * 200, "و" * 200, "🙂 " * 60, "\u202e\u0600", "' OR 1=1 --"]
)
def test_any_text_is_a_question(text: str) -> None:
    """Control characters, halves of characters and endless words find something or nothing, and harm nobody."""
    query: Query = Search().load({"q": text})
    assert Searcher((), {}).find(query).total == 0
