"""MongoDB: municipalities, themes, records of every kind with their outbox and their past versions."""

from __future__ import annotations

from imigr_directory.storage.calendars import CALENDARS, MongoCalendars
from imigr_directory.storage.directory import MUNICIPALITIES, STATE, TERMS, MongoDirectory
from imigr_directory.storage.mandates import INDEXES as MANDATE_INDEXES
from imigr_directory.storage.mandates import MANDATES, MongoMandates
from imigr_directory.storage.records import COLLECTIONS, SERVICES, VERSIONS, MongoRecords, record_document, record_in
from imigr_directory.storage.records import INDEXES as RECORD_INDEXES
from imigr_directory.storage.upgrade import upgrade
from imigr_directory.storage.uploads import INDEXES as UPLOAD_INDEXES
from imigr_directory.storage.uploads import MongoUploads
from imigr_kit.mongo import Index

INDEXES: tuple[Index, ...] = (*RECORD_INDEXES, *MANDATE_INDEXES, *UPLOAD_INDEXES)
OUTBOXES: tuple[str, ...] = (MUNICIPALITIES, CALENDARS, *COLLECTIONS.values())
"""Collections whose documents carry events."""

__all__ = [
    "CALENDARS",
    "COLLECTIONS",
    "INDEXES",
    "MANDATES",
    "MUNICIPALITIES",
    "OUTBOXES",
    "SERVICES",
    "STATE",
    "TERMS",
    "VERSIONS",
    "MongoCalendars",
    "MongoDirectory",
    "MongoMandates",
    "MongoRecords",
    "MongoUploads",
    "record_document",
    "record_in",
    "upgrade",
]
