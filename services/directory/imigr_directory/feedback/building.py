"""Puts the use cases of feedback on a process's database, clock and key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imigr_directory.feedback.domain import Opinion
from imigr_directory.feedback.handlers import Box
from imigr_directory.feedback.sealing import RemarkSeal
from imigr_directory.feedback.storage import MongoOpinions, MongoReads
from imigr_kit.chain_head import ChainHead


def build(runtime: Any, check: Callable[[Opinion], None]) -> Box:
    """``runtime`` has settings, db, clock and stamp."""
    seal = RemarkSeal(runtime.settings.key)
    opinions = MongoOpinions(runtime.db, runtime.stamp)
    return Box(opinions, reads_of(runtime), seal, runtime.clock, check)


def reads_of(runtime: Any) -> MongoReads:
    """The audit of remarks that were read; its head is kept outside of the database."""
    return MongoReads(runtime.db, RemarkSeal(runtime.settings.key), ChainHead(runtime.settings.audit_head))
