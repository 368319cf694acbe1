"""Accounts on the wire: load, one use case, dump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imigr_accounts import handlers, schemas
from imigr_accounts.building import build_desk, build_trail
from imigr_accounts.domain import Staff
from imigr_accounts.handlers import signing_in
from imigr_accounts.settings import AccountsSettings
from imigr_accounts.storage import INDEXES, MACHINES, STAFF, Break
from imigr_kit.chain_head import look_after
from imigr_kit.commands import Command, command_of
from imigr_kit.entrypoints import provided, rpc
from imigr_kit.runtime import Runtime


@dataclass(frozen=True)
class App:
    """What the methods below use."""

    desk: handlers.Desk


def build(runtime: Runtime) -> App:
    """The use cases on this process's database, clock and keys."""
    return App(build_desk(runtime.settings, runtime.db, runtime.stamp, runtime.clock, runtime.new_id))


def look_after_trail(runtime: Runtime) -> None:
    """Walk the audit trail, beside the start."""
    trail = build_trail(runtime.settings, runtime.db, runtime.clock)
    runtime.spawn(lambda: look_after(trail.keep_head, lambda: number_of(trail.check()), "audit"))


def number_of(found: Break | None) -> int | None:
    """The row at which the trail does not hold."""
    return None if found is None else found.number


def command(method: str, payload: Mapping[str, Any]) -> Command:
    """What is repeated when the key is: the method, who asks, and all arguments but the password."""
    return command_of(method, {name: value for name, value in payload.items() if name != "password"})


class AccountsService:
    """RPC methods of accounts."""

    name = "accounts"
    settings = AccountsSettings
    outbox_collections = (STAFF, MACHINES)
    indexes = INDEXES
    first = (look_after_trail,)
    app: App = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}

    @rpc
    def login(self, **payload: Any) -> dict[str, Any]:
        """A bearer token of a quarter of an hour."""
        return signing_in.login(self.app.desk, **schemas.Login().load(payload))

    @rpc
    def check_session(self, **payload: Any) -> dict[str, Any]:
        """Who is signed in, with the roles of this moment."""
        return signing_in.check_session(self.app.desk, **schemas.OneSession().load(payload))

    @rpc
    def logout(self, **payload: Any) -> dict[str, Any]:
        """End the session."""
        return signing_in.logout(self.app.desk, **schemas.SignedIn().load(payload))

    @rpc
    def change_password(self, **payload: Any) -> dict[str, Any]:
        """Another password of one's own."""
        return signing_in.change_password(self.app.desk, **schemas.OwnPassword().load(payload))

    @rpc
    def begin_reset(self, **payload: Any) -> dict[str, Any]:
        """A link that sets a password once."""
        wanted = schemas.Resetting().load(payload)
        del wanted["idempotency_key"]
        return signing_in.begin_reset(self.app.desk, command=command("begin_reset", payload), **wanted)

    @rpc
    def reset_password(self, **payload: Any) -> dict[str, Any]:
        """Set a password by a link."""
        return signing_in.reset_password(self.app.desk, **schemas.ResetByLink().load(payload))

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
        staff = Staff(self.app.desk.new_id(), wanted["email"], wanted["display"], wanted["roles"], False, 1)
        return handlers.create_staff(
            self.app.desk,
            wanted["actor"],
            wanted["municipality"],
            staff,
            wanted["password"],
            command("create_staff", payload),
        )

    @rpc
    def disable_staff(self, **payload: Any) -> dict[str, Any]:
        """No further sign-in."""
        wanted = schemas.OneStaff().load(payload)
        del wanted["idempotency_key"]
        return handlers.disable_staff(self.app.desk, command=command("disable_staff", payload), **wanted)

    @rpc
    def create_api_token(self, **payload: Any) -> dict[str, Any]:
        """A token for a machine, shown once."""
        wanted = schemas.NewToken().load(payload)
        return handlers.create_api_token(
            self.app.desk,
            wanted["actor"],
            wanted["municipality"],
            wanted["label"],
            wanted["roles"],
            command("create_api_token", payload),
        )

    @rpc
    def revoke_api_token(self, **payload: Any) -> dict[str, Any]:
        """The token is no longer good."""
        wanted = schemas.OneToken().load(payload)
        del wanted["idempotency_key"]
        return handlers.revoke_api_token(self.app.desk, command=command("revoke_api_token", payload), **wanted)
