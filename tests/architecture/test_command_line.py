"""Whatever staff do with a guichet over HTTP they can do on its command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAFF = ROOT / "gateway" / "imigr_gateway" / "api" / "staff"
SERVICE = ROOT / "services" / "guichet" / "imigr_guichet"
CALL = re.compile(r'"guichet",\s*"(\w+)"')


@pytest.mark.parametrize("module", ["guichet", "visits", "paper"])
def test_every_staff_route_of_the_guichet_has_its_command(module: str) -> None:
    """By the RPC method that a route calls."""
    routes = "\n".join(path.read_text() for path in STAFF.glob(f"{module}*")) + "\n"
    called = set(CALL.findall(routes)) | set(re.findall(r'_(?:call|ask|do|change|command)\(\s*"(\w+)"', routes))
    commands = "\n".join(path.read_text() for path in SERVICE.glob("*cli.py"))
    offered = set(re.findall(r'": \("(\w+)", ', commands))
    assert called
    assert called - offered == set()
