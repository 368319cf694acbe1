"""The kit's foundation without servers: secrets, settings, logs, errors, events, outbox, access, circuit."""

from __future__ import annotations

import base64
import copy
import io
import json
import logging
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imigr_kit import logs
from imigr_kit.access import NotAllowed, allows, require
from imigr_kit.circuit import FAILURES, OPEN_SECONDS, Circuit
from imigr_kit.clock import Clock, SystemClock
from imigr_kit.context import CallContext, current, use
from imigr_kit.errors import FAMILIES, FieldError, ImigrError, Invalid, from_wire, to_wire
from imigr_kit.events import CloudEvent, Stamp, UnreadableEvent
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId, is_id, new_id
from imigr_kit.keyed import ALPHABET, body_hash, keyed_hash, normalise_reference, short_reference
from imigr_kit.outbox import new_document_fields, with_events
from imigr_kit.secret import Secret
from imigr_kit.settings import KitSettings, SettingsError, as_key, describe, load, setting
from imigr_kit.testing import FrozenClock, SequentialIds
from imigr_kit.topology import delay_ms

PHONE = "+21620123456"
SERVERS = {"IMIGR_AMQP_URI": "amqp://u:p@h/v", "IMIGR_MONGO_URI": "mongodb://h"}


@pytest.mark.parametrize(
    "leak",
    [str, repr, "{}".format, lambda s: f"{s:>5}", lambda s: f"{[s]} {{'a': s}}", lambda s: str({"a": s})],
)  # fmt: skip
def test_a_secret_shows_nothing(leak: Callable[[Any], str]) -> None:
    """However it is turned into text."""
    assert PHONE not in leak(Secret(PHONE))


@pytest.mark.parametrize(
    "copied", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, lambda s: bson.encode({"a": s}), list]
)
def test_a_secret_does_not_leave(copied: Callable[[Any], Any]) -> None:
    """No pickle, no copy, no JSON, no BSON, no iteration."""
    with pytest.raises((TypeError, bson.errors.InvalidDocument)):
        copied(Secret(PHONE))


def test_secrets_compare_but_do_not_hash() -> None:
    """A hash of a phone number could be reversed in a minute."""
    assert Secret(PHONE) == Secret(PHONE)
    assert Secret(PHONE) != Secret("other")
    with pytest.raises(TypeError):
        hash(Secret(PHONE))


def test_logs_are_json_and_blank_what_looks_personal(capsys: pytest.CaptureFixture[str]) -> None:
    """Secrets, phones, emails and passwords in addresses; ids and times stay."""
    stream = io.StringIO()
    logs.configure("test", "INFO")
    logging.getLogger().handlers[0].setStream(stream)  # type: ignore[attr-defined]  # the handler made by configure
    with use(CallContext("corr-12345")):
        logs.get_logger("t").info(
            "message.sent", phone=PHONE, local="20 123 456", email="a.b@c.example", key=Secret("k"),
            uri="amqp://user:pass@host/v", id="019348a0-0000-7000-8000-00000000a002", at="2026-11-23T08:00:00Z",
        )  # fmt: skip
        logging.getLogger("other").warning("called %s", PHONE)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["correlation_id"], first["service"]) == ("message.sent", "corr-12345", "test")
    assert first["id"] == "019348a0-0000-7000-8000-00000000a002"
    for forbidden in (PHONE, "20 123 456", "a.b@c.example", "user:pass"):
        assert forbidden not in stream.getvalue()
    assert "[redacted]" in second["event"]


@dataclass(frozen=True, kw_only=True)
class Own(KitSettings):
    """Settings of a service."""

    service: ClassVar[str] = "own"
    key: Secret[bytes] = setting("IMIGR_OWN_KEY", as_key, comment="A key")


