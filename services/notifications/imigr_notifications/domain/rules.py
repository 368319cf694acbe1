"""What a municipality has settled about its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta


@dataclass(frozen=True)
class Rules:
    """What a municipality has settled about its messages; the values are in rules.json."""

    town: Mapping[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset({"TN"})
    """Whose mobile numbers get SMS (ISO 3166); ``*`` allows every country."""
    eve_at: time = time(17, 0)
    too_near: timedelta = timedelta(hours=2)
    """A reminder on the eve sooner than this after the planning would only repeat the confirmation."""
    short_notice: timedelta = timedelta(hours=2)
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    before_quiet: timedelta = timedelta(minutes=5)
    least_notice: timedelta = timedelta(minutes=30)
    """A reminder closer to the start than this helps nobody."""
