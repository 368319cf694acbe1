"""The contract of packs: schemas, tables, and the example client held against the directory's own search."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from imigr_directory.domain import Act
from imigr_directory.domain.service import content_of
from imigr_directory.editions.entries import Published, Theme, Town
from imigr_directory.editions.hours import hours_lines
from imigr_directory.folding import sounds, words
from imigr_directory.packs.codec import applied, compressed, difference, name_of
from imigr_directory.packs.contract import files
from imigr_directory.packs.lines import lines_of
from imigr_directory.packs.reading import find
from imigr_directory.press.towns import published
from imigr_directory.seeding import read, records_of
from imigr_directory.testing.towns import town_of

ROOT = Path(__file__).parents[3]
CONTRACT, CLIENT = ROOT / "contracts" / "packs", ROOT / "docs" / "examples" / "packs" / "client.mjs"
TYPED = (
    "marsa", "المرسى", "صيدلية", "pharm", "hopital", "Hôpital", "école", "ecole prim", "raoued", "روّاد", "بلدية المرسى",
    "santé", "legal", "وَزَارَة", "ص ي د ل ي ة", "l'ecole", "gammarth", "xyz", "", "2", "Œuvre", "Straße", "الاستقبال",
)  # fmt: skip


def seeded() -> Town:
    """La Marsa of the seed: real names in two scripts."""
    seed = read(ROOT / "data")
    one = next(town for town in seed.municipalities if town.slug == "la-marsa")
    terms = tuple(Theme(term.code, term.parent, term.name, term.words) for term in seed.terms)
    services = [Published(s.id, "service", content_of(s)) for s in seed.services if s.municipality == one.slug]
    articles = [
        published(record)
        for record in records_of(ROOT / "data", Act("x", "2026-11-24T08:00:00.000Z"))
        if record.kind == "article"
    ]
    return Town(one.slug, one.name, one.timezone, one.languages, (*services, *articles), terms)


def text(town: Town, language: str) -> str:
    """Its pack."""
    return lines_of(town, language, hours_lines).text()


def test_the_written_contract_is_that_of_the_code() -> None:
    """And the copy of the tables that the gateway serves."""
    for name, made in files().items():
        assert json.loads((CONTRACT / name).read_text(encoding="utf-8")) == made, name
    served = ROOT / "gateway" / "imigr_gateway" / "pack_folding.json"
    assert json.loads(served.read_text(encoding="utf-8")) == files()["folding.v1.json"]


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_packs_and_differences_meet_their_schemas(language: str) -> None:
    """Of the seed and of a made-up town, closed to what the schema does not name."""
    old = text(seeded(), language)
    new = text(replace(seeded(), records=seeded().records[1:], name={"fr": "Autre"}), language)
    validate = Draft202012Validator(files()["pack.v1.json"]).validate
    for one in (old, new, text(town_of(5), language)):
        validate(json.loads(one))
    Draft202012Validator(files()["change.v1.json"]).validate(json.loads(difference(old, new)))
    assert len(compressed(difference(old, new).encode())) < 5000


SCRIPT = """
import { apply, find, nameOf, sounds, words } from %s;
import { readFileSync } from "node:fs";
const asked = JSON.parse(readFileSync(0, "utf8"));
const found = {
  words: asked.typed.map((one) => words(one, asked.tables)),
  sounds: asked.typed.map((one) => words(one, asked.tables).map((word) => sounds(word, asked.tables))),
  hits: asked.packs.map((text) => asked.typed.map((one) => find(JSON.parse(text), one, asked.tables).map((r) => r.id))),
  made: await apply(asked.old, asked.change),
  name: await nameOf(asked.old),
  refused: await apply(asked.packs[1], asked.change).catch((error) => error.message),
};
process.stdout.write(JSON.stringify(found));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this machine")
def test_the_example_client_finds_what_the_directory_finds() -> None:
    """The same words, the same sounds, the same records in the same order, and the same text after a difference."""
    packs = [text(seeded(), "fr"), text(seeded(), "ar")]
    new = text(replace(seeded(), records=seeded().records[3:]), "fr")
    change = difference(packs[0], new)
    names = [word for record in json.loads(packs[0])["records"][::9] for word in record["name"].split()[:1]]
    typed = [*TYPED, *names]
    asked = {
        "typed": typed,
        "tables": files()["folding.v1.json"],
        "packs": packs,
        "old": packs[0],
        "change": change,
    }
    script = SCRIPT % json.dumps(CLIENT.as_uri())
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["words"] == [words(one) for one in typed]
    assert found["sounds"] == [[list(sounds(word)) for word in words(one)] for one in typed]
    assert found["hits"] == [[[record["id"] for record in find(pack, one)] for one in typed] for pack in packs]
    assert sum(map(len, found["hits"][0])) > 20
    assert (found["made"], found["name"]) == (applied(packs[0], change), name_of(packs[0]))
    assert "another pack" in found["refused"]
