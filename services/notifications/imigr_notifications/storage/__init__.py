"""MongoDB: messages with their outbox, contacts as ciphertext, purposes that keep them, receipts, erasures."""

from imigr_notifications.storage.contacts import FADE, MongoContacts
from imigr_notifications.storage.documents import message_document, message_of, sealed_of
from imigr_notifications.storage.indexes import CONTACTS, ERASURES, INDEXES, MESSAGES, PURPOSES, RECEIPTS
from imigr_notifications.storage.messages import MongoMessages
from imigr_notifications.storage.receipts import MongoReceipts

__all__ = [
    "CONTACTS",
    "ERASURES",
    "FADE",
    "INDEXES",
    "MESSAGES",
    "PURPOSES",
    "RECEIPTS",
    "MongoContacts",
    "MongoMessages",
    "MongoReceipts",
    "message_document",
    "message_of",
    "sealed_of",
]
