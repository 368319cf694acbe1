"""Use cases of feedback: say something, look at it, read a remark, be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_directory.errors import KeyReused, NoRemark, TooManyOpinions, UnknownOpinion
from imigr_directory.feedback.domain import MOST_AN_HOUR, Opinion, Outcome, Tally, tally_of
from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.commands import Command
from imigr_kit.secret import Secret

EDITORS = ("manager", "editor")
AUDITORS = ("manager",)
HOUR = 3600


@dataclass(frozen=True)
class Filter:
    """What staff look for; everything given must hold."""

    municipality: str
    state: str | None = None
    kind: str | None = None
    about: str | None = None
    record_id: str | None = None
    page: int = 1
    per_page: int = 20


@dataclass(frozen=True)
class RemarkRead:
    """Who was shown which remark."""

    staff_id: str
    municipality: str
    opinion_id: str
    command: str
    body: str
    """Hash of the command, by which a repetition is told from another read under its key."""


class Opinions(Protocol):
    """What is kept of opinions."""

    def add(self, opinion: Opinion, mark: str, sealed: bytes | None, tally: Tally | None) -> bool:
        """Store it and count it in one write; false when its id is there already."""
        ...

    def known(self, opinion_id: str) -> tuple[Opinion, str] | None:
        """What was stored under the id, and the keyed hash of the body it came with."""
        ...

    def get(self, opinion_id: str, now: datetime) -> Opinion | None:
        """One that is not gone yet."""
        ...

    def sealed_remark(self, opinion_id: str, now: datetime) -> bytes | None:
        """Its remark, unless gone."""
        ...

    def find(self, wanted: Filter, now: datetime) -> tuple[Sequence[Opinion], int]:
        """A page, newest first, and how many there are."""
        ...

    def handle(self, opinion: Opinion) -> bool:
        """Store its next version and destroy its remark; false when that version is there already."""
        ...

    def tallies(self, municipality: str) -> Sequence[Tally]:
        """Counts of a town."""
        ...

    def count_try(self, client: str, hour: int) -> int:
        """How many writes this address has made in the hour, this one included."""
        ...

    def to_propose(self, most: int) -> list[Opinion]:
        """Corrections that are written out and not in review yet."""
        ...

    def note_proposed(self, opinion_id: str) -> None:
        """It is in review, or says what the entry says already."""
        ...

    def sweep(self, now: datetime) -> int:
        """Delete what is past its time; how many."""
        ...


class Reads(Protocol):
    """The audit of remarks that were read."""

    def add(self, read: RemarkRead, at: datetime) -> None:
        """One more row, safe when this returns; the same command is one row. Raises KeyReused for another read."""
        ...

    def of_municipality(self, municipality: str, most: int) -> Sequence[Mapping[str, Any]]:
        """The newest rows of a town."""
        ...


class Seal(Protocol):
    """What closes remarks."""

    def seal(self, record: str, text: Secret[str]) -> bytes:
        """To be stored."""
        ...

    def open(self, record: str, sealed: bytes) -> Secret[str] | None:
        """As it was."""
        ...

    def mark(self, purpose: str, text: str) -> str:
        """A keyed hash."""
        ...


@dataclass(frozen=True)
class Box:
    """What the use cases work with."""

    opinions: Opinions
    reads: Reads
    seal: Seal
    clock: Clock
    check: Callable[[Opinion], None]
    """Raises when the town, the theme or the record of an opinion does not exist."""


def say(box: Box, opinion: Opinion, remark: Secret[str] | None, client: str | None, command: Command) -> Opinion:
    """Keep and count what a reader says; the same again is the same once. Raises KeyReused, TooManyOpinions, and what
    ``check`` raises."""
    mark = box.seal.mark("body of feedback", command.body_hash)
    known = _known(box, opinion, mark)
    if known is not None:
        return known
    box.check(opinion)
    _admit(box, client)
    sealed = None if remark is None else box.seal.seal(opinion.id, remark)
    if not box.opinions.add(opinion, mark, sealed, tally_of(opinion)):
        return _known(box, opinion, mark) or opinion
    return opinion


def list_opinions(box: Box, actor: Mapping[str, Any], wanted: Filter) -> tuple[Sequence[Opinion], int]:
    """What was said in a town, without remarks."""
    require(actor, EDITORS, wanted.municipality)
    return box.opinions.find(wanted, box.clock.now())


def count_opinions(box: Box, actor: Mapping[str, Any], municipality: str) -> Sequence[Tally]:
    """All counts of a town, exact: staff see each opinion anyway."""
    require(actor, EDITORS, municipality)
    return box.opinions.tallies(municipality)


def read_remark(
    box: Box, actor: Mapping[str, Any], municipality: str, opinion_id: str, command: Command
) -> tuple[Opinion, Secret[str]]:
    """The remark of an opinion. The row of the audit is safe before the remark is opened; when it cannot be written,
    nothing is shown. Raises UnknownOpinion, NoRemark, KeyReused."""
    require(actor, EDITORS, municipality)
    now = box.clock.now()
    opinion = _existing(box, municipality, opinion_id)
    if not opinion.has_remark:
        raise NoRemark
    box.reads.add(RemarkRead(str(actor["id"]), municipality, opinion_id, command.key, command.body_hash), now)
    sealed = box.opinions.sealed_remark(opinion_id, now)
    text = None if sealed is None else box.seal.open(opinion_id, sealed)
    if text is None:
        raise NoRemark
    return opinion, text


def list_reads(box: Box, actor: Mapping[str, Any], municipality: str, most: int) -> Sequence[Mapping[str, Any]]:
    """Who read which remark, newest first, for managers."""
    require(actor, AUDITORS, municipality)
    return box.reads.of_municipality(municipality, most)


def handle_opinion(
    box: Box, actor: Mapping[str, Any], municipality: str, opinion_id: str, outcome: Outcome, version: int
) -> Opinion:
    """Done with: its remark is destroyed at once. The same outcome again is the same answer."""
    require(actor, EDITORS, municipality)
    opinion = _existing(box, municipality, opinion_id)
    if opinion.outcome is outcome and opinion.version == version + 1:
        return opinion
    done = opinion.handled(outcome, version)
    if not box.opinions.handle(done):
        return _existing(box, municipality, opinion_id).handled(outcome, version)
    return done


def _existing(box: Box, municipality: str, opinion_id: str) -> Opinion:
    opinion = box.opinions.get(opinion_id, box.clock.now())
    if opinion is None or opinion.municipality != municipality:
        raise UnknownOpinion
    return opinion


def _known(box: Box, opinion: Opinion, mark: str) -> Opinion | None:
    found = box.opinions.known(opinion.id)
    if found is None:
        return None
    if found[1] != mark:
        raise KeyReused
    return found[0]


def _admit(box: Box, client: str | None) -> None:
    """Callers inside the house have no address and no limit."""
    if client is None:
        return
    hour, into = divmod(int(box.clock.now().timestamp()), HOUR)
    if box.opinions.count_try(box.seal.mark("address that asks", client), hour) > MOST_AN_HOUR:
        raise TooManyOpinions(retry_after=HOUR - into)
