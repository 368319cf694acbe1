"""JSON log lines with the correlation id, and without personal data."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from imigr_kit.context import current
from imigr_kit.errors import ImigrError
from imigr_kit.secret import SHOWN, Secret

_EMAIL = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+\.[^\s@\"'<>]+")
_PHONE = re.compile(r"(?<![\w.:-])(?:\+|00)\d[\d .()-]{6,}\d|(?<![\w.:-])[2459]\d(?:[ .-]?\d{3}){2}(?![\w:-])")
_PASSWORD = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_REPLACEMENT = "[redacted]"
_CAUSES = 8
_FRAMES = 30


def configure(service: str, level: str = "INFO") -> None:
    """Send all logging of this process, ours and the libraries', to stderr as one JSON object a line."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _add_context(service),
        structlog.processors.ExceptionRenderer(places),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper(), logging.INFO)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(True)


def get_logger(name: str) -> Any:
    """A logger whose first argument is an event name (``appointment.booked``), the rest fields."""
    return structlog.get_logger(logger=name) if not name else structlog.stdlib.get_logger(name)


def places(exc_info: Any) -> str:
    """An exception by its kind, its code and its places, causes last. What it says is left out, since it may quote what
    somebody typed: a literal that was no number, a key that was there twice, a header that could not be sent."""
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(told) < _CAUSES:
        frames = [f"{one.filename}:{one.lineno} in {one.name}" for one in traceback.extract_tb(error.__traceback__)]
        told.append("\n  ".join([_kind(error), *frames[-_FRAMES:]]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(told)


def _kind(error: BaseException) -> str:
    """Class, and the code or number that says which of its kind it is."""
    code = (
        error.code
        if isinstance(error, ImigrError)
        else next(
            (one for one in (getattr(error, "code", None), getattr(error, "errno", None)) if isinstance(one, int)), None
        )
    )
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    return name if code is None else f"{name} ({code})"


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Last line of defence: blanks Secrets and whatever looks like an email, a phone number or a password."""
    for name, value in line.items():
        if name not in {"ts", "level", "_record", "_from_structlog"}:
            line[name] = _clean(value)
    return line


def _clean(value: Any) -> Any:
    if isinstance(value, Secret):
        return SHOWN
    if isinstance(value, str):
        cleaned = _PASSWORD.sub(_REPLACEMENT, value)
        return _PHONE.sub(_REPLACEMENT, _EMAIL.sub(_REPLACEMENT, cleaned))
    if isinstance(value, Mapping):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_clean(inner) for inner in value]
    return value


def _add_context(service: str) -> Any:
    def add(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["service"] = service
        correlation = current().correlation_id
        if correlation:
            line["correlation_id"] = correlation
        return line

    return add
