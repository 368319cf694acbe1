"""The proxy's configuration holds together: what a frontend names exists, once, with a server that can be found."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SECTION = re.compile(r"^(global|defaults|frontend|backend|resolvers)\b *(\S*)", re.MULTILINE)
TEXT = re.sub(r"(^|\s)#.*", "", (ROOT / "deploy" / "proxy" / "haproxy.cfg").read_text(encoding="utf-8"))


def sections() -> dict[tuple[str, str], str]:
    """Kind and name of each section, with its lines."""
    heads = list(SECTION.finditer(TEXT))
    ends = [head.start() for head in heads[1:]] + [len(TEXT)]
    return {(head[1], head[2]): TEXT[head.end() : end] for head, end in zip(heads, ends, strict=True)}


def test_no_section_stands_twice() -> None:
    """HAProxy refuses to start otherwise."""
    assert max(Counter(head.groups() for head in SECTION.finditer(TEXT)).values()) == 1


def test_every_backend_that_is_used_exists_and_the_other_way_round() -> None:
    """A request is never sent to nowhere."""
    used = set(re.findall(r"(?:use_backend|default_backend) +(\S+)", TEXT))
    assert used == {name for kind, name in sections() if kind == "backend"}


def test_every_server_is_a_service_of_the_compose_file_and_is_looked_up_again() -> None:
    """Containers get new addresses when they are restarted: each server names the resolvers and a health check."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    for (kind, name), lines in sections().items():
        if kind == "backend":
            servers = re.findall(r"^ *server +\S+ +([a-z]+):(\d+) (.*)$", lines, re.MULTILINE)
            assert servers, name
            for host, port, options in servers:
                assert port in json.dumps(compose["services"][host]), f"{host} does not listen on {port}"
                assert {"check", "resolvers"} <= set(options.split())
                assert ("resolvers", options.split()[options.split().index("resolvers") + 1]) in sections()
