"""Wire to domain and back: events that are heard, RPC methods that are answered."""

from imigr_notifications.schemas.asked import Figures, Forget, Subject
from imigr_notifications.schemas.heard import SOURCES, Appointment, Given, Registration, concerns, matter_of
from imigr_notifications.schemas.told import message_out, messages_out

__all__ = [
    "SOURCES",
    "Appointment",
    "Figures",
    "Forget",
    "Given",
    "Registration",
    "Subject",
    "concerns",
    "matter_of",
    "message_out",
    "messages_out",
]
