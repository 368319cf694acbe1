"""A record of the directory, of whatever kind, from a draft through review to its published versions.

``version`` counts what readers see; ``revision`` counts every change, and is also the sequence of the record's events:
each method that changes a record returns it with exactly one fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from imigr_directory.domain.content import heading
from imigr_directory.domain.freshness import expires_on
from imigr_directory.domain.translations import TranslationStates, marked, states_after, texts
from imigr_directory.errors import NothingProposed, NotInThisState, StaleProposal
from imigr_kit.facts import Fact

Content = Mapping[str, Any]
"""Content of a record, complete (see content.complete) and as JSON."""
Changed = tuple["Record", list[Fact]]

DRAFT, IN_REVIEW, PUBLISHED, WITHDRAWN = "draft", "in_review", "published", "withdrawn"
STATES: Final = (DRAFT, IN_REVIEW, PUBLISHED, WITHDRAWN)
COMMON: Final = "all"
"""The municipality that events and paths name for a record that is common to all."""
REASONS: Final = ("incomplete", "wrong", "unclear", "duplicate", "not_ours", "translation", "other")
"""Why a proposal goes back: a closed list, so that no remark about anybody is stored."""


@dataclass(frozen=True)
class Act:
    """Who changes something and when: an opaque staff id, and RFC 3339 in UTC."""

    by: str
    at: str


@dataclass(frozen=True)
class Proposal:
    """A change that waits: being written (draft) or for review. ``base`` is the published version it was made on,
    0 for a record that was never published. ``reason`` says why it came back from review. ``marks`` are states that
    translations of it get when it is published."""

    content: Content
    base: int
    state: str
    by: str
    at: str
    reason: str | None = None
    marks: TranslationStates = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """``municipality`` None: common to all. ``owner``: the organization whose partner editors may propose changes.
    ``content`` None: never published. ``by`` and ``at`` tell who made the published version, and when.
    ``expired``: its end of life was told as an event already."""

    id: str
    kind: str
    municipality: str | None
    owner: str | None = None
    state: str = DRAFT
    version: int = 0
    revision: int = 0
    content: Content | None = None
    proposal: Proposal | None = None
    translations: TranslationStates = field(default_factory=dict)
    verified_on: str | None = None
    expires_on: str | None = None
    expired: bool = False
    source: Mapping[str, str] = field(default_factory=dict)
    demonstration: bool = False
    by: str = ""
    at: str = ""

    @property
    def is_public(self) -> bool:
        """Whether readers see it."""
        return self.state == PUBLISHED and self.content is not None

    def proposed(self, content: Content, act: Act, *, state: str, marks: TranslationStates | None = None) -> Changed:
        """A change that waits; it takes the place of the one before."""
        proposal = Proposal(content, self.version, state, act.by, act.at, marks=marks or {})
        return self._next("proposed", proposal=proposal, state=self.state if self.version else state)

    def submitted(self) -> Changed:
        """The change that was being written waits for review now. Raises NothingProposed."""
        proposal = replace(self._waiting(DRAFT), state=IN_REVIEW, reason=None)
        return self._next("proposed", proposal=proposal, state=self.state if self.version else IN_REVIEW)

    def declined(self, reason: str) -> Changed:
        """Back to its author, with the reason; nothing of it is lost. Raises NothingProposed."""
        proposal = replace(self._waiting(IN_REVIEW), state=DRAFT, reason=reason)
        return self._next(
            "declined", {"reason": reason}, proposal=proposal, state=self.state if self.version else DRAFT
        )

    def accepted(self, act: Act) -> Changed:
        """What was proposed is what readers see. Raises NothingProposed, and StaleProposal when another version was
        published meanwhile: publishing would undo it unseen."""
        if self.proposal is None:
            raise NothingProposed(params={"record_id": self.id})
        if self.proposal.base != self.version:
            raise StaleProposal(params={"base": self.proposal.base, "version": self.version})
        return self._published(self.proposal.content, act, self.proposal.marks, proposal=None)

    def written(
        self, content: Content, act: Act, *, verified_on: str | None = None, marks: TranslationStates | None = None
    ) -> Changed:
        """Other content at once, by somebody who may publish; what waits for review goes on waiting."""
        verified = {} if verified_on is None else self._verification(verified_on)
        return self._published(content, act, marks or {}, **verified)

    def withdrawn(self, act: Act) -> Changed:
        """Readers no longer see it; what waited is dropped. Raises NotInThisState."""
        if self.state == WITHDRAWN:
            raise NotInThisState(params={"state": self.state})
        return self._next("withdrawn", state=WITHDRAWN, version=self.version + 1, proposal=None, by=act.by, at=act.at)

    def verified(self, on: str, act: Act) -> Changed:
        """Somebody has looked, and it is still true. What waits for review was made on the same content, and stays
        good. Raises NotInThisState."""
        if not self.is_public:
            raise NotInThisState(params={"state": self.state})
        version = self.version + 1
        waiting = self.proposal
        if waiting is not None and waiting.base == self.version:
            waiting = replace(waiting, base=version)
        new = {"version": version, "proposal": waiting, "by": act.by, "at": act.at} | self._verification(on)
        return self._next("verified", {"verified_on": on, "expires_on": new["expires_on"]}, **new)

    def ran_out(self) -> Changed:
        """Its lifetime is over and that is told, once."""
        return self._next("expired", {"verified_on": self.verified_on, "expires_on": self.expires_on}, expired=True)

    def _published(self, content: Content, act: Act, marks: TranslationStates, **more: Any) -> Changed:
        verb = "updated" if self.state == PUBLISHED else "published"
        after = states_after(self.kind, self.content, content, self.translations)
        states = marked(after, marks, texts(self.kind, content))
        return self._next(
            verb,
            content=content,
            state=PUBLISHED,
            version=self.version + 1,
            translations=states,
            by=act.by,
            at=act.at,
            **more,
        )

    def _verification(self, on: str) -> dict[str, Any]:
        return {"verified_on": on, "expires_on": expires_on(self.kind, on), "expired": False}

    def _waiting(self, state: str) -> Proposal:
        if self.proposal is None or self.proposal.state != state:
            raise NothingProposed(params={"record_id": self.id})
        return self.proposal

    def _next(self, verb: str, told: Mapping[str, Any] | None = None, **changes: Any) -> Changed:
        new = replace(self, revision=self.revision + 1, **changes)
        return new, [new.fact(verb, told or {})]

    def fact(self, verb: str, told: Mapping[str, Any]) -> Fact:
        """What is told of a change: the public content's outline, never a proposal's words."""
        data: dict[str, Any] = {f"{self.kind}_id": self.id, "version": self.version, "state": self.state, **told}
        if verb in OUTLINED:
            data |= _outline(self.kind, self.content or {})
        return Fact(f"{self.kind}.{verb}", self.id, self.municipality or COMMON, self.revision, data)


VERBS: Final = ("published", "updated", "withdrawn", "proposed", "declined", "verified", "expired")
"""What can happen to a record of each kind."""
OUTLINED: Final = frozenset({"published", "updated", "withdrawn"})


def _outline(kind: str, content: Content) -> dict[str, Any]:
    told: dict[str, Any] = {"name": dict(heading(kind, content))}
    if kind == "service":
        place = content.get("location")
        told |= {"taxonomy": list(content.get("taxonomy", ())), "location": dict(place) if place else None}
    return told


def opened(
    kind: str,
    record_id: str,
    municipality: str | None,
    *,
    owner: str | None = None,
    source: Mapping[str, str] | None = None,
    demonstration: bool = False,
) -> Record:
    """A record that says nothing yet; its first change stores it."""
    return Record(record_id, kind, municipality, owner, source=source or {}, demonstration=demonstration)
