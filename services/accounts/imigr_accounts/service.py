"""Accounts on the wire: load, one use case, dump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imigr_accounts import handlers, schemas
from imigr_accounts.crypto import Argon2, EdDsa
from imigr_accounts.domain import Staff
from imigr_accounts.ports import Command
from imigr_accounts.settings import AccountsSettings
from imigr_accounts.storage import INDEXES, MACHINES, STAFF, MongoAccounts, MongoTries
from imigr_kit.entrypoints import provided, rpc
from imigr_kit.keyed import body_hash, keyed_hash
from imigr_kit.runtime import Runtime


@dataclass(frozen=True)
class App:
    """What the methods below use."""

    desk: handlers.Desk


def build(runtime: Runtime) -> App:
    """The use cases on this process's database, clock and keys."""
    settings: AccountsSettings = runtime.settings

    def machine_token(key: str) -> str:
        return f"{handlers.TOKEN_PREFIX}{keyed_hash(settings.key, 'machine', key)}"

    return App(
        handlers.Desk(
            accounts=MongoAccounts(runtime.db, runtime.stamp, runtime.clock),
            tries=MongoTries(runtime.db),
            passwords=Argon2(),
            signer=EdDsa(settings.signing_key),
            clock=runtime.clock,
            new_id=runtime.new_id,
            hashed=lambda purpose, text: keyed_hash(settings.key, purpose, text),
            machine_token=machine_token,
            issuer=f"/{settings.instance}/accounts",
            token_seconds=settings.token_seconds,
        )
    )


class AccountsService:
    """RPC methods of accounts."""

    name = "accounts"
    settings = AccountsSettings
    outbox_collections = (STAFF, MACHINES)
    indexes = INDEXES
    app: App = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @rpc
    def login(self, **payload: Any) -> dict[str, Any]:
        """A bearer token of a quarter of an hour."""
        return handlers.login(self.app.desk, **schemas.Login().load(payload))

    @rpc
    def verify_api_token(self, **payload: Any) -> dict[str, Any]:
        """Who a machine is."""
        return handlers.verify_api_token(self.app.desk, **schemas.Token().load(payload))

    @rpc
    def list_staff(self, **payload: Any) -> dict[str, Any]:
        """Accounts of a municipality."""
        found = handlers.list_staff(self.app.desk, **schemas.InMunicipality().load(payload))
        return {"items": [handlers.staff_out(one) for one in found]}

    @rpc
    def create_staff(self, **payload: Any) -> dict[str, Any]:
        """A new account."""
        wanted = schemas.NewStaff().load(payload)
        email = wanted["email"].strip().lower()
        staff = Staff(self.app.desk.new_id(), email, wanted["display"], tuple(wanted["roles"]), False, 1)
        command = Command(wanted["idempotency_key"], body_hash(payload))
        return handlers.create_staff(self.app.desk, wanted["actor"], staff, wanted["password"], command)

    @rpc
    def disable_staff(self, **payload: Any) -> dict[str, Any]:
        """No further sign-in."""
        wanted = schemas.OneStaff().load(payload)
        return handlers.disable_staff(self.app.desk, wanted["actor"], wanted["municipality"], wanted["staff_id"])

    @rpc
    def create_api_token(self, **payload: Any) -> dict[str, Any]:
        """A token for a machine, shown once."""
        wanted = schemas.NewToken().load(payload)
        command = Command(wanted["idempotency_key"], body_hash(payload))
        return handlers.create_api_token(
            self.app.desk, wanted["actor"], wanted["label"], tuple(wanted["roles"]), command
        )

    @rpc
    def revoke_api_token(self, **payload: Any) -> dict[str, Any]:
        """The token is no longer good."""
        wanted = schemas.OneToken().load(payload)
        return handlers.revoke_api_token(self.app.desk, wanted["actor"], wanted["municipality"], wanted["token_id"])