def test_settings_name_everything_that_is_wrong_without_saying_secrets() -> None:
    """One sentence for each problem."""
    with pytest.raises(SettingsError) as caught:
        load(Own, {"IMIGR_AMQP_URI": "amqp://", "IMIGR_OWN_KEY": "c2hvcnQ=", "IMIGR_WORKERS": "many"})
    text = str(caught.value)
    assert "IMIGR_MONGO_URI is missing" in text
    assert "IMIGR_OWN_KEY is wrong: must be 32 bytes in base64" in text
    assert "IMIGR_WORKERS is wrong" in text
    assert "c2hvcnQ=" not in text
    assert "many" not in text


def test_settings_are_read_from_files_too(tmp_path: Path) -> None:
    """NAME_FILE for every variable; defaults follow from the service's name."""
    file = tmp_path / "key"
    file.write_text(base64.b64encode(b"x" * 32).decode() + "\n")
    settings = load(Own, SERVERS | {"IMIGR_OWN_KEY_FILE": str(file)})
    assert settings.key.reveal() == b"x" * 32
    assert (settings.rpc_name, settings.mongo_database) == ("own", "imigr_own")
    assert "IMIGR_OWN_KEY" in [one.name for one in describe(Own)]


def test_an_empty_variable_stands_back_behind_its_file(tmp_path: Path) -> None:
    """Compose hands on what nobody set as an empty text; a value that is set counts before the file."""
    file = tmp_path / "key"
    file.write_text(base64.b64encode(b"f" * 32).decode())
    both = SERVERS | {"IMIGR_OWN_KEY_FILE": str(file)}
    given = base64.b64encode(b"g" * 32).decode()
    assert load(Own, both | {"IMIGR_OWN_KEY": ""}).key.reveal() == b"f" * 32
    assert load(Own, both | {"IMIGR_OWN_KEY": given}).key.reveal() == b"g" * 32


@given(st.sampled_from(sorted(FAMILIES)), st.text(max_size=20), st.integers(0, 99))
def test_errors_cross_the_wire_whole(family: str, path: str, retry: int) -> None:
    """Family, code, fields, parameters and delay."""
    error = FAMILIES[family](code="x.y", fields=[FieldError(path, "c")], params={"a": 1}, retry_after=retry)
    again = from_wire(json.loads(json.dumps(to_wire(error))))
    assert type(again) is FAMILIES[family]
    assert to_wire(again) == to_wire(error)


def test_a_family_nobody_knows_is_a_plain_error() -> None:
    """A newer service may have one."""
    assert type(from_wire({"code": "a.b", "family": "novel"})) is ImigrError
    assert isinstance(from_wire({"code": "a.b", "family": "invalid"}), Invalid)


def stamped(sequence: int = 1) -> dict[str, Any]:
    """One stamped event."""
    stamp = Stamp("guichet", "test", FrozenClock(), SequentialIds())
    return stamp([Fact("appointment.booked", "a-1", "la-marsa", sequence, {"x": "é"})])[0]


def test_a_stamped_event_is_a_cloud_event_with_its_context() -> None:
    """Type, routing key, schema, and what the running call brought along."""
    with use(CallContext("corr-1", causation_id="cause-1")):
        event = CloudEvent.from_dict(stamped())
    assert event.routing_key == "la-marsa.guichet.appointment.booked.v1"
    assert event.kind == "guichet.appointment.booked"
    assert (event.correlationid, event.causationid) == ("corr-1", "cause-1")
    assert CloudEvent.from_dict(json.loads(json.dumps(event.to_dict()))) == event
    assert current().correlation_id == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"specversion": "0.3"}, "specversion"), ({"id": ""}, "missing_id"), ({"type": "x"}, "type"),
        ({"data": []}, "data"), ({"sequence": 0}, "sequence"), ({"sequence": True}, "sequence"),
        ({"time": "yesterday"}, "time"), ({"time": "2026-11-23T08:00:00"}, "time"),
        ({"municipality": "La Marsa"}, "municipality"),
    ],
)  # fmt: skip
def test_a_broken_envelope_is_refused_with_its_reason(change: dict[str, Any], reason: str) -> None:
    """One stable code for the first thing that is wrong."""
    with pytest.raises(UnreadableEvent) as caught:
        CloudEvent.from_dict(stamped() | change)
    assert str(caught.value) == reason


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_makes_the_reader_fail_otherwise(content: Any) -> None:
    """Anything is either an event or unreadable."""
    with pytest.raises(UnreadableEvent):
        CloudEvent.from_dict(content)


