"""The page of received messages: HTML for people, JSON for tests and the demo."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from html import escape
from urllib.parse import parse_qs, urlsplit

from imigr_peers.behaviour import Behaviour
from imigr_peers.mailbox import Mailbox, Received

SECONDS = 10.0
LONGEST_BODY = 100_000

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:46rem;padding:0 1rem;color:#1d2733}
h1{font-size:1.4rem} article{border:1px solid #ccd5df;border-radius:.5rem;margin:1rem 0;padding:.8rem 1rem}
strong{display:block}
header{color:#566573;font-size:.85rem} p{white-space:pre-wrap;margin:.4rem 0 0} .empty{color:#566573}
"""


@dataclass(frozen=True)
class Request:
    """What the routes need of an HTTP request."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    status: str
    content_type: str
    body: bytes


class Page:
    """Answers one request per connection."""

    def __init__(self, mailbox: Mailbox, behaviour: Behaviour, write: Callable[[str, str], None] | None = None) -> None:
        self._mailbox, self._behaviour = mailbox, behaviour
        self._write = write or (lambda source, words: None)
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/"): self._people,
            ("GET", "/api/messages"): self._list,
            ("DELETE", "/api/messages"): self._clear,
            ("PUT", "/api/behaviour"): self._behave,
            ("POST", "/api/answers"): self._answer_by_sms,
        }

    async def serve(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._connection, host, port)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(_read(reader), SECONDS)
            response = self.answer(request)
            head = f"HTTP/1.1 {response.status}\r\nContent-Type: {response.content_type}\r\n"
            head += f"Content-Length: {len(response.body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + response.body)
            await writer.drain()
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def answer(self, request: Request) -> Response:
        """Never raises for a request that could be read."""
        route = self._routes.get((request.method, request.path))
        if route is None:
            return _json({"title": "there is nothing here"}, "404 Not Found")
        return route(request)

    def _list(self, request: Request) -> Response:
        found = self._mailbox.find(to=request.query.get("to"), channel=request.query.get("channel"))
        return _json({"items": [_shown(one) for one in found]})

    def _clear(self, request: Request) -> Response:
        self._mailbox.clear()
        return _json({"items": []})

    def _behave(self, request: Request) -> Response:
        try:
            self._behaviour.change(json.loads(request.body))
        except (ValueError, AttributeError) as problem:
            return _json({"title": str(problem)}, "422 Unprocessable Content")
        return _json({"title": "changed"})

    def _answer_by_sms(self, request: Request) -> Response:
        """What a phone writes to us: ``{"from": "+216...", "text": "1"}``."""
        try:
            wanted = json.loads(request.body)
            self._write(str(wanted["from"]), str(wanted["text"]))
        except (ValueError, KeyError, TypeError) as problem:
            return _json({"title": str(problem)}, "422 Unprocessable Content")
        return _json({"title": "sent"})

    def _people(self, request: Request) -> Response:
        articles = "".join(map(_article, self._mailbox.find())) or "<p class=empty>Nothing has arrived yet.</p>"
        html = (
            "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>"
            "<meta name=viewport content='width=device-width'><title>Received messages</title>"
            f"<style>{STYLE}</style><h1>Received messages</h1>"
            "<p>Every SMS and mail this installation has sent, newest first. They went no further.</p>"
            f"{articles}</html>"
        )
        return Response("200 OK", "text/html; charset=utf-8", html.encode())


def _shown(message: Received) -> dict[str, object]:
    """`from` is the name everyone expects, but no name for a Python field."""
    fields = asdict(message)
    return {"from": fields.pop("sender"), **fields}


def _article(message: Received) -> str:
    parts = f", {message.parts} parts" if message.parts > 1 else ""
    subject = f"<strong dir=auto>{escape(message.subject)}</strong>" if message.subject else ""
    return (
        f"<article><header>{escape(message.channel)} to <bdi>{escape(message.to)}</bdi> from "
        f"<bdi>{escape(message.sender)}</bdi>, {escape(message.received_at)} "
        f"({escape(message.encoding)}{parts})</header>{subject}"
        f"<p dir={message.direction}>{escape(message.text)}</p></article>"
    )


def _json(content: object, status: str = "200 OK") -> Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(status, "application/json; charset=utf-8", body)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    length = min(int(headers.get("content-length", "0")), LONGEST_BODY)
    body = await reader.readexactly(length) if length else b""
    address = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(address.query).items()}
    return Request(method, address.path, query, body)
