"""Who gets places that become free."""

from __future__ import annotations

from collections.abc import Sequence

from imigr_events.domain.registration import Registration


def next_in_line(waiting: Sequence[Registration], free: int) -> list[Registration]:
    """Who gets freed places: in order of arrival, first come first served. A group is never split; a place it
    cannot use is not kept empty while somebody behind it fits."""
    served: list[Registration] = []
    for registration in waiting:
        if registration.places <= free:
            served.append(registration)
            free -= registration.places
    return served
