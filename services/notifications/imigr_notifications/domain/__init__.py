"""Which messages follow from what happened, when they are due, and when they are worthless."""

from imigr_notifications.domain.messages import (
    REPEATED_IN_SILENCE,
    RETRY_DELAYS,
    UNDER_WAY,
    WITHDRAWABLE,
    Message,
    State,
    wire_time,
)
from imigr_notifications.domain.planning import (
    NEWS_LASTS,
    NOTICES,
    REMINDED,
    Matter,
    Plan,
    notice,
    plan,
    reminder,
    reminder_due,
)
from imigr_notifications.domain.quiet import out_of_quiet, quiet_hours
from imigr_notifications.domain.rules import Rules

__all__ = [
    "NEWS_LASTS",
    "NOTICES",
    "REMINDED",
    "REPEATED_IN_SILENCE",
    "RETRY_DELAYS",
    "UNDER_WAY",
    "WITHDRAWABLE",
    "Matter",
    "Message",
    "Plan",
    "Rules",
    "State",
    "notice",
    "out_of_quiet",
    "plan",
    "quiet_hours",
    "reminder",
    "reminder_due",
    "wire_time",
]
