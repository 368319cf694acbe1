"""The running service makes its editions beside itself, also after a kill."""

from __future__ import annotations

import base64
import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imigr_directory.packs.codec import name_of
from imigr_directory.press.state import MongoPress
from imigr_directory.seeding import read
from imigr_directory.storage import MongoDirectory
from imigr_kit.errors import Forbidden, NotFound, Unavailable
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import FrozenClock, wait_until

DATA = Path(__file__).resolve().parents[3] / "data"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY = base64.b64encode(bytes(range(32))).decode()
EDITOR = {"id": "e", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "editor"}]}
MANAGER = {"id": "m", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}


@pytest.fixture
def env(amqp_uri: str, mongo_uri: str, mongo_db: Any) -> dict[str, str]:
    """A directory with one town of the seed in two languages, and a few of its services."""
    found = read(DATA)
    town = replace(next(one for one in found.municipalities if one.slug == "la-marsa"), languages=("fr", "ar"))
    services = [one for one in found.services if one.municipality == town.slug][:6]
    directory = MongoDirectory(mongo_db, Stamp("directory", "test", FrozenClock(NOW), new_id))
    directory.seed([town], found.terms, services)
    return {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_DIRECTORY_KEY": KEY,
    }


def test_a_press_that_is_killed_is_followed_by_one_that_finishes(env: dict[str, str], mongo_db: Any) -> None:
    """Killed while it works: what it has published stands, the next one makes the rest, nothing twice."""
    command = [sys.executable, "-m", "imigr_directory.press", "--owner", "a", "--brochures"]
    first = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL)
    wait_until(lambda: mongo_db["pack_heads"].count_documents({}) >= 1, 30, "the first pack is there")
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert MongoPress(mongo_db).state().brochures_as_of == -1
    for _ in range(2):
        subprocess.run(command, env=os.environ | env, stdout=subprocess.DEVNULL, timeout=120, check=True)
    for kept in ("pack_heads", "brochures"):
        rows = list(mongo_db[kept].find())
        assert {(row["language"], row["number"]) for row in rows} == {("fr", 1), ("ar", 1)}
    assert all(set(row["files"]) == {"pdf", "html", "txt"} for row in mongo_db["brochures"].find())
    assert MongoPress(mongo_db).state().brochures_as_of >= 1


def test_packs_follow_the_directory(
    env: dict[str, str], service_process: Callable[..., Any], rpc_client: RpcClient
) -> None:
    """Made after the start, handed out in both encodings, made again after a change, and told as a difference."""
    service_process("imigr_directory", env=env)

    def call(method: str, **payload: Any) -> Any:
        return rpc_client.call("directory", method, payload)

    def number() -> int:
        found = call("list_packs", municipality="la-marsa")["items"]
        return next((one["number"] for one in found if one["language"] == "fr"), 0)

    wait_until(lambda: number() == 1, 40, "the packs are made")
    first = call("get_pack", municipality="la-marsa", language="fr")
    octets = base64.b64decode(call("read_pack", name=first["pack"], encoding="gzip")["content"])
    assert (len(octets), name_of(gzip.decompress(octets).decode())) == (first["gzip_size"], first["pack"])
    with pytest.raises(NotFound):
        call("get_pack", municipality="la-marsa-2", language="fr")
    entry = {"municipality": "la-marsa", "name": {"fr": "Nouvelle permanence"}, "taxonomy": ["legal"]}
    call("create_service", actor=MANAGER, service=entry, idempotency_key="k")
    wait_until(lambda: number() == 2, 40, "the change is in a pack")
    second = call("get_pack", municipality="la-marsa", language="fr", have=first["pack"])
    assert second["have"] == first["pack"]
    told = call("read_pack_change", old=first["pack"], new=second["pack"], encoding="gzip")
    assert "Nouvelle permanence" in gzip.decompress(base64.b64decode(told["content"])).decode()
    with pytest.raises(Forbidden):
        call("rebuild_editions", actor=EDITOR, municipality="la-marsa")
    assert call("list_brochures", municipality="la-marsa") == {"items": []}
    with pytest.raises(Unavailable):
        call("read_brochure", municipality="la-marsa", language="fr", form="pdf")
