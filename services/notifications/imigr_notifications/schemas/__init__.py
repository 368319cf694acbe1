"""Wire to domain and back: events that are heard, RPC methods that are answered."""

from imigr_notifications.schemas.asked import (
    Figures,
    Forget,
    ListReveals,
    OfContact,
    OfMunicipality,
    RevealContact,
    SetConsent,
    Subject,
    TakeReport,
    Unsubscribe,
)
from imigr_notifications.schemas.heard import SOURCES, Answered, Appointment, Given, Registration, concerns, matter_of
from imigr_notifications.schemas.rules import OwnRules, SetRules, rules_out, told_months
from imigr_notifications.schemas.templates import (
    PreviewTemplate,
    PublishTemplate,
    TryTemplate,
    preview_out,
    templates_out,
    which,
)
from imigr_notifications.schemas.told import message_out, messages_out
from imigr_notifications.schemas.vault import erased_out, held_out, revealed_out, reveals_out

__all__ = [
    "SOURCES",
    "Answered",
    "Appointment",
    "Figures",
    "Forget",
    "Given",
    "ListReveals",
    "OfContact",
    "OfMunicipality",
    "OwnRules",
    "PreviewTemplate",
    "PublishTemplate",
    "Registration",
    "RevealContact",
    "SetConsent",
    "SetRules",
    "Subject",
    "TakeReport",
    "TryTemplate",
    "Unsubscribe",
    "concerns",
    "erased_out",
    "held_out",
    "matter_of",
    "message_out",
    "messages_out",
    "preview_out",
    "revealed_out",
    "reveals_out",
    "rules_out",
    "templates_out",
    "told_months",
    "which",
]
