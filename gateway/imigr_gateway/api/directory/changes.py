"""What changed in the directory since a cursor."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.directory.blueprint import blueprint
from imigr_gateway.commands import as_json, backends
from imigr_gateway.doors import public
from imigr_gateway.shapes.directory import changes as shapes


@blueprint.get("/directory/changes")
@blueprint.arguments(shapes.AfterCursor, location="query")
@blueprint.response(200, shapes.Changes)
@public
def list_changes(query: dict[str, Any]) -> Any:
    """Entries of every kind whose public side changed after a cursor, each once, in full and in all its languages;
    `deleted` ones as tombstones. Without a cursor: everything there is. Ask again with the `cursor` of the answer."""
    asked = {name: value for name, value in query.items() if value is not None}
    return as_json(backends().call("directory", "list_changes", query["municipality"], **asked))
