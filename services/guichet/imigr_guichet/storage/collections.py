"""Collections and indexes of the guichet, and which of them have an outbox."""

from __future__ import annotations

from imigr_kit.mongo import Index
from imigr_kit.pressure import INDEX as PRESSURE

GUICHETS, APPOINTMENTS = "guichets", "appointments"
CALENDARS, FEEDS, LOOKUPS, QUOTAS = "calendars", "feeds", "lookups", "quotas"

OUTBOXES = (GUICHETS, APPOINTMENTS)
INDEXES = (
    Index(GUICHETS, [("municipality", 1)], name="municipality"),
    Index(APPOINTMENTS, [("claims", 1)], unique=True, name="claims"),
    Index(APPOINTMENTS, [("day", 1), ("guichet_id", 1)], name="day_guichet"),
    Index(APPOINTMENTS, [("changed_at", 1)], name="changed"),
    Index(APPOINTMENTS, [("end", 1)], name="end"),
    Index(APPOINTMENTS, [("frees_at", 1)], partial={"frees_at": {"$exists": True}}, name="fading"),
    Index(APPOINTMENTS, [("stranded", 1)], partial={"stranded": {"$exists": True}}, name="stranded"),
    Index(FEEDS, [("secret", 1)], unique=True, name="secret"),
    PRESSURE,
    Index(QUOTAS, [("ends_at", 1)], expire_after=0, name="expiry"),
    Index(LOOKUPS, [("ends_at", 1)], expire_after=0, name="expiry"),
)
