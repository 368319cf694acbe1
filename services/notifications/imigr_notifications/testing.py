"""For tests: a provider that keeps what it takes and answers as it is told, and the shortest list of providers."""

from __future__ import annotations

from collections.abc import Sequence

from imigr_notifications.handlers import DEFAULT, Provider, Way, Ways
from imigr_notifications.ports import HandOver, NotWanted, Outgoing, Sender, Uncertain, Unreachable
from imigr_notifications.senders import Singly


class FakeSender:
    """Takes everything, unless ``answers`` holds exceptions to raise first. Unreachable comes before the hand
    over, the others after it; ``taken_in_silence`` takes the message and never answers."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []
        self.answers: list[Exception] = []
        self.taken_in_silence = False

    def send(self, outgoing: Outgoing, hand_over: HandOver) -> Sequence[str]:
        """The ids are numbered."""
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Unreachable):
            raise answer
        if not hand_over(1):
            raise NotWanted("not_wanted")
        if answer is not None:
            raise answer
        self.taken.append(outgoing)
        if self.taken_in_silence:
            raise Uncertain("fake_no_answer")
        return [f"fake-{len(self.taken)}"]


def one_way(**senders: Sender) -> Ways:
    """One provider per channel, named like the channel, everywhere."""
    return Ways({DEFAULT: {channel: [Way(Provider(channel, Singly(one)))] for channel, one in senders.items()}})
