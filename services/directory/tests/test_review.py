"""Proposals and review: who may do what, one winner, repeated commands, and every order of steps by several people."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from imigr_directory.domain import Municipality, Record, Term, complete
from imigr_directory.domain.records import DRAFT, IN_REVIEW, PUBLISHED, WITHDRAWN
from imigr_directory.errors import ChangedMeanwhile, KeyReused, UnknownMunicipality, UnknownReference, UnknownTaxonomy
from imigr_directory.handlers import Command, Desk, translations
from imigr_directory.handlers import records as handlers
from imigr_directory.handlers.records import New, Target
from imigr_directory.handlers.translations import Words
from imigr_directory.schemas.content import fits
from imigr_directory.storage import COLLECTIONS, INDEXES, MANDATES, VERSIONS, MongoDirectory, MongoMandates
from imigr_kit.access import NotAllowed
from imigr_kit.errors import Conflict
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

TOWN = Municipality("raoued", {"fr": "Raoued"}, {}, {"lat": 36.9, "lon": 10.2}, 7.0, "Africa/Tunis", ("fr", "ar"))
OTHER = Municipality("la-marsa", {"fr": "La Marsa"}, {}, {"lat": 36.8, "lon": 10.3}, 4.0, "Africa/Tunis", ("fr", "ar"))


def actor(role: str, municipality: str = "raoued", name: str = "") -> dict[str, Any]:
    """Somebody with one role."""
    return {"id": name or role, "roles": [{"role": role, "municipality": municipality}]}


MANAGER, EDITOR, PARTNER = actor("manager"), actor("editor"), actor("partner_editor")


@pytest.fixture
def desk(mongo_db: Any, clock: FrozenClock) -> Desk:
    """The use cases on a fresh database with two towns and a theme."""
    return desk_on(mongo_db, clock)


def desk_on(db: Any, clock: FrozenClock) -> Desk:
    """The use cases on a database."""
    ensure_indexes(db, INDEXES)
    directory = MongoDirectory(db, Stamp("directory", "test", clock, new_id))
    directory.seed([TOWN, OTHER], [Term("legal", None, {"fr": "Droit"})], [])
    return Desk(directory, directory.records, MongoMandates(db), clock, lambda: None, fits)


_keys = count()


def key() -> Command:
    """A command that was never seen."""
    return Command(f"key-{next(_keys)}", "h")


def organization(desk: Desk, name: str = "org", by: dict[str, Any] = MANAGER) -> Record:
    """A published organization of Raoued."""
    content = complete("organization", {"name": {"fr": "Association"}})
    return handlers.publish_new(desk, by, New("organization", name, "raoued", None), content, key())


def service(text: str = "Permanence", **more: Any) -> dict[str, Any]:
    """Content of a service."""
    return complete("service", {"name": {"fr": text}, "taxonomy": ["legal"], **more})


def published(desk: Desk, owner: str | None = None, identity: str = "s1") -> Record:
    """A published service of Raoued."""
    return handlers.publish_new(desk, MANAGER, New("service", identity, "raoued", owner), service(), key())


def at(record: Record) -> Target:
    """The record as it was read."""
    return Target(record.kind, record.id, record.revision)


def shown(record: Record) -> str:
    """What readers see."""
    text: str = (record.content or {})["name"]["fr"]
    return text


def test_an_editor_proposes_and_a_manager_publishes(desk: Desk) -> None:
    """Until then readers see what they saw."""
    record = published(desk)
    waiting = handlers.propose(desk, EDITOR, at(record), service("Nouveau"), IN_REVIEW, key())
    assert (shown(waiting), waiting.version) == ("Permanence", 1)
    with pytest.raises(NotAllowed):
        handlers.publish(desk, EDITOR, at(waiting), key())
    done = handlers.publish(desk, MANAGER, at(waiting), key())
    assert (shown(done), done.version, done.proposal, done.by) == ("Nouveau", 2, None, "manager")


def test_a_declined_proposal_goes_back_with_a_reason_and_nothing_is_lost(desk: Desk) -> None:
    """The author finds the text, corrects it and submits it again."""
    record = handlers.open_record(desk, EDITOR, New("service", "s1", "raoued", None), service(), IN_REVIEW, key())
    back = handlers.decline(desk, MANAGER, at(record), "unclear", key())
    assert back.proposal is not None
    assert (back.state, back.proposal.state, back.proposal.reason) == (DRAFT, DRAFT, "unclear")
    again = handlers.submit(desk, EDITOR, at(back), key())
    assert again.state == IN_REVIEW
    assert handlers.publish(desk, MANAGER, at(again), key()).state == PUBLISHED


def test_a_partner_changes_the_entries_in_their_hands_only(desk: Desk) -> None:
    """Neither others' entries, nor any of a town where they have no role, nor what readers see."""
    own, foreign = organization(desk, "own"), organization(desk, "foreign")
    mine, theirs = published(desk, own.id), published(desk, foreign.id, "s2")
    with pytest.raises(NotAllowed):
        handlers.propose(desk, PARTNER, at(mine), service("Moi"), IN_REVIEW, key())
    handlers.entrust(desk, MANAGER, own.id, "partner_editor")
    waiting = handlers.propose(desk, PARTNER, at(mine), service("Moi"), IN_REVIEW, key())
    new = New("service", "s3", "raoued", own.id)
    assert handlers.open_record(desk, PARTNER, new, service(), IN_REVIEW, key()).owner == own.id
    refused: list[Callable[[], Any]] = [
        lambda: handlers.propose(desk, PARTNER, at(theirs), service("Moi"), IN_REVIEW, key()),
        lambda: handlers.get_record(desk, PARTNER, "service", theirs.id),
        lambda: handlers.publish(desk, PARTNER, at(waiting), key()),
        lambda: handlers.withdraw(desk, PARTNER, at(waiting), key()),
        lambda: handlers.publish_new(desk, PARTNER, new, service(), key()),
        lambda: handlers.open_record(
            desk, PARTNER, New("service", "s4", "raoued", foreign.id), service(), IN_REVIEW, key()
        ),
        lambda: handlers.open_record(desk, PARTNER, New("service", "s4", "raoued", None), service(), IN_REVIEW, key()),
        lambda: handlers.entrust(desk, PARTNER, foreign.id, "partner_editor"),
    ]
    for step in refused:
        with pytest.raises(NotAllowed):
            step()
    seen, total = handlers.list_records(desk, PARTNER, "service", "raoued", None, (1, 20))
    assert ({one.id for one in seen}, total) == ({mine.id, "s3"}, 2)
    handlers.release(desk, MANAGER, own.id, "partner_editor")
    with pytest.raises(NotAllowed):
        handlers.propose(desk, PARTNER, at(waiting), service("Moi"), IN_REVIEW, key())


