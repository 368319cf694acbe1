"""MongoDB: state and its events in one atomic write."""

from imigr_events.storage.agenda import MongoAgenda
from imigr_events.storage.attendance import ATTENDANCE, ATTENDANCE_INDEXES, MongoAttendance
from imigr_events.storage.books import EVENTS, INDEXES, MongoEvents

__all__ = ["ATTENDANCE", "ATTENDANCE_INDEXES", "EVENTS", "INDEXES", "MongoAgenda", "MongoAttendance", "MongoEvents"]
