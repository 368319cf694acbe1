"""Which messages follow from what happened, when they are due, and when they are worthless."""

from imigr_notifications.domain.consent import ASKED_FOR, REASONS, Consent, needed
from imigr_notifications.domain.matters import NOTICES, REMINDED, Matter, Meaning, Told, meaning
from imigr_notifications.domain.messages import (
    REPEATED_IN_SILENCE,
    RETRY_DELAYS,
    UNDER_WAY,
    WITHDRAWABLE,
    Message,
    Priority,
    State,
    wire_time,
)
from imigr_notifications.domain.planning import NEWS_LASTS, Moment, Plan, moments, notice, plan, reminders
from imigr_notifications.domain.quiet import out_of_quiet, quiet_hours
from imigr_notifications.domain.rules import OverLimit, QuietWindow, ReminderRule, Rules, Season

__all__ = [
    "ASKED_FOR",
    "NEWS_LASTS",
    "NOTICES",
    "REASONS",
    "REMINDED",
    "REPEATED_IN_SILENCE",
    "RETRY_DELAYS",
    "UNDER_WAY",
    "WITHDRAWABLE",
    "Consent",
    "Matter",
    "Meaning",
    "Message",
    "Moment",
    "OverLimit",
    "Plan",
    "Priority",
    "QuietWindow",
    "ReminderRule",
    "Rules",
    "Season",
    "State",
    "Told",
    "meaning",
    "moments",
    "needed",
    "notice",
    "out_of_quiet",
    "plan",
    "quiet_hours",
    "reminders",
    "wire_time",
]