def test_a_role_counts_in_its_own_town_only(desk: Desk) -> None:
    """And what is common to all is in the hands of those with a role everywhere."""
    record = published(desk)
    neighbour = actor("manager", "la-marsa")
    refused: list[Callable[[], Any]] = [
        lambda: handlers.withdraw(desk, neighbour, at(record), key()),
        lambda: handlers.get_record(desk, neighbour, "service", record.id),
        lambda: handlers.list_records(desk, neighbour, "service", "raoued", None, (1, 20)),
        lambda: handlers.publish_new(
            desk, MANAGER, New("article", "a1", None, None), complete("article", {"title": {"fr": "x"}}), key()
        ),
    ]
    for step in refused:
        with pytest.raises(NotAllowed):
            step()
    everywhere = actor("manager", "*")
    common = New("article", "a1", None, None)
    assert handlers.publish_new(desk, everywhere, common, complete("article", {"title": {"fr": "x"}}), key()).is_public


def test_a_step_on_another_revision_changes_nothing(desk: Desk) -> None:
    """ChangedMeanwhile names the one that stands."""
    record = published(desk)
    newer = handlers.write(desk, MANAGER, at(record), service("Autre"), key())
    with pytest.raises(ChangedMeanwhile) as caught:
        handlers.write(desk, MANAGER, at(record), service("Perdu"), key())
    assert caught.value.params == {"revision": newer.revision}
    assert handlers.get_record(desk, MANAGER, "service", record.id) == newer


def test_of_many_managers_at_once_one_publishes(desk: Desk) -> None:
    """The others are told, each with the same command gets the same answer again."""
    record = published(desk)
    commands = [key() for _ in range(12)]

    def attempt(number: int) -> Record | None:
        try:
            return handlers.write(desk, MANAGER, at(record), service(f"Texte {number}"), commands[number])
        except ChangedMeanwhile:
            return None

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(attempt, range(12)))
    [winner] = [number for number, one in enumerate(made) if one is not None]
    assert handlers.write(desk, MANAGER, at(record), service(f"Texte {winner}"), commands[winner]) == made[winner]


