"""Ends what earlier releases gave to strangers: partners' users on the broker, their queues, their secrets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final
from urllib.parse import quote

from imigr_provision.broker import BrokerAdmin
from imigr_provision.catalogue import STRANGERS, VHOST
from imigr_provision.limits import NAMES

USERS: Final = rf"^({'|'.join(STRANGERS)})-"
"""What the users of partners and of the demo are called."""


def dismiss(admin: BrokerAdmin, secrets: Path, vhost: str = VHOST) -> None:
    """No partner has a way to the broker afterwards: user, connections, queues with their bindings, and secrets go.

    The follower of the demo goes as well; where the demo runs, it is made again right after.
    """
    for user in admin.get("/users"):
        if re.match(USERS, user["name"]):
            _end(admin, user["name"])
            shutil.rmtree(secrets / user["name"], ignore_errors=True)
    for queue in admin.get(f"/queues/{quote(vhost, safe='')}"):
        if re.match(NAMES, queue["name"]) and not queue["exclusive"]:
            admin.delete(f"/queues/{quote(vhost, safe='')}/{quote(queue['name'], safe='')}")


def _end(admin: BrokerAdmin, user: str) -> None:
    """The broker closes the connections of a user that is deleted; their exclusive queues go with them."""
    admin.delete(f"/users/{quote(user, safe='')}")
