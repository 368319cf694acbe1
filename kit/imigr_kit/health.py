"""Is this process alive, and are the parts it needs there? Served over HTTP with the metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from imigr_kit.metrics import exposition

Check = Callable[[], None]


class Health:
    """Named checks; a check raises when its part is not well."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Register the check of one part."""
        self._checks[name] = check

    def report(self) -> dict[str, Any]:
        """``{"status": "ok" | "degraded", "parts": {name: {"status", "reason"?}}}``; reasons are type names."""
        parts = {name: _run(check) for name, check in self._checks.items()}
        well = all(part["status"] == "ok" for part in parts.values())
        return {"status": "ok" if well else "degraded", "parts": parts}

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """``/health/live`` (200), ``/health/ready`` (200 or 503) and ``/metrics``."""
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            body, content_type = exposition()
            return _answer(start_response, "200 OK", body, content_type)
        if path == "/health/live":
            return _answer(start_response, "200 OK", b'{"status": "ok"}', "application/json")
        if path == "/health/ready":
            report = self.report()
            status = "200 OK" if report["status"] == "ok" else "503 Service Unavailable"
            return _answer(start_response, status, json.dumps(report).encode(), "application/json")
        return _answer(start_response, "404 Not Found", b'{"status": "unknown path"}', "application/json")


def _run(check: Check) -> dict[str, str]:
    try:
        check()
    except Exception as error:
        return {"status": "degraded", "reason": type(error).__name__}
    return {"status": "ok"}


def _answer(start_response: Callable[..., Any], status: str, body: bytes, content_type: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