def test_a_repeated_command_gives_the_same_answer_and_another_body_is_refused(desk: Desk) -> None:
    """For a new record as for a step."""
    first, second = key(), key()
    new = New("service", "s1", "raoued", None)
    made = handlers.open_record(desk, EDITOR, new, service(), IN_REVIEW, first)
    assert handlers.open_record(desk, EDITOR, new, service(), IN_REVIEW, first) == made
    done = handlers.publish(desk, MANAGER, at(made), second)
    assert handlers.publish(desk, MANAGER, at(made), second) == done
    with pytest.raises(KeyReused):
        handlers.open_record(desk, EDITOR, new, service("x"), IN_REVIEW, Command(first.key, "other"))
    with pytest.raises(KeyReused):
        handlers.withdraw(desk, MANAGER, at(done), Command(second.key, "other"))


def test_an_earlier_version_can_be_restored(desk: Desk) -> None:
    """As a new version; also after it was withdrawn."""
    record = published(desk)
    record = handlers.write(desk, MANAGER, at(record), service("Deux"), key())
    record = handlers.withdraw(desk, MANAGER, at(record), key())
    back = handlers.restore(desk, MANAGER, at(record), 1, key())
    assert (shown(back), back.version, back.state) == ("Permanence", 4, PUBLISHED)
    kept = handlers.list_versions(desk, MANAGER, "service", record.id)
    assert [one["version"] for one in kept] == [4, 3, 2, 1]
    assert {one["by"] for one in kept} == {"manager"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"taxonomy": ["legal", "nothing"]}, UnknownTaxonomy),
        ({"organization_id": "nobody"}, UnknownReference),
        ({"at": [{"id": "a", "location_id": "nowhere"}]}, UnknownReference),
    ],
    ids=["theme", "organization", "location"],
)
def test_what_a_record_names_must_exist(desk: Desk, content: dict[str, Any], error: type[Exception]) -> None:
    """And nothing is stored when it does not."""
    with pytest.raises(error):
        handlers.publish_new(desk, MANAGER, New("service", "s1", "raoued", None), service(**content), key())
    assert desk.records.get("service", "s1") is None
    new = New("service", "s1", "tunis", None)
    with pytest.raises(UnknownMunicipality):
        handlers.publish_new(desk, actor("manager", "*"), new, service(), key())


@dataclass
class Model:
    """What must be so: what readers see, what waits, and all that they have ever seen."""

    shown: str | None = None
    waiting: str | None = None
    base: int = 0
    version: int = 0
    state: str = DRAFT
    past: tuple[str | None, ...] = ()


