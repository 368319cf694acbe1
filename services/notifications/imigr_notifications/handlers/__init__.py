"""Use cases of notifications: plan from events, deliver what is due, settle doubts, forget on request."""

from imigr_notifications.handlers.bounces import take_bounce, unsubscribe
from imigr_notifications.handlers.contacts import (
    Erased,
    forget_contact,
    held_contact,
    list_reveals,
    reveal_contact,
    set_consent,
)
from imigr_notifications.handlers.delivery import BATCH, deliver_due
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.doubts import settle_stranded
from imigr_notifications.handlers.inbound import hear_text, take_inbound
from imigr_notifications.handlers.planning import apply_rules, plan
from imigr_notifications.handlers.reading import list_messages, may_see_figures
from imigr_notifications.handlers.receipts import take_receipts
from imigr_notifications.handlers.rules import get_rules, set_rules
from imigr_notifications.handlers.templates import list_templates, preview_template, publish_template, send_text_test
from imigr_notifications.handlers.ways import DEFAULT, PAUSES, Gate, Provider, Way, Ways

__all__ = [
    "BATCH",
    "DEFAULT",
    "PAUSES",
    "Desk",
    "Erased",
    "Gate",
    "Provider",
    "Way",
    "Ways",
    "apply_rules",
    "deliver_due",
    "forget_contact",
    "get_rules",
    "hear_text",
    "held_contact",
    "list_messages",
    "list_reveals",
    "list_templates",
    "may_see_figures",
    "plan",
    "preview_template",
    "publish_template",
    "reveal_contact",
    "send_text_test",
    "set_consent",
    "set_rules",
    "settle_stranded",
    "take_bounce",
    "take_inbound",
    "take_receipts",
    "unsubscribe",
]
