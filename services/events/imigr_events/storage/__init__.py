"""MongoDB: state and its events in one atomic write."""

from imigr_events.storage.agenda import MongoAgenda
from imigr_events.storage.books import EVENTS, INDEXES, MongoEvents

__all__ = ["EVENTS", "INDEXES", "MongoAgenda", "MongoEvents"]