def test_events_join_an_update_and_a_new_document() -> None:
    """In the same write as the state; no events, no change."""
    update = with_events({"$set": {"a": 1}, "$push": {"b": 2}}, [stamped()])
    assert update["$set"] == {"a": 1, "unsent": True}
    assert set(update["$push"]) == {"b", "outbox"}
    assert with_events({"$set": {"a": 1}}, []) == {"$set": {"a": 1}}
    assert new_document_fields([]) == {"outbox": []}


def test_roles_hold_in_their_town_and_admins_everywhere_they_are() -> None:
    """The one check of role and municipality."""
    actor = {"roles": [{"municipality": "raoued", "role": "editor"}, {"municipality": "la-marsa", "role": "admin"}]}
    assert allows(actor, ("editor",), "raoued")
    assert allows(actor, ("manager",), "la-marsa")
    assert not allows(actor, ("manager",), "raoued")
    assert allows({"roles": [{"municipality": "*", "role": "admin"}]}, ("manager",), "anywhere")
    with pytest.raises(NotAllowed):
        require({}, ("manager",), "raoued")


def test_a_circuit_opens_after_failures_and_lets_one_probe_through() -> None:
    """While open, one caller per second; a success closes it."""
    now = [0.0]
    circuit = Circuit(monotonic=lambda: now[0])
    for _ in range(FAILURES):
        assert circuit.allows()
        circuit.failed()
    assert not circuit.allows()
    now[0] += OPEN_SECONDS
    assert [circuit.allows(), circuit.allows()] == [True, False]
    circuit.succeeded()
    assert circuit.allows()


class ClockContract:
    """What every clock promises."""

    clock: Clock

    def test_it_tells_an_aware_instant_in_utc(self) -> None:
        assert self.clock.now().tzinfo is UTC

    def test_it_does_not_go_back(self) -> None:
        assert self.clock.now() <= self.clock.now()


class TestSystemClock(ClockContract):
    """The real one."""

    clock = SystemClock()


class TestFrozenClock(ClockContract):
    """The fake passes the same suite."""

    clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))


class IdContract:
    """What every source of ids promises."""

    make: ClassVar[Any]

    def test_ids_are_uuids_and_never_repeat(self) -> None:
        source: NewId = type(self).make
        made = [source() for _ in range(200)]
        assert len(set(made)) == 200
        assert all(is_id(one) and "." not in one for one in made)
        assert made == sorted(made)


class TestNewId(IdContract):
    """The real one."""

    make = staticmethod(new_id)


class TestSequentialIds(IdContract):
    """The fake passes the same suite."""

    make = SequentialIds()


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=40))
def test_references_can_be_read_aloud(key: bytes, record: str) -> None:
    """Eight letters without look-alikes, the same for the same record, found however they are typed."""
    reference = short_reference(Secret(key), record)
    assert set(reference.replace("-", "")) <= set(ALPHABET)
    assert not set("01OILU") & set(ALPHABET)
    assert normalise_reference(reference.lower().replace("-", " ")) == reference
    assert keyed_hash(Secret(key), "a", record) != keyed_hash(Secret(key), "b", record)


def test_the_body_hash_ignores_the_key_and_the_order() -> None:
    """And nothing else."""
    assert body_hash({"a": 1, "b": 2, "idempotency_key": "x"}) == body_hash({"b": 2, "a": 1, "idempotency_key": "y"})
    assert body_hash({"a": 1}) != body_hash({"a": 2})


@pytest.mark.parametrize(("text", "milliseconds"), [("100ms", 100), ("1s", 1_000), ("10m", 600_000), ("1h", 3_600_000)])
def test_delays_are_written_with_a_unit(text: str, milliseconds: int) -> None:
    """Anything else is refused."""
    assert delay_ms(text) == milliseconds
    with pytest.raises(ValueError, match="delay"):
        delay_ms("soon")
