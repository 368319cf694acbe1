"""Health of the gateway: itself, the broker, and each service behind it, asked at most every two seconds."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response

from imigr_gateway.doors import public
from imigr_gateway.routing import Backends
from imigr_gateway.settings import SERVICES
from imigr_kit.errors import ImigrError
from imigr_kit.health import Health
from imigr_kit.metrics import exposition

PING_SECONDS = 0.5
KEEP_SECONDS = 2.0


def blueprint(backends: Backends) -> Blueprint:
    """Routes /health/live, /health/ready and /metrics."""
    made = Blueprint("health", __name__)
    health = Health()
    health.add("broker", _remembered(partial(backends.client.probe, timeout=PING_SECONDS)))
    for service in SERVICES:
        for name in backends.names(service):
            health.add(name, _remembered(partial(backends.client.call, name, "ping", {}, timeout=PING_SECONDS)))

    @made.get("/health/live")
    @public
    def live() -> Response:
        """The process answers."""
        return _json({"status": "ok"}, 200)

    @made.get("/health/ready")
    @public
    def ready() -> Response:
        """ok, or degraded with the names of the parts that are down."""
        report = health.report()
        return _json(report, 200 if report["status"] == "ok" else 503)

    @made.get("/metrics")
    @public
    def metrics() -> Response:
        """Figures of this process for Prometheus."""
        body, content_type = exposition()
        return Response(body, content_type=content_type)

    return made


def _remembered(ask: Callable[[], object]) -> Callable[[], None]:
    """A check that asks at most once in KEEP_SECONDS and otherwise repeats its last finding."""
    kept: list[tuple[float, ImigrError | None]] = []
    lock = threading.Lock()

    def check() -> None:
        with lock:
            if not kept or time.monotonic() - kept[0][0] > KEEP_SECONDS:
                kept[:] = [(time.monotonic(), _problem(ask))]
            problem = kept[0][1]
        if problem is not None:
            raise problem

    return check


def _problem(ask: Callable[[], object]) -> ImigrError | None:
    try:
        ask()
    except ImigrError as error:
        return error
    return None


def _json(body: dict[str, object], status: int) -> Response:
    response = Response(json.dumps(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
