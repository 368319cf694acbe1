"""What gunicorn serves: the application with its real client, made in each worker after the fork."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Any

from flask import Flask

from imigr_gateway.app import create_app, with_cache
from imigr_gateway.settings import GatewaySettings
from imigr_kit import logs
from imigr_kit.events import CloudEvent
from imigr_kit.rpc_client import RpcClient, subscribe
from imigr_kit.settings import SettingsError, load, needed

PATTERNS = ("*.directory.#", "*.guichet.guichet.#", "*.events.event.#", "*.events.session.#")
"""What tells that cached answers are outdated. Bookings, tickets and registrations are not among them: they are many,
every worker would hear each, and what depends on them is fresh for a few seconds only (see cache.FRESH_SECONDS)."""


def build() -> Flask:
    """One worker's application: its own connections, its own cache, told by events what to distrust."""
    try:
        settings = load(GatewaySettings, os.environ)
        senders = needed(settings.senders)
    except SettingsError as error:
        print(error, file=sys.stderr)
        # gunicorn takes 4 as "the application cannot be loaded" and stops instead of trying for ever.
        raise SystemExit(4) from None
    logs.configure("gateway", settings.log_level)
    client = RpcClient(settings.amqp_uri, origin="gateway", senders=senders)
    app = create_app(settings, client)
    cache = with_cache(app)

    def heard(event: CloudEvent) -> None:
        cache.distrust(event.kind.partition(".")[0])

    link = subscribe(settings.amqp_uri, PATTERNS, heard, name="gateway", senders=senders, lost=cache.distrust)
    client.start()
    atexit.register(link.stop)
    atexit.register(client.close)
    return app


def __getattr__(name: str) -> Any:
    """``app``, built when gunicorn asks for it: in the worker, since the application is not preloaded."""
    if name == "app":
        return build()
    raise AttributeError(name)
