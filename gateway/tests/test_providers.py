"""The door for providers of SMS: the token opens it, and what a phone wrote leaves it sealed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

PHONE = "+21620123456"


@pytest.fixture
def token(app: Any) -> str:
    """What the provider was given."""
    made: str = app.extensions["imigr"].people.provider_token("kannel")
    return made


def published(backend: Any) -> list[tuple[str, dict[str, Any]]]:
    """What went to private queues."""
    found: list[tuple[str, dict[str, Any]]] = backend.published
    return found


@pytest.mark.parametrize(
    ("method", "query", "kwargs"),
    [
        ("GET", "&from=%2B21620123456&text=STOP&id=7", {}),
        ("POST", "", {"data": {"msisdn": "21620123456", "message": "توقف", "id": "7"}}),
        ("POST", "", {"json": {"sender": PHONE, "text": "1", "id": 7}}),
        ("POST", "", {"data": b"STOP", "headers": {"X-Kannel-From": PHONE}, "content_type": "text/plain"}),
    ],
)
def test_each_way_of_bringing(
    app: Any, client: Any, token: str, method: str, query: str, kwargs: dict[str, Any]
) -> None:
    """Kannel by GET and POST, a form, JSON: an empty answer, and one sealed event that shows nothing."""
    answer = app.test_client().open(f"/api/v1/providers/kannel/sms?token={token}{query}", method=method, **kwargs)
    assert (answer.status_code, answer.data) == (200, b"")
    queue, event = published(client)[-1]
    assert (queue, event["type"]) == ("notifications.inbound_sms", "tn.imigr.gateway.answer.given.v1")
    assert list(event["data"]) == ["sealed"]
    assert len(base64.b64decode(event["data"]["sealed"])) > 64
    assert "20123456" not in json.dumps(event)


@pytest.mark.parametrize("query", ["", "?token=wrong", "?token=%00", "?token="])
def test_without_the_token(app: Any, client: Any, query: str) -> None:
    """As if there were no such provider."""
    answer = app.test_client().post(f"/api/v1/providers/kannel/sms{query}", data={"from": PHONE, "text": "STOP"})
    assert answer.status_code == (422 if "%00" in query else 404)
    assert published(client) == []


@pytest.mark.parametrize(
    "given", [{"text": "STOP"}, {"from": "Commune", "text": "STOP"}, {"from": "9" * 40, "text": "1"}]
)
def test_what_is_no_sms_of_a_phone(app: Any, client: Any, token: str, given: dict[str, str]) -> None:
    """Refused with the field named; nothing is published."""
    answer = app.test_client().post(f"/api/v1/providers/kannel/sms?token={token}", data=given)
    assert (answer.status_code, answer.get_json()["errors"][0]["path"]) == (422, "from")
    assert published(client) == []
