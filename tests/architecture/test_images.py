"""What the images are made from is one version, known beforehand, and the servers start hardened everywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILES = sorted(path for path in ROOT.rglob("Dockerfile*") if ".local" not in path.parts)
OURS = "imigr/"
"""Images that the compose file builds from this repository."""
PINNED = re.compile(r"\A[a-z0-9./-]+(:[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9-]+)?|(:[a-z0-9.-]+)?@sha256:[0-9a-f]{64})\Z")
"""A name with a full version, or with a digest."""
FIXED = {"mongo": (7, 0, 28)}
"""The first version without a known hole that was used against us: CVE-2025-14847 in MongoDB."""


def foreign() -> list[str]:
    """Every image that comes from elsewhere."""
    named = [one["image"] for one in COMPOSE["services"].values() if not one["image"].startswith(OURS)]
    for path in DOCKERFILES:
        named += re.findall(r"^FROM (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        named += re.findall(r"--from=(\S+[:/]\S+)", path.read_text(encoding="utf-8"))
    return sorted(set(named))


def test_there_is_something_to_look_at() -> None:
    """The servers, the proxy, and what our own images start from."""
    assert {name.partition(":")[0] for name in foreign()} == {"haproxy", "mongo", "python", "rabbitmq"}


@pytest.mark.parametrize("name", foreign())
def test_no_image_has_a_floating_tag(name: str) -> None:
    """`7.0` is another program next month, and nobody has tried it."""
    assert PINNED.match(name), name


@pytest.mark.parametrize("name", ["mongo", "mongo:7.0", "haproxy:latest", "rabbitmq:3.13-alpine", "python:3.11-slim"])
def test_a_floating_tag_is_recognised(name: str) -> None:
    """The check itself."""
    assert not PINNED.match(name)


def test_the_pinned_versions_have_the_fixes_that_we_know_to_need() -> None:
    """Going back would open the hole again."""
    for name in foreign():
        image, _, tag = name.partition(":")
        if image in FIXED:
            assert tuple(int(part) for part in tag.split("-")[0].split(".")) >= FIXED[image]


def test_both_ways_to_start_the_database_close_the_same_doors() -> None:
    """No compressed messages and no JavaScript, on one machine and in compose."""
    start = (ROOT / "deploy" / "mongo" / "start.sh").read_text(encoding="utf-8")
    local = (ROOT / "deploy" / "local" / "imigr_local" / "mongod.py").read_text(encoding="utf-8")
    assert "--networkMessageCompressors disabled --noscripting" in start
    assert '"--networkMessageCompressors", "disabled", "--noscripting"' in local


def test_no_code_asks_the_database_for_javascript() -> None:
    """The server would refuse it."""
    asked = re.compile(r"""["']\$(where|function|accumulator)["']|map_?reduce""", re.IGNORECASE)
    folders = [*(ROOT / "services").glob("*/imigr_*"), ROOT / "kit" / "imigr_kit", ROOT / "gateway" / "imigr_gateway"]
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        assert not asked.search(path.read_text(encoding="utf-8")), path


def test_every_folder_of_secrets_has_its_owner_in_the_image() -> None:
    """An empty volume takes the owner over from there; without it the provisioning program could not write."""
    volumes = [one.partition(":")[2] for one in COMPOSE["x-provision"]["volumes"]]
    text = (ROOT / "deploy" / "images" / "Dockerfile").read_text(encoding="utf-8")
    made = set(re.findall(r"/secrets/[a-z-]+", text))
    assert set(volumes) == made
