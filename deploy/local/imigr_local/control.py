"""A Unix socket in the instance folder through which tests and people steer the supervisor."""

from __future__ import annotations

import json
import os
import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NAME = "control.sock"
SECONDS = 5.0


@dataclass(frozen=True)
class Request:
    """`verb` is one of shutdown, abandon (a shutdown that saves nothing), stop, start, hold (do not restart
    when it dies)."""

    verb: str
    name: str = ""


@dataclass(frozen=True)
class Answer:
    """Whether it was taken up, and a word on it."""

    accepted: bool
    text: str


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """A short name for the socket: the kernel allows 107 bytes, a checkout may lie deeper."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)


class Server:
    """Answers one request per connection; called from the supervisor's loop."""

    def __init__(self, folder: Path, answer: Callable[[Request], Answer]) -> None:
        self._path, self._answer = folder / NAME, answer
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _address(folder) as address:
            self._socket.bind(address)
        self._path.chmod(0o600)
        self._socket.listen(16)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)

    def serve(self, seconds: float) -> None:
        """Waits up to so many seconds for a request and answers it."""
        if not self._selector.select(timeout=seconds):
            return
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(SECONDS)
            try:
                raw = json.loads(connection.makefile("rb").readline(10_000))
                answer = self._answer(Request(str(raw["verb"]), str(raw.get("name", ""))))
                connection.sendall(json.dumps([answer.accepted, answer.text]).encode() + b"\n")
            except (OSError, ValueError, KeyError, TypeError):
                return

    def close(self) -> None:
        self._selector.close()
        self._socket.close()
        self._path.unlink(missing_ok=True)


def ask(folder: Path, request: Request) -> Answer:
    """Raises OSError when no supervisor listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        with _address(folder) as address:
            connection.connect(address)
        connection.sendall(json.dumps({"verb": request.verb, "name": request.name}).encode() + b"\n")
        accepted, text = json.loads(connection.makefile("rb").readline(10_000))
    return Answer(bool(accepted), str(text))
