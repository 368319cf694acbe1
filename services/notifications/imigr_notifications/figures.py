"""What notifications count, for operators; no label holds anything about a person."""

from __future__ import annotations

from imigr_kit.metrics import counter, histogram

_MESSAGE = ("channel", "kind")

AMBIGUOUS = counter("imigr_notifications_ambiguous", "Messages handed over whose answer was never read", _MESSAGE)
REPEATED = counter("imigr_notifications_repeated", "Messages in doubt that were handed over once more", _MESSAGE)
EXPIRED = counter("imigr_notifications_expired", "Messages that would have come too late", _MESSAGE)
RECEIPTS = counter("imigr_notifications_receipts", "Receipts received from providers", ["outcome"])
UNATTACHED = counter("imigr_notifications_receipts_unattached", "Receipts that came for no message known then")
INBOUND = counter("imigr_notifications_inbound", "SMS sent to us by phones")
BOUNCES = counter("imigr_notifications_bounces", "Mails that came back, by class of their status", ["class", "outcome"])
KEPT_BACK = counter(
    "imigr_notifications_kept_back", "Messages that were not sent for the person's sake", ["reason", "kind"]
)
UNUSABLE = counter("imigr_notifications_unusable_contacts", "Contacts given that cannot be written to", ["reason"])
UNREAD = counter("imigr_notifications_unread", "Events of a kind nobody here knows, passed over", ["kind"])
HANDED = counter(
    "imigr_notifications_handed_over",
    "Messages handed to a provider, by what it said: taken, refused, throttled, ...",
    ["channel", "provider", "outcome"],
)
COST = counter("imigr_notifications_cost", "Cost of what was taken, in thousandths of the currency", ["provider"])
SECONDS = histogram(
    "imigr_notifications_seconds_to_leave",
    "From the moment a message was due to the answer of the provider that took it",
    ["channel"],
    (0.1, 0.5, 1, 5, 10, 60, 600, 3600, 28800),
)
ANSWERS = counter("imigr_notifications_answers", "What SMS sent to us meant; their text is not kept", ["answer"])
