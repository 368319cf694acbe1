"""What gunicorn says, as JSON through the kit: about its processes in its words, about a request by its kind only."""

from __future__ import annotations

import sys
from typing import Any

from gunicorn.glogging import Logger

from imigr_kit import logs

log = logs.get_logger("gunicorn")


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own logger prints the target of a request it cannot answer, and the line or header it cannot read: in
    them are manage tokens, and phones that somebody put into an address. Named in deploy/gateway/gunicorn.conf.py."""

    def setup(self, cfg: Any) -> None:
        """Called once in the first process and after a reload; workers inherit it and configure it again."""
        super().setup(cfg)
        logs.configure("gateway")
        for one in (self.error_log, self.access_log):
            one.handlers.clear()
            one.propagate = True

    def exception(self, msg: Any, *args: Any, **options: Any) -> None:
        """A request that failed outside of the application, or a worker that did not start."""
        log.error("server.failed", exc_info=True)

    def warning(self, msg: Any, *args: Any, **options: Any) -> None:
        """Within a request: which kind of error, never what it was about; else as gunicorn says it."""
        kind = sys.exc_info()[0]
        if kind is None:
            super().warning(msg, *args, **options)
        else:
            log.warning("server.bad_request", reason=kind.__name__)

    def debug(self, msg: Any, *args: Any, **options: Any) -> None:
        """Nothing: it is about requests, word by word."""
