"""The running service and its command line: from the seed to what readers get."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from imigr_directory.cli import cli
from imigr_kit.errors import Stale
from imigr_kit.rpc_client import RpcClient

DATA = Path(__file__).resolve().parents[3] / "data"
MANAGER = {"id": "m", "roles": [{"role": "manager", "municipality": "*"}]}


@pytest.fixture
def env(amqp_uri: str, mongo_uri: str, mongo_db: Any) -> dict[str, str]:
    """Settings on a fresh database."""
    return {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_DIRECTORY_KEY": base64.b64encode(bytes(32)).decode(),
    }


def test_from_the_seed_to_what_readers_get(
    env: dict[str, str], service_process: Callable[..., Any], rpc_client: RpcClient, tmp_path: Path
) -> None:
    """Seeded, published, translated, listed and looked after, over the broker and on the command line."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, list(arguments), env=env)
        assert result.exit_code == 0, result.output
        return result.output

    assert "new" in run("seed", "--data", str(DATA), "--demonstration")
    service_process("imigr_directory", env=env)

    def call(method: str, /, **payload: Any) -> Any:
        return rpc_client.call("directory", method, payload)

    articles = call("list_public_records", kind="article", municipality="raoued")
    assert articles["total"] == 5
    first = articles["items"][0]
    assert set(first["title"]) == {"fr", "ar", "en"}
    assert (first["demonstration"], first["municipality"]) == (True, "all")
    assert call("get_public_record", kind="article", record_id=first["id"])["title"] == first["title"]
    steps = [step for item in articles["items"] for part in item["sections"] for step in part.get("steps", ())]
    named = [one for step in steps for one in step.get("services", ())]
    assert named
    assert all(call("get_service", service_id=one)["id"] == one for one in set(named))

    opened = call(
        "open_record",
        actor=MANAGER,
        kind="alert",
        municipality="raoued",
        content={"title": {"fr": "Bureau fermé"}, "sort": "closure"},
        state="published",
        idempotency_key="a1",
    )
    listed = call("list_public_records", kind="alert", municipality="raoued")
    assert [one["id"] for one in listed["items"]] == [opened["id"]]
    step = {"actor": MANAGER, "kind": "alert", "record_id": opened["id"], "idempotency_key": "a2"}
    with pytest.raises(Stale):
        call("withdraw_record", **step, revision=7)
    assert call("withdraw_record", **step, revision=1)["state"] == "withdrawn"
    assert call("list_public_records", kind="alert", municipality="raoued")["total"] == 0

    assert {one["task"] for one in call("list_tasks", actor=MANAGER, municipality="all")["items"]} == {"verify"}
    assert "<target" in call("export_translations", actor=MANAGER, municipality="all", language="ar")["xliff"]

    file = tmp_path / "all.xlf"
    assert "texts" in run("translations", "export", "all", "ar", str(file))
    report = json.loads(run("translations", "import", "all", str(file)))
    assert (report["taken"], report["refused"], report["unchanged"] > 20) == (0, [], True)
    assert first["id"] in run("records", "list", "article", "all")
    run("records", "verify", "article", first["id"])
    assert "v2" in run("records", "versions", "article", first["id"])
    assert first["id"] not in run("tasks", "all")
    assert run("expire") == "0 told\n"
    assert run("links", "broken", "all") == ""
