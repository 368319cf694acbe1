"""MongoDB: state and its events in one atomic write."""

from imigr_events.storage.agenda import MongoAgenda
from imigr_events.storage.attendance import ATTENDANCE, ATTENDANCE_INDEXES, MongoAttendance
from imigr_events.storage.books import EVENTS, INDEXES, MongoEvents
from imigr_events.storage.certificates import CERTIFICATE_INDEXES, CERTIFICATES, MongoCertificates
from imigr_events.storage.imports import MongoImports
from imigr_events.storage.pathways import PATHWAY_INDEXES, PATHWAYS, MongoPathways
from imigr_events.storage.retention import RETENTION_INDEXES, MongoAttendanceRetention

__all__ = [
    "ATTENDANCE",
    "ATTENDANCE_INDEXES",
    "CERTIFICATES",
    "CERTIFICATE_INDEXES",
    "EVENTS",
    "INDEXES",
    "PATHWAYS",
    "PATHWAY_INDEXES",
    "RETENTION_INDEXES",
    "MongoAgenda",
    "MongoAttendance",
    "MongoAttendanceRetention",
    "MongoCertificates",
    "MongoEvents",
    "MongoImports",
    "MongoPathways",
]
