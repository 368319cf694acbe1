"""What people read when something goes wrong: one title per code and language."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "contracts" / "errors"
FILES = sorted(FOLDER.glob("*.json"))
TITLES: dict[str, dict[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES
}
CODES = [(owner, code) for owner, rows in TITLES.items() for code in rows]
FAMILIES = {
    "invalid", "unauthenticated", "forbidden", "not_found", "conflict", "stale", "gone", "too_many", "unavailable",
    "internal",
}  # fmt: skip
OF_HTTP = {"http", "method_not_allowed", "too_large", "unsupported_media_type"}
"""What HTTP itself refuses, at the gateway only; these never travel by RPC."""
ARABIC = re.compile("[\u0600-\u06ff]")


def test_no_code_stands_twice() -> None:
    """Neither in two files nor twice in one (where JSON would silently keep the last)."""
    found: list[str] = []
    for path in FILES:
        json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=lambda pairs: found.extend(k for k, _ in pairs))
    codes = [name for name in found if "." in name]
    assert sorted(codes) == sorted(set(codes))
    assert len(codes) == len(CODES)


@pytest.mark.parametrize(("owner", "code"), CODES, ids=[code for _, code in CODES])
def test_a_code_begins_with_its_owner_and_has_a_family_and_three_titles(owner: str, code: str) -> None:
    """Nothing else is in a row."""
    assert re.fullmatch(rf"{owner}\.[a-z]+(_[a-z]+)*", code)
    row = TITLES[owner][code]
    assert set(row) == {"family", "title"}
    assert row["family"] in FAMILIES | (OF_HTTP if owner == "gateway" else set())
    assert set(row["title"]) == {"en", "fr", "ar"}


@pytest.mark.parametrize(("owner", "code"), CODES, ids=[code for _, code in CODES])
def test_titles_are_sentences_in_their_language(owner: str, code: str) -> None:
    """Short, ended, Arabic in Arabic letters, and without a gap where a value would be pasted in."""
    title = TITLES[owner][code]["title"]
    for language, text in title.items():
        assert 5 <= len(text) <= 120
        assert text.endswith((".", "؟", "?", "!"))
        assert bool(ARABIC.search(text)) is (language == "ar")
        assert not re.search(r"[{}%]", text)
    assert len(set(title.values())) == 3
