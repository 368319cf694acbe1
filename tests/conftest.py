"""What crosses services is tested on a whole platform of its own, started by the local runner."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
for folder in ("local", "provision", "demo", "local/peers"):
    path = str(ROOT / "deploy" / folder)
    if path not in sys.path:
        sys.path.insert(0, path)


@pytest.fixture(scope="module")
def start_platform() -> Iterator[Callable[..., Any]]:
    """Start an instance with free ports; it is stopped and deleted after the module's tests."""
    from imigr_local.options import Options
    from imigr_local.platform import Platform

    started: list[Any] = []

    def start(name: str, **options: Any) -> Any:
        platform = Platform(name, Options(any_ports=True, owner=os.getpid(), **options), say=lambda line: None)
        platform.forget()
        started.append(platform)
        platform.up()
        return platform

    yield start
    for platform in started:
        platform.forget()
