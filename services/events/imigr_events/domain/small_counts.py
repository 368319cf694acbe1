"""Counts that may be shown: none so small that it tells of one person, and none that the others give away."""

from __future__ import annotations

from collections.abc import Mapping

FEWEST = 5
"""A count below this is not shown."""


def shown(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Counts whose sum is known; None stands for one that is not shown.

    Zero is a small count too: where nobody chose one answer, everybody chose another. Whoever knows the sum learns
    the total of what is hidden, so the next smallest ones are hidden as well until there are two of them at least
    and five answers in them (complementary suppression).
    """
    hidden = {name for name, number in counts.items() if number < FEWEST}
    if not hidden:
        return dict(counts)
    for name in sorted((name for name in counts if name not in hidden), key=lambda one: (counts[one], one)):
        if len(hidden) > 1 and sum(counts[one] for one in hidden) >= FEWEST:
            break
        hidden.add(name)
    return {name: None if name in hidden else number for name, number in counts.items()}
