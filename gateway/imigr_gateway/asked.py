"""Looks over every request before a route sees it: what no part behind could hold gets a problem, never a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask import request
from werkzeug.datastructures import MultiDict

from imigr_kit.bounds import fits, is_too_deep, outside
from imigr_kit.errors import FieldError, Invalid, NotFound
from imigr_kit.fields import is_language

LANGUAGE_PARAMETER = "lang"


class OutOfBounds(Invalid):
    """A value is out of what is read at all; the field says which."""

    code = "gateway.invalid_input"


def check() -> None:
    """Before each request. Raises OutOfBounds, or NotFound for a path that can name nothing; what is not even JSON is
    left to the route, which knows what it reads."""
    if not all(fits(one) for one in (request.view_args or {}).values()):
        raise NotFound(code="gateway.not_found")
    wrong = [*_parameters(request.args), *_tags()]
    if request.is_json:
        wrong += _body(request.get_data(cache=True))
    elif request.mimetype == "application/x-www-form-urlencoded":
        wrong += _parameters(request.form)
    refuse(wrong)


def refuse(wrong: list[str]) -> None:
    """Raises OutOfBounds when there is anything."""
    if wrong:
        raise OutOfBounds(fields=[FieldError(path, OutOfBounds.code, "out of bounds") for path in wrong])


def _parameters(given: MultiDict[str, str]) -> Iterator[str]:
    """Names of parameters that cannot be read; a name that cannot be told is told as nothing."""
    for name in given:
        if not fits(name):
            yield ""
        elif not all(fits(one) for one in given.getlist(name)):
            yield name


def _tags() -> Iterator[str]:
    if not all(is_language(one) for one in request.args.getlist(LANGUAGE_PARAMETER)):
        yield LANGUAGE_PARAMETER


def _body(text: bytes) -> Iterator[str]:
    if is_too_deep(text):
        yield ""
        return
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return
    except ValueError:  # a number with more digits than Python reads
        yield ""
        return
    yield from outside(value)
