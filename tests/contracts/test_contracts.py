"""What stands in contracts/: schemas, examples, error titles, generated pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent as ForeignEvent
from jsonschema import Draft202012Validator, FormatChecker

from imigr_kit.errors import FAMILIES, ImigrError
from imigr_kit.events import CloudEvent

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
SCHEMAS = sorted((CONTRACTS / "events").glob("*/*.json"))
SERVICES = ("directory", "guichet", "events", "notifications", "accounts")

_PERSONAL_WORDS = (
    "phone mobile tel telephone email mail firstname lastname surname fullname nom prenom birth birthdate birthday "
    "naissance age nationality nationalite citizenship passport document_number cin photo picture portrait home "
    "domicile residence remark remarks comment comments note notes free_text status_legal legal_status religion "
    "ethnicity gender sex ip user_agent"
)
PERSONAL = frozenset(_PERSONAL_WORDS.split(" "))
"""Words that would name personal data; a property with one of them as a part is refused."""
PUBLIC_PLACES = frozenset({"name", "guichet_name", "address", "place", "title", "summary"})
"""Texts of public places and events, which may be called so."""


def names(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """All properties at any depth."""
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            yield name, inner
        for inner in schema.values():
            yield from names(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from names(inner)


@pytest.mark.parametrize("path", SCHEMAS, ids=[f"{p.parent.name}.{p.stem}" for p in SCHEMAS])
def test_a_schema_is_closed_marked_and_named_by_its_place(path: Path) -> None:
    """JSON Schema 2020-12, closed, every property marked for its audience, $id that follows from the path."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"https://imigr.tn/contracts/events/{path.parent.name}/{path.name}"
    assert schema["additionalProperties"] is False
    assert {inner.get("x-audience") for _, inner in names(schema)} <= {"internal", "partner"}


@pytest.mark.parametrize("path", SCHEMAS, ids=[f"{p.parent.name}.{p.stem}" for p in SCHEMAS])
def test_no_schema_has_a_field_for_a_person(path: Path) -> None:
    """Promise 6, protection by absence: no property name could hold a person's data."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    for name, _ in names(schema):
        parts = set(name.lower().split("_")) | {name.lower()}
        assert not parts & PERSONAL, name
        assert "name" not in parts or name in PUBLIC_PLACES, name


@pytest.mark.parametrize("path", SCHEMAS, ids=[f"{p.parent.name}.{p.stem}" for p in SCHEMAS])
def test_the_example_is_a_valid_event(path: Path) -> None:
    """For its schema, for our reader, and for the CloudEvents library."""
    example = json.loads((CONTRACTS / "examples" / path.parent.name / path.name).read_text(encoding="utf-8"))
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(example["data"])
    event = CloudEvent.from_dict(example)
    assert event.kind == f"{path.parent.name}.{path.stem.removesuffix('.v1')}"
    attributes = {name: value for name, value in example.items() if name not in {"data", "sequence", "time"}}
    assert ForeignEvent(attributes, example["data"]).get_type() == example["type"]


@pytest.mark.parametrize("service", SERVICES)
def test_error_titles_and_error_classes_are_the_same_list(service: str) -> None:
    """Each code of errors.py has a title in three languages under the right family, and no title is left over."""
    titles = json.loads((CONTRACTS / "errors" / f"{service}.json").read_text(encoding="utf-8"))
    codes: dict[str, str] = {}
    for module in (f"imigr_{service}.errors", f"imigr_{service}.handlers"):
        for value in vars(import_module(module)).values():
            if isinstance(value, type) and issubclass(value, ImigrError) and value.code.startswith(f"{service}."):
                codes[value.code] = value.family
    assert {code: row["family"] for code, row in titles.items()} == codes
    assert all({"fr", "ar", "en"} <= set(row["title"]) for row in titles.values())
    assert set(codes.values()) <= set(FAMILIES)


def test_the_generated_documents_are_up_to_date() -> None:
    """OpenAPI, AsyncAPI and the gateway's titles equal what generates them (`make generated`)."""
    from imigr_gateway.openapi import description
    from tools import asyncapi, problem_titles

    assert (CONTRACTS / "openapi.yaml").read_text(encoding="utf-8") == description()
    assert asyncapi.TARGET.read_text(encoding="utf-8") == asyncapi.document()
    assert problem_titles.TARGET.read_text(encoding="utf-8") == problem_titles.gathered()


def test_every_event_a_service_can_emit_has_a_contract() -> None:
    """Kinds named in the code of a service are those of contracts/events."""
    import re

    for service in SERVICES:
        folder = ROOT / "services" / service / f"imigr_{service}"
        code = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
        spoken = set(re.findall(r'Fact\(\s*"([a-z_]+\.[a-z_]+)"', code)) | set(
            re.findall(r'_(?:fact|now)\([^)]*?"([a-z_]+\.[a-z_]+)"', code)
        )
        written = {path.stem.removesuffix(".v1") for path in (CONTRACTS / "events" / service).glob("*.json")}
        assert spoken <= written, service
