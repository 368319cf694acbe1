"""What a person allowed us to write about."""

from __future__ import annotations

from enum import StrEnum


class Consent(StrEnum):
    """``messages``: what happens to an appointment or a registration; ``reminders``; ``campaigns``: news of a
    topic, by double opt-in only."""

    MESSAGES = "messages"
    REMINDERS = "reminders"
    CAMPAIGNS = "campaigns"


ASKED_FOR = frozenset({Consent.MESSAGES, Consent.REMINDERS})
"""Who gives an address at a booking asks for messages about it and for reminders, unless it is said otherwise."""


def needed(source: str, kind: str) -> Consent | None:
    """The consent that a message needs; None for answers to what the person wrote."""
    if source == "campaign":
        return Consent.CAMPAIGNS
    if source not in {"appointment", "registration"}:
        return None
    return Consent.REMINDERS if kind == "reminder" else Consent.MESSAGES


REASONS = frozenset({"closed_at_short_notice", "not_reached", "asked_to_be_called", "safety", "correction"})
"""Why staff may be shown an address; a code, since a sentence about a person is nowhere kept."""
