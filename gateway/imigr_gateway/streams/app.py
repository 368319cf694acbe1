"""Server-sent events (WHATWG HTML 9.2) over Starlette: a listener gets the whole board at once and at each change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from imigr_gateway.streams.boards import Board, Boards, number
from imigr_kit.errors import ImigrError, NotFound
from imigr_kit.metrics import exposition

RETRY_MILLISECONDS = 2000
"""After so long a browser connects again by itself."""
BEAT_SECONDS = 15.0
"""A comment as often, so that proxies keep a silent stream and a listener who is gone is noticed."""
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(boards: Boards, connected: Callable[[], bool], lifespan: Lifespan | None = None) -> Starlette:
    """The application; ``connected`` says whether the broker is there."""

    async def board(request: Request) -> Response:
        """One waiting room's board, as it is and as it changes."""
        guichet_id = request.path_params["guichet_id"]
        try:
            await boards.first(guichet_id)
        except NotFound as error:
            return _problem(404, error.code)
        except (ImigrError, TimeoutError):
            return _problem(503, "streams.unavailable")
        if boards.listeners >= boards.most:
            return _problem(503, "streams.full")
        seen = request.headers.get("last-event-id", "")
        return StreamingResponse(events(boards, guichet_id, seen), media_type="text/event-stream", headers=HEADERS)

    async def live(_: Request) -> Response:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        """Whether the broker is there."""
        well = connected()
        report = {"status": "ok" if well else "degraded", "listeners": boards.listeners}
        return JSONResponse(report, 200 if well else 503)

    async def metrics(_: Request) -> Response:
        """Figures for Prometheus."""
        body, content_type = exposition()
        return Response(body, media_type=content_type)

    routes = [
        Route("/streams/guichets/{guichet_id}/board", board),
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def events(boards: Boards, guichet_id: str, seen: str) -> AsyncIterator[str]:
    """The text of the stream. Who comes back with the id of the board that still stands (Last-Event-ID) is not told it
    again."""
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    following = boards.follow(guichet_id)
    coming = asyncio.ensure_future(anext(following))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=BEAT_SECONDS)
            if not done:
                yield ": still here\n\n"
                continue
            board = coming.result()
            if number(board) != seen:
                yield event(board)
            seen = ""
            coming = asyncio.ensure_future(anext(following))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await following.aclose()


def event(board: Board) -> str:
    """One board as an event."""
    return f"id: {number(board)}\nevent: board\ndata: {json.dumps(board, ensure_ascii=False)}\n\n"


def _problem(status: int, code: str) -> Response:
    body = {"status": status, "code": code}
    headers = HEADERS | ({"Retry-After": "5"} if status == 503 else {})
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
