"""What a person can type: where a free text may come in at all, and that no pattern lets a final newline through."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("accounts", "directory", "events", "guichet", "notifications")

PUBLIC_WORDS = (
    "name address description title summary place room text heading body label option function organization organisers "
    "accessibility_details alternate_name application interpretation transport functions illustration_alt options "
    "bring texts lines also ask source licence organiser columns kinds themes theme told "
)
"""Written by staff for all to read, or by the operator: about a town, an event, an organization."""
SEARCHED = "q search postcode taxonomy taxonomy_id taxonomy_term_id reference provider value"
"""Compared with what is stored and forgotten with the request; ``value`` is read as a closed code or sealed."""
SEALED = "email password old new token reset_token device_token remark sealed ticket slip proof"
"""A Secret, a sealed box or something that is only ever verified."""
DRAWN = (
    "id client client_key idempotency_key staff_id token_id after data import_id location_id locations municipality "
    "opinion_id organization_id parent_id owner record_id record_ids service_id services template calendar xliff spans "
    "event_id registration_id scan_id rrule absence_id appointment_id contact_id guichet_id orientation_id referral_id "
    "session_id ticket_id campaign_id entry_id manage_hash subject content actor language languages source_language "
    "message_language"
)
"""Ids that must be there already, hashes that the gateway makes, files that are read as what they are; tags of BCP 47
(their field checks them); contents that another schema reads."""
CHECKED = "desk desks holidays open_to state timezone code cancelled_by kind reason display"
"""Looked up by the use case in the plan, in a closed list of the domain, in the functions of staff."""
READERS = {"compile", "match", "search", "fullmatch", "Regexp", "Pattern"}
ALLOWED = frozenset(" ".join((PUBLIC_WORDS, SEARCHED, SEALED, DRAWN, CHECKED)).split())


def schemas(service: str) -> Iterator[type[Schema]]:
    """Every schema of a service."""
    package = importlib.import_module(f"imigr_{service}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "schemas" in module.name.split("."):
            for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if issubclass(found, Schema) and found.__module__ == module.name:
                    yield found


def open_fields(name: str, field: fields.Field[Any]) -> Iterator[str]:
    """Names of the fields within which anything can be typed: texts that only their length limits."""
    if isinstance(field, fields.List):
        yield from open_fields(name, field.inner)
    elif isinstance(field, fields.Dict):
        inner = [one for one in (field.key_field, field.value_field) if one is not None]
        for one in inner:
            yield from open_fields(name, one)
        if not inner:
            yield name
    elif isinstance(field, fields.String) and all(isinstance(one, validate.Length) for one in field.validators):
        yield name


@pytest.mark.parametrize("service", SERVICES)
def test_free_text_comes_in_where_it_is_known_to(service: str) -> None:
    """A new field without a pattern, a list or a reason that is written above fails here: what is typed into it would
    reach an event, a log or a plain store."""
    found = {
        f"{schema.__module__}.{schema.__name__}.{name}"
        for schema in schemas(service)
        for field_name, field in schema._declared_fields.items()
        for name in open_fields(field_name, field)
        if name not in ALLOWED
    }
    assert not found


def sources() -> list[Path]:
    """Every module that runs. Two modules of the kit are read by their owner's own tests."""
    folders = ("kit/imigr_kit", "gateway/imigr_gateway", "services", "deploy")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    apart = {"kit/imigr_kit/events.py", "kit/imigr_kit/topology.py", "kit/imigr_kit/fields.py"}
    return [one for one in found if not {"tests", "build"} & set(one.parts) and str(one.relative_to(ROOT)) not in apart]


def called(node: ast.Call) -> str:
    """The last part of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def patterns(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, function and text of every regular expression that a module writes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            text = node.args[0].value
            if called(node) in READERS and isinstance(text, str):
                yield node.lineno, called(node), text


def test_no_pattern_ends_in_a_dollar() -> None:
    """Python's ``$`` also matches before a final newline: "la-marsa\\n" passed in three services."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        for line, _, text in patterns(path)
        if re.search(r"(?<!\\)(\\\\)*\$(\)|\||\Z)", text)
    ]
    assert not found


def test_schemas_use_the_kits_pattern() -> None:
    """marshmallow's own looks at the beginning of a text only; and ours is written without anchors."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        for line, function, text in patterns(path)
        if function == "Regexp" or (function == "Pattern" and (text.startswith("^") or text.endswith((r"\Z", "$"))))
    ]
    assert not found
    assert not [path for path in sources() if "validate.Regexp(" in path.read_text(encoding="utf-8")]
