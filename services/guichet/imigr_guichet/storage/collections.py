"""Collections and indexes of the guichet, and which of them have an outbox."""

from __future__ import annotations

from imigr_kit.mongo import Index

GUICHETS, APPOINTMENTS = "guichets", "appointments"

OUTBOXES = (GUICHETS, APPOINTMENTS)
INDEXES = (
    Index(GUICHETS, [("municipality", 1)], name="municipality"),
    Index(APPOINTMENTS, [("claims", 1)], unique=True, name="claims"),
    Index(APPOINTMENTS, [("guichet_id", 1), ("day", 1)], name="guichet_day"),
)
