"""Answers come from services as JSON: what describes them must take text where JSON has no type of its own."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from marshmallow import Schema, fields

from imigr_gateway import shapes
from imigr_gateway.shapes.base import Strict

ANSWERS = [
    found
    for module in pkgutil.walk_packages(shapes.__path__, f"{shapes.__name__}.")
    for found in vars(importlib.import_module(module.name)).values()
    if isinstance(found, type)
    and issubclass(found, Schema)
    and not issubclass(found, Strict)
    and found is not Schema
    and found.__module__ == module.name
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda found: found.__name__)
def test_an_answer_has_no_field_that_wants_a_python_object(answer: type[Schema]) -> None:
    """A field of a moment fails on the text of a moment, and the caller gets a 500 after the work was done."""
    wrong = [
        name
        for name, field in answer().fields.items()
        if isinstance(field, fields.DateTime | fields.Date | fields.Time | fields.TimeDelta)
    ]
    assert wrong == []
