"""contracts/asyncapi.yaml: complete, without dangling references, true to schemas and examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tools import asyncapi

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
DOCUMENT: dict[str, Any] = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text(encoding="utf-8"))
EXAMPLES = {
    f"{path.parent.name}.{path.stem}": json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((CONTRACTS / "examples").glob("*/*.json"))
}
PUBLIC = sorted(name for name in EXAMPLES if name.split(".")[0] not in asyncapi.PRIVATE)


def references(node: Any) -> Iterator[str]:
    """Every $ref."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def retrieve(uri: str) -> Resource[Any]:
    """A schema file named relative to the document."""
    content = json.loads((CONTRACTS / uri.removeprefix("https://contracts.invalid/")).read_text(encoding="utf-8"))
    return Resource.from_contents(content)


def payload(name: str) -> Draft202012Validator:
    """The validator of a channel's whole message, references resolved as a reader would."""
    base = "https://contracts.invalid/asyncapi.yaml"
    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]  # attrs builds the signature
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **DOCUMENT}
    registry = registry.with_resource(base, Resource.from_contents(whole))
    return Draft202012Validator({"$ref": f"{base}#/components/messages/{name}/payload"}, registry=registry)


def test_it_equals_what_generates_it() -> None:
    """`make generated` writes it."""
    assert (CONTRACTS / "asyncapi.yaml").read_text(encoding="utf-8") == asyncapi.document()


def test_every_public_event_has_channel_operation_and_message() -> None:
    """And nothing else has: what goes to the vault's private queue is not offered to anybody."""
    assert sorted(DOCUMENT["channels"]) == sorted(DOCUMENT["components"]["messages"]) == PUBLIC
    assert sorted(DOCUMENT["operations"]) == [f"send.{name}" for name in PUBLIC]
    assert not [name for name in DOCUMENT["channels"] if "contact" in name]


def test_every_reference_leads_somewhere() -> None:
    """Inside the document, or to a schema file beside it."""
    for reference in references(DOCUMENT):
        if reference.startswith("#/"):
            node: Any = DOCUMENT
            for step in reference[2:].split("/"):
                node = node[step]
        else:
            assert (CONTRACTS / reference).is_file(), reference


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_is_a_valid_message_of_its_channel(name: str) -> None:
    """Envelope and data; under another type, or with a field more, it is none."""
    example, validator = EXAMPLES[name], payload(name)
    validator.validate(example)
    assert not validator.is_valid(example | {"type": "tn.imigr.other.thing.done.v1"})
    assert not validator.is_valid(example | {"data": example["data"] | {"phone": "x"}})
    assert not validator.is_valid({key: value for key, value in example.items() if key != "sequence"})


@pytest.mark.parametrize("name", PUBLIC)
def test_the_address_is_the_routing_key_of_the_example(name: str) -> None:
    """As the kit publishes it."""
    from imigr_kit.events import CloudEvent

    example = EXAMPLES[name]
    address = DOCUMENT["channels"][name]["address"].replace("{municipality}", example["municipality"])
    assert CloudEvent.from_dict(example).routing_key == address
