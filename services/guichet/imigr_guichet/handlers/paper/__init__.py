"""Use cases of paper: a slip that a desk can check without a network, the list of a day, and the merge afterwards."""

from __future__ import annotations

from imigr_guichet.handlers.paper.days import MOST_AHEAD, OLDEST, Written, list_for_day, merge_day
from imigr_guichet.handlers.paper.slips import (
    SHOWABLE,
    Actor,
    Conflicting,
    Paper,
    Said,
    Signer,
    check_in,
    get_slip,
    get_slip_for_visitor,
    public_keys,
)

__all__ = [
    "MOST_AHEAD",
    "OLDEST",
    "SHOWABLE",
    "Actor",
    "Conflicting",
    "Paper",
    "Said",
    "Signer",
    "Written",
    "check_in",
    "get_slip",
    "get_slip_for_visitor",
    "list_for_day",
    "merge_day",
    "public_keys",
]
