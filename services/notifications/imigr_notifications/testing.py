"""A provider for tests: keeps what it takes, and answers as it is told."""

from __future__ import annotations

from collections.abc import Sequence

from imigr_notifications.ports import HandOver, NotWanted, Outgoing, Uncertain, Unreachable


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
