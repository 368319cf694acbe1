"""The one memory of commands: what makes two calls the same command, and what is kept to recognise it again.

A command is known by the key that its author gave it. Nobody but the gateway ever holds that key. What travels and
what is stored is a keyed hash: whoever had the key itself could ask for the first answer again, and the answer of a
booking holds its manage link (docs/adr/0031). The RPC server hides the key before any code of a service runs.

A repetition is the same method with the same body by the same actor. What changes while the author means the same
(roles granted meanwhile, another network) is no part of the body. Anything else under a key that was used is refused
with KeyReused; nothing is shown or done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import ValidationError
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_kit.clock import Clock
from imigr_kit.errors import ImigrError, Invalid, Unavailable
from imigr_kit.ids import new_id
from imigr_kit.keyed import body_hash, keyed_hash
from imigr_kit.mongo import Index
from imigr_kit.secret import Secret

FIELD = "idempotency_key"
LONGEST = 200
CIRCUMSTANCES = frozenset(
    {FIELD, "actor", "client", "client_key", "network_key", "device_key", "contact_key", "contact_keys_before", "proof"}
)
"""Who asks stands in the hash by id; the rest says from where and how, and may differ when a call is repeated: hashes
of contacts, devices and networks change by themselves with the month or the day."""
VISITOR = "visitor"
CLAIMS = "command_claims"
LIFE_SECONDS = 8 * 24 * 3600
"""More than the week in which a caller may repeat a command."""
INDEXES = (Index(CLAIMS, [("at", 1)], expire_after=LIFE_SECONDS, name="expiry"),)


class KeyReused(Invalid):
    """The idempotency key was used before by another actor, or with another body; nothing was shown or stored."""

    code = "kit.idempotency_key_reused"


class Unkeyed(Exception):
    """A service takes commands, but its settings name no key for them."""


@dataclass(frozen=True)
class Command:
    """A repeated command is recognised by its key, of which this is a keyed hash; ``body_hash`` covers method, body and
    actor, and tells a repetition from anything else. ``by`` is for audit lines: ``visitor``, ``staff:<id>``,
    ``machine:<id>`` or ``system``."""

    key: str
    body_hash: str
    by: str = VISITOR

    def must_be(self, body_hash: str) -> None:
        """Whether what was stored under this key was this command. Raises KeyReused."""
        if self.body_hash != body_hash:
            raise KeyReused

    def part(self, name: str) -> Command:
        """A command that is a part of this one, under a key of its own."""
        return replace(self, key=f"{self.key}:{name}")


def command_of(method: str, payload: Mapping[str, Any], loaded: dict[str, Any] | None = None) -> Command:
    """The command in a payload as it came by RPC; its key is taken out of what was loaded from it, if that is given.

    Passwords stay out of the hash, since a quick hash would undo the slow one: the use case compares them.
    """
    if loaded is not None:
        loaded.pop(FIELD)
    by = actor_name(payload["actor"]) if "actor" in payload else VISITOR
    body = {name: one for name, one in payload.items() if name not in CIRCUMSTANCES and not name.endswith("password")}
    return Command(str(payload[FIELD]), body_hash({"method": method, "by": by, "body": body}), by)


def actor_name(actor: Mapping[str, Any]) -> str:
    """Who acts, for audit lines: ``staff:<id>`` or ``machine:<id>``."""
    return f"{actor.get('kind', 'staff')}:{actor.get('id', '')}"


def hidden(payload: Mapping[str, Any], key: Secret[bytes] | None) -> dict[str, Any]:
    """The payload with its idempotency key hashed under ``key``. A key that no schema will take is left for the schema
    to refuse. Raises Unkeyed."""
    if not _is_key(payload.get(FIELD)):
        return dict(payload)
    if key is None:
        raise Unkeyed
    return {**payload, FIELD: keyed_hash(key, "idempotency key", payload[FIELD])}


class Claims:
    """What the keys of a service's staff stand for, in one collection for all its methods.

    A visitor's command is compared where its effect is stored, in the same write. Staff act on many records: the
    record that one command has changed says nothing when the same key comes for another one. So a key is claimed
    before the use case runs. The claim is given up when the use case refuses, since then nothing was done and the
    caller may correct the body; it stays when nobody knows whether something was done.

    Both are hashed once more: what a service makes of a command's key, such as a machine's token, cannot be made from
    what is stored, and neither can a short body be guessed.
    """

    def __init__(self, db: Database[dict[str, Any]], key: Secret[bytes], clock: Clock) -> None:
        self._rows = db[CLAIMS]
        self._key = key
        self._clock = clock

    @contextmanager
    def held(self, command: Command) -> Iterator[None]:
        """Run the block as this command. Raises KeyReused."""
        name, means = keyed_hash(self._key, "claim", command.key), keyed_hash(self._key, "command", command.body_hash)
        mine = new_id()
        self._claim(name, means, mine)
        try:
            yield
        except (ImigrError, ValidationError) as error:
            if not isinstance(error, Unavailable):
                self._rows.delete_one({"_id": name, "claim": mine})
            raise

    def _claim(self, name: str, means: str, mine: str) -> None:
        row = {"_id": name, "means": means, "claim": mine, "at": self._clock.now()}
        try:
            self._rows.insert_one(row)
        except DuplicateKeyError:
            # Another call of the same command may just give its claim up; then this one goes on without.
            found = self._rows.find_one({"_id": name}) or row
            if found["means"] != means:
                raise KeyReused from None


_claims: ContextVar[Claims | None] = ContextVar("imigr_command_claims", default=None)


@contextmanager
def claiming(claims: Claims | None) -> Iterator[None]:
    """Calls in the block claim their keys there."""
    token = _claims.set(claims)
    try:
        yield
    finally:
        _claims.reset(token)


@contextmanager
def claimed(method: str, payload: Mapping[str, Any]) -> Iterator[None]:
    """Run the block as the staff command in a payload; without one, or outside of a service process, just run it."""
    claims = _claims.get()
    if claims is None or not _is_of_staff(payload):
        yield
        return
    with claims.held(command_of(method, payload)):
        yield


def _is_of_staff(payload: Mapping[str, Any]) -> bool:
    """What has another shape is left for the schema to refuse."""
    return _is_key(payload.get(FIELD)) and isinstance(payload.get("actor"), Mapping)


def _is_key(given: Any) -> bool:
    return isinstance(given, str) and 0 < len(given) <= LONGEST
