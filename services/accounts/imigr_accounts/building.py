"""Puts the use cases together from settings and a database: for the service and for the command line alike."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from imigr_accounts.crypto import Argon2, EdDsa
from imigr_accounts.handlers import Desk
from imigr_accounts.settings import AccountsSettings
from imigr_accounts.storage import AuditTrail, MongoAccounts, MongoSessions, MongoTries
from imigr_accounts.storage.accounts import Stamp
from imigr_kit.chain_head import ChainHead
from imigr_kit.clock import Clock
from imigr_kit.ids import NewId
from imigr_kit.keyed import keyed_hash


def build_desk(
    settings: AccountsSettings, db: Database[dict[str, Any]], stamp: Stamp, clock: Clock, new_id: NewId
) -> Desk:
    """The use cases on real storage and keys."""

    def hashed(purpose: str, text: str) -> str:
        return keyed_hash(settings.key, purpose, text)

    return Desk(
        accounts=MongoAccounts(db, stamp, clock, build_trail(settings, db, clock)),
        tries=MongoTries(db),
        sessions=MongoSessions(db),
        passwords=Argon2(),
        signer=EdDsa(settings.signing_key),
        clock=clock,
        new_id=new_id,
        hashed=hashed,
        issuer=f"/{settings.instance}/accounts",
        token_seconds=settings.token_seconds,
    )


def build_trail(settings: AccountsSettings, db: Database[dict[str, Any]], clock: Clock) -> AuditTrail:
    """The audit trail under the service's key."""
    return AuditTrail(db, clock, lambda text: keyed_hash(settings.key, "audit", text), ChainHead(settings.audit_head))
