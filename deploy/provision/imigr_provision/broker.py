"""RabbitMQ: shared exchanges, and users who can do no more than their part needs.

What the broker can and cannot hold: a user declares and reads only queues that carry its name, and a
service publishes only events under its own name (topic permissions). Nobody may write to the default exchange,
which leads to every queue: what waits and comes back goes over an exchange that carries the service's name, contacts
over one that only the gateway writes to. The broker looks at the routing key only, and `CC` and `BCC` headers pass it,
so every receiver also checks the verified `user_id` against the table of senders.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from imigr_provision.catalogue import VHOST, Part

EVENTS, UNROUTED, RPC = "imigr.events", "imigr.unrouted", "nameko-rpc"
INTAKE, PROBE = "imigr.intake", "imigr.probe"
IMPERSONATOR = "impersonator"
"""The tag with which a user could publish under any name."""
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
UNROUTED_LIMITS = {"x-max-length": 10_000, "x-message-ttl": 7 * 24 * 3_600_000}
"""The unrouted queue is a window for people: the newest 10,000 of seven days (as the kit declares it)."""
WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Rights:
    """Patterns of what a user may configure, write and read; `topics` per exchange (write, read)."""

    configure: str
    write: str
    read: str
    topics: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class BrokerAdmin:
    """The management interface of RabbitMQ, as its administrator."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url.rstrip("/")
        login = b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        return self._send("GET", path)

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        self._send("PUT", path, body)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("POST", path, body)

    def delete(self, path: str) -> None:
        """What is gone already is as good as deleted."""
        try:
            self._send("DELETE", path)
        except RuntimeError as refused:
            cause = refused.__cause__
            if not isinstance(cause, urllib.error.HTTPError) or cause.code != HTTPStatus.NOT_FOUND:
                raise

    def _send(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self._url}/api{path}", data, self._headers, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")
            raise RuntimeError(f"the broker refused {verb} {path}: {error.code} {reason}") from error
        return json.loads(answer) if answer else None

    def wait(self) -> None:
        """Until the interface answers, a minute at most."""
        deadline = time.monotonic() + WAIT_SECONDS
        request = urllib.request.Request(f"{self._url}/api/overview", headers=self._headers)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=3):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


def ensure_shared(admin: BrokerAdmin, vhost: str = VHOST) -> None:
    """The virtual host with the exchanges everybody uses."""
    at = quote(vhost, safe="")
    durable = {"durable": True, "auto_delete": False}
    admin.put(f"/vhosts/{at}", {})
    admin.put(f"/exchanges/{at}/{UNROUTED}", {"type": "fanout", **durable})
    admin.put(f"/queues/{at}/{UNROUTED}", {**durable, "arguments": UNROUTED_LIMITS})
    admin.post(f"/bindings/{at}/e/{UNROUTED}/q/{UNROUTED}", {"routing_key": ""})
    alternate = {"alternate-exchange": UNROUTED}
    admin.put(f"/exchanges/{at}/{EVENTS}", {"type": "topic", **durable, "arguments": alternate})
    admin.put(f"/exchanges/{at}/{INTAKE}", {"type": "direct", **durable, "arguments": alternate})
    admin.put(f"/exchanges/{at}/{PROBE}", {"type": "fanout", **durable})
    admin.put(f"/exchanges/{at}/{RPC}", {"type": "topic", **durable})


def refuse_impersonators(admin: BrokerAdmin) -> None:
    """Raises RuntimeError when the broker has a user who may publish under any name: no sender could be believed."""
    found = [user["name"] for user in admin.get("/users") if IMPERSONATOR in _tags(user)]
    if found:
        raise RuntimeError(f"the broker's users {found} have the tag '{IMPERSONATOR}': take it away")


def _tags(user: Mapping[str, Any]) -> list[str]:
    """RabbitMQ 3.10 lists them, earlier ones write them with commas."""
    tags = user.get("tags", [])
    return tags.split(",") if isinstance(tags, str) else list(tags)


def ensure_user(admin: BrokerAdmin, user: str, password: str, rights: Rights, vhost: str = VHOST) -> None:
    """Creates or corrects a user; running connections keep what they had until they reconnect."""
    at, who = quote(vhost, safe=""), quote(user, safe="")
    admin.put(f"/users/{who}", {"password": password, "tags": ""})
    plain = {"configure": rights.configure, "write": rights.write, "read": rights.read}
    admin.put(f"/permissions/{at}/{who}", plain)
    for exchange, (write, read) in rights.topics.items():
        admin.put(f"/topic-permissions/{at}/{who}", {"exchange": exchange, "write": write, "read": read})


def service_rights(part: Part) -> Rights:
    """Own queues and redelivery, answers to calls, and events under the own name (of the own towns, when limited)."""
    name = re.escape(part.name)
    own = rf"rpc-{name}|{name}\..+|rpc\.reply-{name}-.+"
    towns = "|".join(map(re.escape, part.municipalities)) or "[^.]+"
    emits = rf"^({towns})\.{part.emits}\.[^.]+\.[^.]+\.v[0-9]+$"
    intake = rf"|{re.escape(INTAKE)}" if part.hears_intake else ""
    return Rights(
        configure=f"^({own})$",
        write=rf"^({own}|imigr\.events|imigr\.probe|nameko-rpc)$",
        read=rf"^({own}|imigr\.events|nameko-rpc{intake})$",
        topics={EVENTS: (emits, ".*"), RPC: (f"^{UUID}$", rf"^{name}\.")},
    )


def gateway_rights(part: Part) -> Rights:
    """Calls every service, hears every event, publishes none, and hands contacts to the vault."""
    name = re.escape(part.name)
    own = rf"{name}\..+|rpc\.reply-{name}-.+"
    return Rights(
        configure=f"^({own})$",
        write=rf"^({own}|nameko-rpc|imigr\.intake|imigr\.probe)$",
        read=rf"^({own}|imigr\.events|nameko-rpc)$",
        topics={RPC: (r"^[a-z][a-z0-9_]*\.[a-z_]+$", f"^{UUID}$")},
    )


def streams_rights(part: Part) -> Rights:
    """Asks for boards, hears every event, publishes none."""
    name = re.escape(part.name)
    own = rf"{name}\..+|rpc\.reply-{name}-.+"
    calls = "|".join(map(re.escape, part.calls))
    return Rights(
        configure=f"^({own})$",
        write=rf"^({own}|nameko-rpc|imigr\.probe)$",
        read=rf"^({own}|imigr\.events|nameko-rpc)$",
        topics={RPC: (rf"^[a-z][a-z0-9_]*\.({calls})$", f"^{UUID}$")},
    )
