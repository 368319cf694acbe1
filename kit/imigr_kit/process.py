"""One service process: start, serve health, wait for a signal, drain within a deadline, stop."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Any

import eventlet
from eventlet import wsgi
from nameko.runners import ServiceRunner

from imigr_kit import logs
from imigr_kit.commands import INDEXES as COMMAND_INDEXES
from imigr_kit.entrypoints import RPC_SERVER, RUNTIME, CallScope
from imigr_kit.inbox import INDEXES as INBOX_INDEXES
from imigr_kit.mongo import DATABASE_ERRORS, ensure_indexes
from imigr_kit.outbox import INDEX as outbox_index
from imigr_kit.rpc_server import RpcServer
from imigr_kit.runtime import Runtime
from imigr_kit.settings import KitSettings

log = logs.get_logger(__name__)

POOL_SIZE = 1000
"""Greenlets of nameko's pool. What runs at once is bounded by the prefetch of each channel; the pool only
must never be the one to block the reader."""
DATABASE_WAIT_SECONDS = 60


class ServiceProcess:
    """Runs one service class with its settings."""

    def __init__(self, service_cls: Any, settings: KitSettings) -> None:
        self._service_cls = service_cls
        self._settings = settings
        self._signalled = threading.Event()
        self._ready = False

    def run(self) -> int:
        """Serve until a signal; the process's exit code. ``first`` of the service class names what must be done with
        the database before anything is built, heard or answered; it raises SettingsError to refuse the start."""
        os.nice(getattr(self._service_cls, "niceness", 0))
        logs.configure(self._settings.rpc_name, self._settings.log_level)
        for noisy in ("nameko", "amqp", "pymongo"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: eventlet.spawn_n(self._signalled.set))
        collections = tuple(getattr(self._service_cls, "outbox_collections", ()))
        runtime = Runtime(self._settings, outbox_collections=collections)
        runtime.health.add("service", self._check_started)
        server = self._serve_health(runtime)
        if not self._prepare_database(runtime, collections):
            return 1
        for step in getattr(self._service_cls, "first", ()):
            step(runtime)
        runner = self._start(runtime)
        self._ready = True
        log.info("service.started", name=self._settings.rpc_name)
        self._signalled.wait()
        self._drain(runtime, runner)
        server.kill()
        return 0

    def _check_started(self) -> None:
        if not self._ready or self._signalled.is_set():
            raise RuntimeError("starting" if not self._ready else "stopping")

    def _prepare_database(self, runtime: Runtime, collections: tuple[str, ...]) -> bool:
        """Ensure the declared indexes, waiting for the database at most a minute."""
        indexes = (
            *getattr(self._service_cls, "indexes", ()),
            *INBOX_INDEXES,
            *COMMAND_INDEXES,
            *(outbox_index(name) for name in collections),
        )
        for _ in range(DATABASE_WAIT_SECONDS):
            try:
                ensure_indexes(runtime.db, indexes)
                return True
            except DATABASE_ERRORS as error:
                log.warning("service.waiting_for_database", reason=type(error).__name__)
            if self._signalled.wait(1.0):
                return False
        log.error("service.no_database", seconds=DATABASE_WAIT_SECONDS)
        return False

    def _start(self, runtime: Runtime) -> ServiceRunner:
        service_cls = type(
            self._service_cls.__name__,
            (self._service_cls,),
            {"name": self._settings.rpc_name, "call_scope": CallScope()},
        )
        config = {RUNTIME: runtime, RPC_SERVER: RpcServer(runtime), "max_workers": POOL_SIZE}
        runner = ServiceRunner(config)
        runner.add_service(service_cls)
        runner.start()
        runtime.start()
        return runner

    def _drain(self, runtime: Runtime, runner: ServiceRunner) -> None:
        """Take nothing new, finish what is under way within the deadline, publish what is left, stop."""
        log.info("service.draining", seconds=self._settings.drain_seconds)
        runtime.cease()
        with eventlet.Timeout(self._settings.drain_seconds, False):
            runner.stop()
        runtime.wake()
        runtime.stop()
        log.info("service.stopped")

    def _serve_health(self, runtime: Runtime) -> Any:
        address = (self._settings.health_host, self._settings.health_port)
        listener = eventlet.listen(address, reuse_addr=True)
        return eventlet.spawn(wsgi.server, listener, runtime.health.wsgi, log_output=False, keepalive=False)
