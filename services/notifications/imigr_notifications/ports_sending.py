"""How a message leaves: what senders are given, promise, and raise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from imigr_kit.secret import Secret

HandOver = Callable[[int], bool]
"""Called once by a sender with the number of parts, right before the step that cannot be taken back."""


@dataclass(frozen=True)
class Outgoing:
    """A rendered message. ``taken`` are provider ids of parts that were accepted before."""

    message_id: str
    address: Secret[str]
    subject: str
    body: Secret[str]
    valid_seconds: int
    taken: tuple[str, ...] = ()
    calendar: bytes | None = None
    language: str = "fr"
    unsubscribe: Secret[str] | None = None
    """Address by which the person ends all emails, or a subscription, with one click; for email only."""


@dataclass(frozen=True)
class Receipt:
    """What a provider says later about one part: delivered, or finally not."""

    provider_id: str
    address: Secret[str] | None
    """None when the provider does not say it."""
    delivered: bool


class DeliveryError(Exception):
    """The provider did not simply take the message. ``taken`` are ids of parts that it did take; ``wait`` is
    how long the provider asked to be left alone (Retry-After), if it said."""

    def __init__(self, reason: str, *, taken: Sequence[str] = (), wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.taken = tuple(taken)
        self.wait = wait


class NotWanted(DeliveryError):
    """``hand_over`` said no; nothing was sent."""


class Unreachable(DeliveryError):
    """There is no connection; nothing was sent, and nothing else will be for a moment."""


class Throttled(DeliveryError):
    """The provider takes no more for a moment."""


class NotNow(DeliveryError):
    """The provider did not take it; another attempt may succeed."""


class Refused(DeliveryError):
    """The provider will never take it."""


class Uncertain(DeliveryError):
    """It was handed over and no answer came: the provider may have taken it."""


class Sender(Protocol):
    """Hands one message to a provider, within bounded time."""

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """The provider's ids of the parts. Does first all that can fail without consequence, then asks
        ``hand_over``, then sends. Raises a DeliveryError."""
        ...


@dataclass(frozen=True)
class Taken:
    """The provider has the message; its ids of the parts."""

    ids: tuple[str, ...]


Outcome = Taken | DeliveryError
HandOverAll = Callable[[Mapping[str, int]], Collection[str]]
"""Called by a sender with the number of parts of some messages, right before they leave; says which may."""


class BatchSender(Protocol):
    """Hands several messages to one provider; one that waits for an answer need not hold up the others."""

    def send_many(self, batch: Sequence[Outgoing], hand_over: HandOverAll) -> Mapping[str, Outcome]:
        """What became of each message; those that ``hand_over`` did not allow are missing. No DeliveryError is
        raised. Each message is asked about once, before anything of it leaves."""
        ...
