"""Every error as application/problem+json (RFC 9457), in the caller's language; the one table of statuses."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

from imigr_gateway.languages import FALLBACK, chain
from imigr_kit.context import current
from imigr_kit.errors import FieldError, ImigrError
from imigr_kit.logs import get_logger

log = get_logger(__name__)

STATUS = {
    "invalid": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "gone": 410,
    "stale": 412,
    "too_many": 429,
    "unavailable": 503,
    "internal": 500,
}
TYPE_BASE = "https://imigr.tn/errors"
RETRY_SECONDS = 5
_HTTP_CODES = {
    400: "gateway.not_json",
    404: "gateway.not_found",
    405: "gateway.method_not_allowed",
    413: "gateway.too_large",
    415: "gateway.unsupported_media_type",
    422: "gateway.invalid_input",
}


def of_error(error: ImigrError) -> Response:
    """A domain error."""
    status = STATUS.get(error.family, 500)
    headers = {}
    if status in (429, 503):
        headers["Retry-After"] = str(error.retry_after or RETRY_SECONDS)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return _problem(status, error.code, error.fields, error.params, headers)


def of_http(error: HTTPException) -> Response:
    """An error of Flask, werkzeug or webargs."""
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    fields = list(_fields(getattr(error, "data", {}).get("messages", {})))
    code = _HTTP_CODES.get(status, "gateway.http_error")
    headers = {name: value for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}}
    return _problem(status, code, fields, {}, headers)


def of_fault(error: Exception) -> Response:
    """A fault of ours: logged with its cause, told by code only."""
    log.error("request.failed", exc_info=(type(error), error, error.__traceback__))
    return _problem(500, "kit.internal_error", (), {}, {})


def title(code: str, languages: tuple[str, ...]) -> str:
    """What people read: the title of the code in the first language there is."""
    known: dict[str, str] = _titles().get(code, _titles()["kit.error"])["title"]
    return next(known[one] for one in (*languages, *FALLBACK) if one in known)


def _problem(status: int, code: str, fields: Any, params: dict[str, Any], headers: dict[str, str]) -> Response:
    languages = chain(request.headers.get("Accept-Language", ""), request.args.get("lang", ""))
    body: dict[str, Any] = {
        "type": f"{TYPE_BASE}/{code}",
        "title": title(code, languages),
        "status": status,
        "code": code,
        "correlation_id": current().correlation_id,
    }
    if fields:
        body["errors"] = [_field(one, languages) for one in fields]
    if params:
        body["params"] = params
    response = Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")
    response.headers.extend(headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _field(one: FieldError, languages: tuple[str, ...]) -> dict[str, str]:
    known = one.code in _titles()
    return {"path": one.path, "code": one.code, "message": title(one.code, languages) if known else one.message}


def _fields(messages: Any, path: str = "") -> Any:
    """webargs' messages by location as dotted paths; the location itself is left out."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            at = path if not path and name in {"json", "query", "headers", "path"} else f"{path}.{name}".lstrip(".")
            yield from _fields(inner, at)
    elif isinstance(messages, list):
        for inner in messages:
            yield from _fields(inner, path)
    else:
        yield FieldError(path, "invalid", str(messages))


@cache
def _titles() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((files("imigr_gateway") / "problem_titles.json").read_text(encoding="utf-8"))
    return content
