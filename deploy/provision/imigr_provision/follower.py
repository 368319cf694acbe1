"""The follower of the demo: a user who may read one queue, to which the administrator binds the public kinds.

It shows what the public kinds are until partners get a door of their own. It exists where the demo runs and nowhere
else: the queue holds whole events, envelope included, of a town that is imagined.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from imigr_provision.audiences import Audiences
from imigr_provision.broker import EVENTS, BrokerAdmin, Rights, ensure_user
from imigr_provision.catalogue import VHOST
from imigr_provision.limits import STRANGER, limit_user

USER: Final = "demo-follower"
QUEUE: Final = "demo.public"


def reader_rights(queue: str) -> Rights:
    """Takes messages from one queue: declares nothing, binds nothing, publishes nothing."""
    return Rights(configure="^$", write="^$", read=f"^{re.escape(queue)}$")


def prepare(admin: BrokerAdmin, secret: str, audiences: Audiences, vhost: str = VHOST) -> None:
    """Queue, exact bindings, user and limits."""
    at = quote(vhost, safe="")
    admin.put(f"/queues/{at}/{QUEUE}", {"durable": True, "auto_delete": False})
    bind_exactly(admin, QUEUE, audiences.public_keys(), vhost)
    ensure_user(admin, USER, secret, reader_rights(QUEUE), vhost)
    limit_user(admin, USER, STRANGER)


def bind_exactly(admin: BrokerAdmin, queue: str, keys: Iterable[str], vhost: str = VHOST) -> None:
    """Bound to the events by these routing keys and by no other: what an earlier table allowed is taken back."""
    between = f"/bindings/{quote(vhost, safe='')}/e/{EVENTS}/q/{quote(queue, safe='')}"
    wanted = set(keys)
    for binding in admin.get(between):
        if binding["routing_key"] not in wanted or binding["arguments"]:
            admin.delete(f"{between}/{quote(binding['properties_key'], safe='')}")
    for key in sorted(wanted):
        admin.post(between, {"routing_key": key})
