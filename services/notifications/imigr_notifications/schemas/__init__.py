"""Wire to domain and back: events that are heard, RPC methods that are answered."""

from imigr_notifications.schemas.asked import Figures, Forget, OfMunicipality, Subject
from imigr_notifications.schemas.heard import SOURCES, Appointment, Given, Registration, concerns, matter_of
from imigr_notifications.schemas.rules import OwnRules, SetRules, rules_out
from imigr_notifications.schemas.told import message_out, messages_out

__all__ = [
    "SOURCES",
    "Appointment",
    "Figures",
    "Forget",
    "Given",
    "OfMunicipality",
    "OwnRules",
    "Registration",
    "SetRules",
    "Subject",
    "concerns",
    "matter_of",
    "message_out",
    "messages_out",
    "rules_out",
]
