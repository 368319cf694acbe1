"""Nothing about a person is kept without an end: docs/retention.md knows every collection, and is true."""

from __future__ import annotations

import re

import pytest

from imigr_kit import commands, inbox
from imigr_kit.entrypoints import Every
from imigr_kit.mongo import Index
from imigr_kit.relay import LEASES

from .retention_table import OF_ALL, SERVICES, Row, collections_in_code, listed, service_class, table


def test_every_collection_is_in_the_table_and_no_other() -> None:
    """A new collection needs a line that says how long its rows live."""
    for service in SERVICES:
        of_kit = {inbox.COLLECTION, LEASES, commands.CLAIMS}
        assert collections_in_code(service) | of_kit == listed(service), service


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.service}.{row.collection}.{row.field[:20]}")
def test_what_the_table_says_ends_a_row_does(row: Row) -> None:
    """An index that deletes, a job that runs by itself, the record itself; or nobody is in it."""
    named = re.fullmatch(r"(TTL index|job) `(\w+)`", row.end)
    if named is None:
        assert row.end in ("with its record", "nobody")
        assert (row.end == "nobody") == row.field.startswith("nobody")
    elif named[1] == "TTL index":
        assert named[2] in {one.name for one in _indexes(row) if one.expire_after is not None}
    else:
        entrypoints = getattr(getattr(service_class(row.service), named[2]), "nameko_entrypoints", ())
        assert any(isinstance(one, Every) for one in entrypoints)


def test_every_index_that_deletes_is_in_the_table() -> None:
    """What goes by itself is said."""
    said = {(row.service, row.collection, row.end) for row in table()}
    for service in SERVICES:
        for index in service_class(service).indexes:
            if index.expire_after is not None:
                assert (service, index.collection, f"TTL index `{index.name}`") in said


def _indexes(row: Row) -> tuple[Index, ...]:
    found = (*inbox.INDEXES, *commands.INDEXES) if row.service == OF_ALL else service_class(row.service).indexes
    return tuple(one for one in found if one.collection == row.collection)
