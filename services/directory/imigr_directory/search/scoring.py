"""How well the words of a question fit each slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imigr_directory.folding import Token, tokens
from imigr_directory.search.columns import Mask, packed, together
from imigr_directory.search.entry import FIELD_WEIGHTS, STOP_WORDS
from imigr_directory.search.index import Postings
from imigr_directory.search.vocabulary import Match

Scores = npt.NDArray[np.float32]
WHOLE_NAME = 0.5
"""More for an entry whose whole name was asked for."""
MOST_WORDS = 12


@dataclass(frozen=True)
class Scored:
    """Slots that the words lead to, and for every slot how well they fit (0 to 1.5)."""

    mask: Mask
    scores: Scores


def asked(text: str) -> list[Token]:
    """The words of a question that count, at most MOST_WORDS."""
    found = tokens(text)
    return ([one for one in found if one.word not in STOP_WORDS] or list(found))[:MOST_WORDS]


def scored(text: str, postings: Postings, used: int, alive: Mask) -> Scored:
    """All words must be found, each in any disguise. When no entry has them all, those that have the most of them
    stand in, if these are at least half."""
    wanted = asked(text)
    total, found = np.zeros(used, np.float32), np.zeros(used, np.uint8)
    for at in range(len(wanted)):
        mine = _painted(_meanings(wanted, at, postings), postings, used)
        total += mine
        found += mine > 0
    total /= max(1, len(wanted))
    mask = together(iter([packed(found == max(1, len(wanted)))]), alive)
    if len(wanted) > 1 and not mask.any():
        mask = _most(found, len(wanted), alive)
    called = postings.called(" ".join(token.word for token in tokens(text)))
    if called:
        total[np.asarray(called, np.intp)] += WHOLE_NAME
    return Scored(mask, total)


def _most(found: npt.NDArray[np.uint8], words: int, alive: Mask) -> Mask:
    for least in range(words - 1, (words - 1) // 2, -1):
        mask = together(iter([packed(found >= least)]), alive)
        if mask.any():
            return mask
    return np.zeros_like(alive)


def _meanings(wanted: Sequence[Token], at: int, postings: Postings) -> list[Match]:
    words = postings.words
    found = words.matches(wanted[at], last=at == len(wanted) - 1)
    if at:
        found += words.of_pair(wanted[at - 1], wanted[at])
    if at + 1 < len(wanted):
        found += words.of_pair(wanted[at], wanted[at + 1])
    return found


def _painted(matches: Sequence[Match], postings: Postings, used: int) -> Scores:
    """The best weight per slot: groups of equal weight are written from the lightest to the weightiest."""
    groups: dict[float, list[npt.NDArray[np.uint32]]] = {}
    for match in matches:
        for field, slots in postings.of(match.word).items():
            weight = match.weight * FIELD_WEIGHTS[field]
            groups.setdefault(weight, []).append(np.frombuffer(slots, np.uint32))
    painted = np.zeros(used, np.float32)
    for weight in sorted(groups):
        some = groups[weight]
        painted[some[0] if len(some) == 1 else np.concatenate(some)] = weight
    return painted
