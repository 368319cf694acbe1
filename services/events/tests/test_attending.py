"""Tickets, doors, certificates and evaluation of the running service, over the real broker."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imigr_events.domain.certificates import PURPOSE, canonical
from imigr_events.signing import verify
from imigr_kit.errors import Conflict, Forbidden, Invalid
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import wait_until

from .conftest import manage_hash

MANAGER = {"id": "m", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
STRANGER = {"id": "x", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
HERE = {"actor": MANAGER, "municipality": "la-marsa"}
LINK = {"municipality": "la-marsa", "manage_hash": manage_hash("a")}
QUESTION = {"code": "useful", "text": {"fr": "Utile ?"}, "options": {"yes": {"fr": "Oui"}, "no": {"fr": "Non"}}}
Call = Callable[..., Any]


@pytest.fixture
def call(service_process: Callable[..., Any], events_env: dict[str, str], rpc_client: RpcClient) -> Call:
    """Call a method of the running service."""
    service_process("imigr_events", env=events_env)
    return lambda method, payload=None, /, **more: rpc_client.call("events", method, (payload or {}) | more)


def test_from_the_ticket_to_the_certificate(call: Call) -> None:
    """Registered, let in once, evaluated, certified with a signature that the public key verifies."""
    start = datetime.now(UTC) + timedelta(seconds=4)
    event = {
        "municipality": "la-marsa", "title": {"fr": "Séminaire"}, "place": {"fr": "Mairie"}, "capacity": 5,
        "starts_at": start.isoformat(), "ends_at": (start + timedelta(seconds=2)).isoformat(),
    }  # fmt: skip
    made = call("create_event", actor=MANAGER, event=event, idempotency_key="create")
    call("publish_event", actor=MANAGER, event_id=made["id"], version=made["version"], idempotency_key="publish")
    call("register", LINK, event_id=made["id"], idempotency_key="register")
    rule = HERE | {"event_id": made["id"], "minimum_percent": 100, "idempotency_key": "rule"}
    assert call("set_certificate_rule", rule)["gives_certificates"]
    pathway = {"title": {"fr": "Parcours"}, "event_ids": [made["id"]], "places": 5, "questions": [QUESTION]}
    planned = call("create_pathway", HERE, pathway=pathway, idempotency_key="pathway")

    scan = {"id": "scan-0001", "ticket": call("get_ticket", LINK)["ticket"], "door": "north", "scanner": "phone-1"}
    scans = HERE | {"event_id": made["id"], "scans": [scan, scan | {"id": "scan-0002"}]}
    assert [one["outcome"] for one in call("record_scans", scans)["items"]] == ["accepted", "duplicate"]
    assert call("get_attendance", HERE, event_id=made["id"])["sessions"][0]["entered_people"] == 1
    assert call("cancelled_tickets", event_id=made["id"])["cancelled"] == []

    commitment = "ab" * 32
    wait_until(lambda: datetime.now(UTC) > start + timedelta(seconds=2.5), 10, "the event is over")
    assert call("answer_evaluation", LINK, answers={"useful": ["yes"]}) == {"counted": True, "is_first": True}
    assert call("evaluation_results", HERE, pathway_id=planned["id"])["sheets"] is None
    signed = call("sign_certificate", LINK, commitment=commitment, language="fr")
    keys = {name: base64.b64decode(key) for name, key in call("public_keys")["keys"].items()}
    signature = base64.b64decode(signed["signature"])
    assert verify(keys, signed["key_id"], PURPOSE, canonical(signed["statement"]), signature)
    assert json.loads(canonical(signed["statement"]))["holder"] == commitment
    assert call("get_certificate_rule", HERE, event_id=made["id"])["issued"] == 1


def test_bad_calls_are_refused_by_code(call: Call) -> None:
    """Strangers, nonsense, a link that is none."""
    with pytest.raises(Forbidden):
        call("list_pathways", actor=STRANGER, municipality="la-marsa")
    with pytest.raises(Invalid) as refused:
        call("record_scans", HERE, event_id="e", scans=[{"id": "x"}])
    assert {one.path for one in refused.value.fields} >= {"scans.0.id", "scans.0.door", "scans.0.scanner"}
    with pytest.raises(Invalid):
        call("sign_certificate", LINK, commitment="Fatou Koné", language="fr")
    with pytest.raises(Invalid):
        call("search_agenda", per_page=5000)
    event = {
        "municipality": "la-marsa", "title": {"fr": "Jour"}, "place": {"fr": "Mairie"}, "capacity": 1,
        "starts_at": "2030-01-01T09:00:00Z", "ends_at": "2030-01-01T12:00:00Z",
    }  # fmt: skip
    made = call("create_event", actor=MANAGER, event=event, idempotency_key="create")
    call("publish_event", actor=MANAGER, event_id=made["id"], version=made["version"], idempotency_key="publish")
    call("register", LINK, event_id=made["id"], idempotency_key="a")
    waiting = {"municipality": "la-marsa", "manage_hash": manage_hash("b")}
    call("register", waiting, event_id=made["id"], idempotency_key="b")
    with pytest.raises(Conflict):
        call("get_ticket", waiting)
    assert call("search_agenda", municipality="la-marsa", q="jour")["total"] == 1
