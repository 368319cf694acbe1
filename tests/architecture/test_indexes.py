"""A database refuses two indexes over the same keys, and the service then does not start."""

from __future__ import annotations

import pytest

from imigr_kit import commands, inbox

from .retention_table import SERVICES, service_class


@pytest.mark.parametrize("service", SERVICES)
def test_no_index_is_declared_twice(service: str) -> None:
    """Neither under one name nor under two."""
    declared = [*service_class(service).indexes, *inbox.INDEXES, *commands.INDEXES]
    keys = [(one.collection, tuple(one.keys), str(one.partial)) for one in declared]
    names = [(one.collection, one.name) for one in declared]
    assert len(set(keys)) == len(keys)
    assert len(set(names)) == len(names)
