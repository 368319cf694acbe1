"""Names of the collections, how long rows live, and the indexes."""

from __future__ import annotations

from imigr_kit.mongo import Index

MESSAGES = "messages"
CONTACTS = "contacts"
PURPOSES = "purposes"
ERASURES = "erasures"
RECEIPTS = "receipts"
MATTERS = "matters"
RULES = "rules"
DAILY = "daily"
OPT_OUTS = "opt_outs"
REVEALS = "reveals"
TEMPLATES = "templates"
REVEAL_SECONDS = 366 * 24 * 3600
REPLIES = "replies"
HELPED = "helped"
SUBSCRIPTIONS = "subscriptions"
CAMPAIGNS = "campaigns"
LEDGER_SECONDS = 400 * 24 * 3600
MESSAGE_SECONDS = 30 * 24 * 3600
CONTENT_SECONDS = 3 * 24 * 3600
"""A message keeps its content so long after it lost its sense; then only its way is left."""
SWEPT_SECONDS = 14 * 24 * 3600
"""So far back the hourly sweep looks; what it missed for longer goes with the whole message."""
RECEIPT_SECONDS = 3 * 24 * 3600
MATTER_SECONDS = 30 * 24 * 3600
REPLY_SECONDS = 30 * 24 * 3600
SUBSCRIPTION_SECONDS = 30 * 24 * 3600
DAILY_SECONDS = 3 * 24 * 3600
INDEXES = (
    Index(MESSAGES, [("state", 1), ("channel", 1), ("priority", 1), ("claim_at", 1)], name="claim_by_priority"),
    Index(
        MESSAGES, [("state", 1), ("claim_at", 1)], partial={"state": {"$in": ["leased", "sending"]}}, name="stranded"
    ),
    Index(MESSAGES, [("subject", 1), ("state", 1)], name="subject_state"),
    Index(MESSAGES, [("contact_id", 1)], name="contact"),
    Index(MESSAGES, [("provider_ids", 1)], partial={"provider_ids": {"$gt": ""}}, name="provider_ids"),
    Index(MESSAGES, [("municipality", 1), ("kind", 1), ("state", 1)], name="figures"),
    Index(MESSAGES, [("expires_at", 1)], expire_after=MESSAGE_SECONDS, name="expiry"),
    Index(CONTACTS, [("lookup", 1)], name="lookup"),
    Index(CONTACTS, [("created_at", 1)], name="created"),
    Index(PURPOSES, [("contact_id", 1), ("until", 1)], name="contact"),
    Index(PURPOSES, [("until", 1)], expire_after=7 * 24 * 3600, name="expiry"),
    Index(ERASURES, [("at", 1)], expire_after=LEDGER_SECONDS, name="expiry"),
    Index(TEMPLATES, [("municipality", 1)], name="municipality"),
    Index(REVEALS, [("municipality", 1), ("_id", -1)], name="municipality"),
    Index(REVEALS, [("command", 1)], name="command"),
    Index(REVEALS, [("once", 1)], unique=True, partial={"once": {"$gt": ""}}, name="once"),
    Index(REVEALS, [("actor", 1), ("at", -1)], name="actor"),
    Index(REVEALS, [("at", 1)], expire_after=REVEAL_SECONDS, name="expiry"),
    Index(RECEIPTS, [("lookup", 1), ("at", 1)], name="lookup"),
    Index(MATTERS, [("contact_id", 1)], name="contact"),
    Index(MATTERS, [("start", 1)], expire_after=MATTER_SECONDS, name="expiry"),
    Index(REPLIES, [("at", 1)], expire_after=REPLY_SECONDS, name="expiry"),
    Index(HELPED, [("at", 1)], expire_after=DAILY_SECONDS, name="expiry"),
    Index(CAMPAIGNS, [("key", 1)], unique=True, name="key"),
    Index(CAMPAIGNS, [("municipality", 1), ("_id", -1)], name="municipality"),
    Index(CAMPAIGNS, [("state", 1)], name="state"),
    Index(SUBSCRIPTIONS, [("manage", 1)], unique=True, name="manage"),
    Index(SUBSCRIPTIONS, [("key", 1)], unique=True, name="key"),
    Index(SUBSCRIPTIONS, [("contact_id", 1)], name="contact"),
    Index(
        SUBSCRIPTIONS,
        [("municipality", 1), ("topic", 1), ("state", 1), ("_id", 1)],
        name="audience",
    ),
    Index(SUBSCRIPTIONS, [("until", 1)], expire_after=SUBSCRIPTION_SECONDS, name="expiry"),
    Index(DAILY, [("at", 1)], expire_after=DAILY_SECONDS, name="expiry"),
    Index(RECEIPTS, [("at", 1)], expire_after=RECEIPT_SECONDS, name="expiry"),
)
