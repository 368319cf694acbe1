"""Collections as the code of all services names them, and the table in docs/retention.md of how long rows live."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "retention.md"
SERVICES = ("accounts", "directory", "events", "guichet", "notifications")
OF_ALL = "every service"
"""The heading of what the kit keeps in each database."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    service: str
    collection: str
    field: str
    life: str
    end: str


def table() -> list[Row]:
    """The lines of docs/retention.md, each under the service of its heading."""
    rows, service = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            service = line[3:].strip().lower()
        elif line.startswith("| `"):
            collection, field, life, end = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append(Row(service, collection.strip("`"), field, life, end))
    return rows


def listed(service: str) -> set[str]:
    """Collections of a service that the table knows."""
    return {row.collection for row in table() if row.service in (service, OF_ALL)}


def service_class(service: str) -> Any:
    """The class that says indexes and outboxes."""
    module = import_module(f"imigr_{service}.service")
    return next(one for one in vars(module).values() if isinstance(one, type) and getattr(one, "indexes", None))


def collections_in_code(service: str) -> set[str]:
    """Collections that have an index or an outbox, and all that are named where a database is asked for one."""
    found = {one.collection for one in service_class(service).indexes} | set(service_class(service).outbox_collections)
    folder = ROOT / "services" / service
    for path in (folder / f"imigr_{service}").rglob("*.py"):
        name = ".".join(path.relative_to(folder).with_suffix("").parts)
        found.update(_named(name.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))))
    return found


def _named(module: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_database(node.value):
            yield from _value(module, node.slice)
        elif isinstance(node, ast.Call) and _asks_for_collection(node.func) and node.args:
            yield from _value(module, node.args[0])


def _asks_for_collection(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "get_collection"


def _is_database(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.strip("_") in ("db", "database")


def _value(module: str, node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name):
        value = getattr(import_module(module), node.id, None)
        if isinstance(value, str):
            yield value
