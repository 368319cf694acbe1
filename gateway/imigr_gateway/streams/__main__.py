"""Starts the streams: uvicorn, one event loop, told by the broker what has changed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from imigr_gateway.routing import Backends
from imigr_gateway.streams.app import create_app
from imigr_gateway.streams.boards import Board, Boards
from imigr_gateway.streams.settings import StreamsSettings
from imigr_kit import logs
from imigr_kit.events import CloudEvent
from imigr_kit.rpc_client import RpcClient, subscribe
from imigr_kit.settings import SettingsError, load

PATTERNS = ("*.guichet.ticket.*.v1",)
STOP_SECONDS = 2
"""Listeners never end by themselves; they are cut off so long after a stop was asked for, and come back elsewhere."""


def main() -> int:
    """Run until SIGTERM or SIGINT; 2 when a setting is missing or wrong."""
    try:
        settings = load(StreamsSettings, os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure("streams", settings.log_level)
    host, port = settings.bind
    uvicorn.run(
        build(settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # addresses and paths of visitors are not stored
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
    return 0


def build(settings: StreamsSettings) -> Starlette:
    """The application with its real client."""
    client = RpcClient(settings.amqp_uri, origin="streams", senders=settings.senders)
    backends = Backends(client, settings.routes)

    def read(guichet_id: str) -> Board:
        home = backends.municipality_of("guichet", "get_guichet", guichet_id=guichet_id)
        board: Board = backends.call("guichet", "get_board", home, guichet_id=guichet_id)
        return board

    boards = Boards(read, most=settings.most)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def tell(guichet_id: str | None) -> None:
            loop.call_soon_threadsafe(boards.touch, guichet_id)

        link = subscribe(
            settings.amqp_uri, PATTERNS, heard(tell), name="streams", senders=settings.senders, lost=lambda: tell(None)
        )
        client.start()
        yield
        link.stop()
        client.close()

    return create_app(boards, lambda: client.connected, lifespan)


def heard(tell: Callable[[str | None], None]) -> Callable[[CloudEvent], None]:
    """What is done with an event: its guichet's board is asked for again."""

    def on_event(event: CloudEvent) -> None:
        tell(str(event.data.get("guichet_id", "")))

    return on_event


if __name__ == "__main__":
    sys.exit(main())
