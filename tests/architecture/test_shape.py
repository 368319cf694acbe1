"""The house: every service has the same inside, and nothing personal has a field anywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.parent for path in (ROOT / "services").glob("*/pyproject.toml"))
INSIDE = ("__main__", "service", "schemas", "storage", "handlers", "domain", "errors", "settings")
BANNED_MODULES = {"utils", "helpers", "common", "misc", "manager"}
PERSONAL = {
    "first_name", "last_name", "surname", "full_name", "birth_date", "birthdate", "date_of_birth", "nationality",
    "legal_status", "document_number", "passport", "photo", "home_address", "gender", "religion", "ethnicity",
}  # fmt: skip
VAULT_ONLY = {"phone", "email", "address_book"}


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_service_has_the_inside_that_all_have(service: Path) -> None:
    """Who knows one knows all; a module may have grown into a package."""
    package = service / f"imigr_{service.name}"
    for name in INSIDE:
        assert (package / f"{name}.py").is_file() or (package / name / "__init__.py").is_file(), name
    assert (service / "requirements.txt").is_file()


def sources() -> Iterator[Path]:
    """Every module of ours that runs."""
    for folder in ("kit/imigr_kit", "gateway/imigr_gateway", "services"):
        yield from (
            path for path in (ROOT / folder).rglob("*.py") if "tests" not in path.parts and "build" not in path.parts
        )


def test_every_module_says_what_it_is_for() -> None:
    """A docstring first, and no module whose name says nothing."""
    for path in sources():
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
        assert path.stem not in BANNED_MODULES, path


def fields_of(path: Path) -> Iterator[str]:
    """Names of annotated and assigned fields of classes in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                    yield inner.target.id
                elif isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name):
                    yield inner.targets[0].id


def test_no_field_exists_for_what_must_not_be_stored() -> None:
    """Promise 6: the fields of all entities and schemas, by name."""
    for path in sources():
        assert not set(fields_of(path)) & PERSONAL, path


def test_phone_and_email_have_fields_at_the_gateway_and_for_staff_only() -> None:
    """They pass the gateway sealed and lie in the vault encrypted; accounts keeps the sign-in email of staff."""
    holders = {
        path.relative_to(ROOT).parts[1] if path.parts[-3] != "gateway" else "gateway"
        for path in sources()
        if set(fields_of(path)) & VAULT_ONLY
    }
    assert holders <= {"imigr_gateway", "gateway", "accounts"}


def test_long_functions_are_rare() -> None:
    """No function over 60 lines."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 60, f"{path}:{node.lineno} {node.name} has {length} lines"
