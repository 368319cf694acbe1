"""Use cases of orientation: the outcome of a visit, and referrals to partners with consent."""

from __future__ import annotations

from imigr_guichet.handlers.orientation.counsel import (
    KEEP_DAYS,
    LINK_DAYS,
    STAFF_ROLES,
    Counsel,
    Orientations,
    Referrals,
)
from imigr_guichet.handlers.orientation.holders import (
    answer_referral,
    fetch_referral,
    get_own_referral,
    revoke_own_referral,
)
from imigr_guichet.handlers.orientation.outcomes import (
    Outcomes,
    close_follow_up,
    cut_links,
    get_orientation,
    list_follow_ups,
    record_orientation,
    said_orientation,
)
from imigr_guichet.handlers.orientation.referrals import (
    Proposal,
    agree_referral,
    list_referrals,
    partner_step,
    propose_referral,
    said_referral,
    send_referral,
    step_referral,
)

__all__ = [
    "KEEP_DAYS",
    "LINK_DAYS",
    "STAFF_ROLES",
    "Counsel",
    "Orientations",
    "Outcomes",
    "Proposal",
    "Referrals",
    "agree_referral",
    "answer_referral",
    "close_follow_up",
    "cut_links",
    "fetch_referral",
    "get_orientation",
    "get_own_referral",
    "list_follow_ups",
    "list_referrals",
    "partner_step",
    "propose_referral",
    "record_orientation",
    "revoke_own_referral",
    "said_orientation",
    "said_referral",
    "send_referral",
    "step_referral",
]
