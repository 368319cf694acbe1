"""MongoDB: staff and machines, the audit chain written with them, sessions, counted sign-ins."""

from imigr_accounts.storage.accounts import INDEXES as ACCOUNT_INDEXES
from imigr_accounts.storage.accounts import MACHINES, STAFF, MongoAccounts
from imigr_accounts.storage.audit import INDEXES as AUDIT_INDEXES
from imigr_accounts.storage.audit import AuditTrail, Break
from imigr_accounts.storage.sessions import INDEXES as SESSION_INDEXES
from imigr_accounts.storage.sessions import MongoSessions
from imigr_accounts.storage.tries import INDEXES as TRY_INDEXES
from imigr_accounts.storage.tries import MongoTries

INDEXES = (*ACCOUNT_INDEXES, *AUDIT_INDEXES, *SESSION_INDEXES, *TRY_INDEXES)

__all__ = ["INDEXES", "MACHINES", "STAFF", "AuditTrail", "Break", "MongoAccounts", "MongoSessions", "MongoTries"]
