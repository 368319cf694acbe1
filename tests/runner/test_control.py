"""The control socket of the supervisor."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from imigr_local.control import Answer, Request, Server, ask


def _exchange(folder: Path, request: Request) -> tuple[list[Request], Answer]:
    seen: list[Request] = []

    def answer(one: Request) -> Answer:
        seen.append(one)
        return Answer(True, "done")

    server = Server(folder, answer)
    waiting = threading.Thread(target=lambda: server.serve(5.0))
    waiting.start()
    try:
        told = ask(folder, request)
    finally:
        waiting.join()
        server.close()
    return seen, told


def test_a_request_reaches_the_supervisor_and_is_answered(tmp_path: Path) -> None:
    """Verb and name arrive as they were sent."""
    seen, told = _exchange(tmp_path, Request("stop", "guichet"))
    assert seen == [Request("stop", "guichet")]
    assert told == Answer(True, "done")


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    """A Unix address holds 107 bytes; a checkout may lie deeper than that."""
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    seen, _ = _exchange(deep, Request("shutdown"))
    assert seen == [Request("shutdown")]


def test_nobody_listens_after_the_end(tmp_path: Path) -> None:
    """Asking a stopped supervisor fails at once instead of waiting."""
    _exchange(tmp_path, Request("shutdown"))
    with pytest.raises(OSError, match="No such file"):
        ask(tmp_path, Request("shutdown"))
