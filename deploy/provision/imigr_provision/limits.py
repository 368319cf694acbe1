"""Limits of broker users who are not the installation's own: how much they may open, and how much may wait for them.

The broker counts connections and channels by user. It cannot count queues by user, so a stranger may declare none:
the queue that a stranger reads is declared here, under a name that the policies know. A policy set by the operator
wins over every argument a queue was declared with. When a queue is full its oldest message goes: whoever publishes is
never held up by a stranger who does not read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from imigr_provision.broker import BrokerAdmin
from imigr_provision.catalogue import STRANGERS, VHOST

DAY: Final = 24 * 3_600_000
"""Milliseconds, as the broker takes ages."""
POLICY: Final = "strangers"
NAMES: Final = rf"^({'|'.join(STRANGERS)})\."
"""Queues with these names are strangers'."""
QUEUE_LIMITS: Final[dict[str, int]] = {
    "max-length": 10_000,
    "max-length-bytes": 16 * 1024 * 1024,
    "message-ttl": 7 * DAY,
}
"""No ``expires``: a queue that nobody reads for a while stays, since the one it is for cannot declare it again."""


@dataclass(frozen=True)
class Allowance:
    """How much a user may have open at one time."""

    connections: int
    channels: int


STRANGER: Final = Allowance(connections=4, channels=16)
TOWN: Final = Allowance(connections=20, channels=200)
"""A service that a town runs itself: its credentials lie in somebody else's house. A guichet opens 2 and 5."""


def limit_user(admin: BrokerAdmin, user: str, allowance: Allowance) -> None:
    """From now on; connections that are open already stay."""
    path = f"/user-limits/{quote(user, safe='')}"
    admin.put(f"{path}/max-connections", {"value": allowance.connections})
    admin.put(f"{path}/max-channels", {"value": allowance.channels})


def limit_queues(admin: BrokerAdmin, vhost: str = VHOST) -> None:
    """Length, octets and age of every queue with a stranger's name, whoever declared it."""
    policy = {"pattern": NAMES, "apply-to": "queues", "priority": 100, "definition": QUEUE_LIMITS}
    admin.put(f"/operator-policies/{quote(vhost, safe='')}/{POLICY}", policy)


def limit_strangers(admin: BrokerAdmin, ours: Collection[str], vhost: str = VHOST) -> None:
    """The queues of strangers, and every user that is neither administrator nor a part of this installation.

    A user whom this run does not know may be a town's own service, made by an earlier run: it gets a town's allowance.
    """
    limit_queues(admin, vhost)
    for user in admin.get("/users"):
        if user["name"] not in ours and not _is_administrator(user):
            limit_user(admin, user["name"], TOWN)


def _is_administrator(user: dict[str, Any]) -> bool:
    tags = user["tags"]
    return "administrator" in (tags.split(",") if isinstance(tags, str) else tags)
