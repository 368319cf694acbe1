"""From senders of one message to senders of many, and names that keep the ids of providers apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from imigr_notifications.ports import (
    BatchSender,
    DeliveryError,
    HandOverAll,
    NotWanted,
    Outcome,
    Outgoing,
    Sender,
    Taken,
)


class Singly:
    """Hands over one message at a time, or so many side by side."""

    def __init__(self, sender: Sender, lanes: int = 1) -> None:
        self._sender = sender
        self._pool = ThreadPoolExecutor(lanes) if lanes > 1 else None

    def send_many(self, batch: Sequence[Outgoing], hand_over: HandOverAll) -> Mapping[str, Outcome]:
        """Each asks for itself."""

        def one(outgoing: Outgoing) -> Outcome:
            def mine(parts: int) -> bool:
                return outgoing.message_id in hand_over({outgoing.message_id: parts})

            try:
                return Taken(tuple(self._sender.send(outgoing, mine)))
            except DeliveryError as error:
                return error

        answers = map(one, batch) if self._pool is None else self._pool.map(one, batch)
        pairs = zip(batch, answers, strict=True)
        return {outgoing.message_id: answer for outgoing, answer in pairs if not isinstance(answer, NotWanted)}


class Named:
    """Ids of parts carry the provider's name, so that two providers that count alike are not confused."""

    def __init__(self, sender: BatchSender, name: str) -> None:
        self._sender = sender
        self._name = name

    def send_many(self, batch: Sequence[Outgoing], hand_over: HandOverAll) -> Mapping[str, Outcome]:
        """Names are taken off on the way out and put on in the answers."""
        bare = [replace(one, taken=tuple(map(bare_id, one.taken))) if one.taken else one for one in batch]
        return {one: self._named(outcome) for one, outcome in self._sender.send_many(bare, hand_over).items()}

    def _named(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Taken):
            return Taken(self._all(outcome.ids))
        outcome.taken = self._all(outcome.taken)
        return outcome

    def _all(self, ids: Collection[str]) -> tuple[str, ...]:
        return tuple(named_id(self._name, one) for one in ids)


def named_id(provider: str, part: str) -> str:
    """The id of a part as it is kept."""
    return f"{provider}/{part}"


def bare_id(part: str) -> str:
    """The id of a part as its provider knows it."""
    return part.partition("/")[2] or part