class Reviewing(RuleBasedStateMachine):
    """Two people take turns, each perhaps on what they read long ago."""

    desk: Desk
    texts = count()

    @initialize()
    def begin(self) -> None:
        """A draft."""
        self.name, self.model, self.read = f"m{next(_keys)}", Model(waiting="0"), {}
        new = New("service", self.name, "raoued", None)
        record = handlers.open_record(self.desk, EDITOR, new, service("0"), IN_REVIEW, key())
        self.read = {"a": record, "b": record}
        self.now = record
        self.model.state = IN_REVIEW

    def step(self, who: str, change: Callable[[Target, Command], Record], then: Callable[[Model], None]) -> None:
        """One step; a refusal must be right, and must change nothing."""
        mine = self.read[who]
        command = key()
        try:
            self.now = change(at(mine), command)
        except ChangedMeanwhile:
            assert mine.revision != self.now.revision
        except Conflict:
            pass
        else:
            assert mine.revision + 1 == self.now.revision
            then(self.model)
            assert change(at(mine), command) == self.now
        self.read[who] = handlers.get_record(self.desk, MANAGER, "service", self.name)

    def _publish(self, model: Model, text: str | None) -> None:
        model.shown, model.version, model.state = text, model.version + 1, PUBLISHED
        model.past = (*model.past, text)

    @rule(who=st.sampled_from("ab"), state=st.sampled_from([DRAFT, IN_REVIEW]))
    def propose(self, who: str, state: str) -> None:
        """Another text."""
        text = str(next(self.texts))

        def then(model: Model) -> None:
            model.waiting, model.base = text, model.version
            model.state = model.state if model.version else state

        content = service(text)
        self.step(who, lambda t, c: handlers.propose(self.desk, EDITOR, t, content, state, c), then)

    @rule(who=st.sampled_from("ab"))
    def publish(self, who: str) -> None:
        """What waits, unless another version was published meanwhile."""

        def then(model: Model) -> None:
            assert (model.waiting is not None, model.base) == (True, model.version)
            self._publish(model, model.waiting)
            model.waiting = None

        self.step(who, lambda t, c: handlers.publish(self.desk, MANAGER, t, c), then)

    @rule(who=st.sampled_from("ab"))
    def write(self, who: str) -> None:
        """At once."""
        text = str(next(self.texts))
        content = service(text)
        self.step(who, lambda t, c: handlers.write(self.desk, MANAGER, t, content, c), lambda m: self._publish(m, text))

    @rule(who=st.sampled_from("ab"))
    def withdraw(self, who: str) -> None:
        """Out."""

        def then(model: Model) -> None:
            assert model.state != WITHDRAWN
            model.waiting, model.version, model.state = None, model.version + 1, WITHDRAWN
            model.past = (*model.past, model.shown)

        self.step(who, lambda t, c: handlers.withdraw(self.desk, MANAGER, t, c), then)

    @precondition(lambda self: bool(self.model.past) and self.model.past[0] is not None)
    @rule(who=st.sampled_from("ab"))
    def restore(self, who: str) -> None:
        """The first text that readers saw."""
        first = self.model.past[0]
        self.step(
            who,
            lambda t, c: handlers.restore(self.desk, MANAGER, t, 1, c),
            lambda model: self._publish(model, first),
        )

    @rule(who=st.sampled_from("ab"))
    def verify(self, who: str) -> None:
        """Still true: a version of its own, and what waits on the one before stays good."""

        def then(model: Model) -> None:
            assert model.state == PUBLISHED
            if model.waiting is not None and model.base == model.version:
                model.base += 1
            self._publish(model, model.shown)

        self.step(who, lambda t, c: handlers.verify(self.desk, EDITOR, t, None, c), then)

    @rule(who=st.sampled_from("ab"))
    def translate(self, who: str) -> None:
        """Words in another language, at once: the source stays."""
        words = Words("ar", {"name": f"نص {next(self.texts)}"}, PUBLISHED)

        def then(model: Model) -> None:
            assert model.state == PUBLISHED
            self._publish(model, model.shown)

        self.step(who, lambda t, c: translations.translate(self.desk, MANAGER, t, words, c), then)

    @rule(who=st.sampled_from("ab"))
    def decline_or_submit(self, who: str) -> None:
        """Back to its author, or for review again; nothing of it is lost."""

        def change(target: Target, command: Command) -> Record:
            waiting = self.now.proposal
            if waiting is not None and waiting.state == DRAFT:
                return handlers.submit(self.desk, EDITOR, target, command)
            return handlers.decline(self.desk, MANAGER, target, "unclear", command)

        mine, before = self.read[who], self.now
        command = key()
        try:
            self.now = change(at(mine), command)
        except Conflict:
            assert before.proposal is None
        except ChangedMeanwhile:
            assert mine.revision != before.revision
        else:
            if self.model.version == 0 and self.now.proposal is not None:
                self.model.state = self.now.proposal.state
        self.read[who] = handlers.get_record(self.desk, MANAGER, "service", self.name)

    @rule(who=st.sampled_from("ab"))
    def look_again(self, who: str) -> None:
        """Somebody reads what stands."""
        self.read[who] = handlers.get_record(self.desk, MANAGER, "service", self.name)

    @invariant()
    def stored_is_as_told(self) -> None:
        """What is stored is what was answered last, and every version is there."""
        record, model = handlers.get_record(self.desk, MANAGER, "service", self.name), self.model
        assert record == self.now
        waiting = None if record.proposal is None else record.proposal.content["name"]["fr"]
        seen = None if record.content is None else shown(record)
        assert (record.state, record.version, seen, waiting) == (
            model.state,
            model.version,
            model.shown,
            model.waiting,
        )
        kept = handlers.list_versions(self.desk, MANAGER, "service", self.name)
        texts = tuple(None if one["content"] is None else one["content"]["name"]["fr"] for one in reversed(kept))
        assert texts == model.past


def test_every_order_of_steps_keeps_what_was_answered(mongo_db: Any, clock: FrozenClock) -> None:
    """Model and database agree after each step, whoever makes it on whatever they have read."""

    class OnDatabase(Reviewing):
        desk = desk_on(mongo_db, clock)

    run_state_machine_as_test(
        OnDatabase,
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    events = [event for row in mongo_db[COLLECTIONS["service"]].find() for event in _sequences(row)]
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in events)
    assert mongo_db[VERSIONS].count_documents({}) > 0
    assert mongo_db[MANDATES].count_documents({}) == 0


def _sequences(row: dict[str, Any]) -> list[list[int]]:
    return [[event["sequence"] for event in row["outbox"]]]
