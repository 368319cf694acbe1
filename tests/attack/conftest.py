"""One installation for all attacks, with a town that runs its own guichet; each test leaves it as it found it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import sites


@pytest.fixture(scope="package")
def platform() -> Iterator[Any]:
    """A whole platform on free ports, in which Raoued runs its own guichet; deleted after the last attack."""
    from imigr_local.options import Options, OwnService
    from imigr_local.platform import Platform

    routes = {
        "guichet": {"default": "guichet", "raoued": "guichet_raoued"},
        **{name: {"default": name} for name in ("directory", "events", "notifications", "accounts")},
    }
    own = (OwnService("guichet_raoued", "guichet", ("raoued",)),)
    options = Options(any_ports=True, owner=os.getpid(), own=own, routes=routes)
    running = Platform("attack", options, say=lambda line: None)
    running.forget()
    try:
        running.up()
        yield running
    finally:
        running.forget()


@pytest.fixture(scope="package")
def stolen(platform: Any) -> Callable[[str], str]:
    """The broker address with the credentials of one part, as whoever broke into that part would hold it."""

    def address(part: str) -> str:
        return sites.part_uri(platform, part)

    return address
