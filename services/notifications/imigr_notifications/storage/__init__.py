"""MongoDB: messages with their outbox, contacts as ciphertext, purposes that keep them, receipts, erasures."""

from imigr_notifications.storage.campaigns import MongoCampaigns
from imigr_notifications.storage.contacts import FADE, MongoContacts
from imigr_notifications.storage.documents import message_document, message_of, sealed_of
from imigr_notifications.storage.figures import MongoFigures
from imigr_notifications.storage.indexes import (
    CAMPAIGNS,
    CONTACTS,
    DAILY,
    ERASURES,
    INDEXES,
    MATTERS,
    MESSAGES,
    OPT_OUTS,
    PURPOSES,
    RECEIPTS,
    REVEALS,
    RULES,
)
from imigr_notifications.storage.ledger import FileLedger
from imigr_notifications.storage.matters import MongoMatters
from imigr_notifications.storage.messages import MongoMessages
from imigr_notifications.storage.persons import MongoDaily, MongoOptOuts
from imigr_notifications.storage.receipts import MongoReceipts
from imigr_notifications.storage.reminders import MongoReminders
from imigr_notifications.storage.replies import MongoReplies
from imigr_notifications.storage.reveals import MongoReveals
from imigr_notifications.storage.rulebook import MongoRules
from imigr_notifications.storage.subscriptions import MongoSubscriptions
from imigr_notifications.storage.templatebook import MongoTemplates

__all__ = [
    "CAMPAIGNS",
    "CONTACTS",
    "DAILY",
    "ERASURES",
    "FADE",
    "INDEXES",
    "MATTERS",
    "MESSAGES",
    "OPT_OUTS",
    "PURPOSES",
    "RECEIPTS",
    "REVEALS",
    "RULES",
    "FileLedger",
    "MongoCampaigns",
    "MongoContacts",
    "MongoDaily",
    "MongoFigures",
    "MongoMatters",
    "MongoMessages",
    "MongoOptOuts",
    "MongoReceipts",
    "MongoReminders",
    "MongoReplies",
    "MongoReveals",
    "MongoRules",
    "MongoSubscriptions",
    "MongoTemplates",
    "message_document",
    "message_of",
    "sealed_of",
]
