"""Puts the use cases of feedback on a process's database, clock and key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imigr_directory.feedback.domain import Opinion
from imigr_directory.feedback.handlers import Box
from imigr_directory.feedback.sealing import RemarkSeal
from imigr_directory.feedback.storage import MongoOpinions, MongoReads


def build(runtime: Any, check: Callable[[Opinion], None]) -> Box:
    """``runtime`` has settings, db, clock and stamp."""
    seal = RemarkSeal(runtime.settings.key)
    opinions = MongoOpinions(runtime.db, runtime.stamp)
    return Box(opinions, MongoReads(runtime.db, seal), seal, runtime.clock, check)
