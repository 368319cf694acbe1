"""Records of the directory at the gateway: who may, at which revision, in whose language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from imigr_kit.errors import Stale

from .conftest import FakeClient

Bearer = Callable[..., dict[str, str]]
ONE = "/api/v1/staff/raoued/directory/services/r1"
RECORD = {"id": "r1", "kind": "service", "municipality": "raoued", "version": 2, "revision": 5, "content": {}}
STEPS: dict[str, dict[str, Any]] = {
    "submit": {},
    "decline": {"reason": "unclear"},
    "publish": {},
    "withdraw": {},
    "verify": {"on": "2026-11-01"},
    "versions/1/restore": {},
}
MANAGED = {"decline", "publish", "withdraw", "versions/1/restore"}


def method(step: str) -> str:
    """The RPC method behind a step."""
    return f"{step.rpartition('/')[2]}_record"


@pytest.mark.parametrize("step", STEPS)
def test_a_step_names_the_revision_that_was_read(app: Flask, client: FakeClient, bearer: Bearer, step: str) -> None:
    """From If-Match; without one, or with a weak or foreign one, nothing is asked of the service."""
    client.answers[method(step)] = RECORD
    web, signed = app.test_client(), bearer("manager", "raoued")
    for wrong in ({}, {"If-Match": "*"}, {"If-Match": 'W/"4"'}, {"If-Match": '"abc"'}):
        answer = web.post(f"{ONE}/{step}", json=STEPS[step], headers=signed | wrong)
        assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, "If-Match")
    assert client.calls == []
    answer = web.post(f"{ONE}/{step}", json=STEPS[step], headers=signed | {"If-Match": '"4"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"5"')
    payload = client.calls[-1][2]
    assert (payload["record_id"], payload["revision"], payload["kind"]) == ("r1", 4, "service")


def test_a_conflict_is_412(app: Flask, client: FakeClient, bearer: Bearer) -> None:
    """With the revision that stands (RFC 9110, 15.5.13)."""
    client.answers["publish_record"] = Stale(code="directory.changed_meanwhile", params={"revision": 7})
    headers = bearer("manager", "raoued") | {"If-Match": '"4"'}
    answer = app.test_client().post(f"{ONE}/publish", json={}, headers=headers)
    assert (answer.status_code, answer.json["code"], answer.json["params"]) == (
        412,
        "directory.changed_meanwhile",
        {"revision": 7},
    )


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", ["editor", "partner_editor", "mediator"])
def test_who_may_not_publish_does_not_get_through(
    app: Flask, client: FakeClient, bearer: Bearer, role: str, step: str
) -> None:
    """An editor proposes and verifies, a partner proposes, a mediator reads; nobody acts in another town."""
    client.answers[method(step)] = RECORD
    headers = bearer(role, "raoued") | {"If-Match": '"4"'}
    may = {"editor": {"submit", "verify"}, "partner_editor": {"submit"}, "mediator": set()}[role]
    assert step not in may or step not in MANAGED
    answer = app.test_client().post(f"{ONE}/{step}", json=STEPS[step], headers=headers)
    assert answer.status_code == (200 if step in may else 403)
    other = bearer("manager", "la-marsa") | {"If-Match": '"4"'}
    assert app.test_client().post(f"{ONE}/{step}", json=STEPS[step], headers=other).status_code == 403


def test_a_partner_editor_passes_no_other_door(app: Flask, bearer: Bearer) -> None:
    """The role opens routes of the directory's records only."""
    signed = bearer("partner_editor", "raoued")
    for path in ("/api/v1/staff/raoued/services", "/api/v1/staff/raoued/events"):
        assert app.test_client().post(path, json={}, headers=signed).status_code in (403, 422)


def test_what_is_common_to_all_takes_a_role_everywhere(app: Flask, client: FakeClient, bearer: Bearer) -> None:
    """`all` stands in the place of the town."""
    client.answers["open_record"] = RECORD | {"municipality": "all", "kind": "article"}
    path, body = "/api/v1/staff/all/directory/articles", {"content": {"title": {"fr": "x"}}}
    assert app.test_client().post(path, json=body, headers=bearer("manager", "raoued")).status_code == 403
    assert app.test_client().post(path, json=body, headers=bearer("manager", "*")).status_code == 201


def test_a_kind_that_does_not_exist_is_not_found(app: Flask, bearer: Bearer) -> None:
    """404, not a question to the service."""
    answer = app.test_client().get("/api/v1/staff/raoued/directory/persons", headers=bearer("manager", "raoued"))
    assert answer.status_code == 404


ARTICLE = {
    "id": "a1",
    "municipality": "all",
    "title": {"fr": "La santé", "ar": "الصحة"},
    "sections": [
        {"id": "s", "heading": {"fr": "Urgences"}, "steps": [{"id": "t", "text": {"ar": "اتصل", "fr": "Appelez"}}]}
    ],
    "translations": [{"path": "title", "language": "ar", "state": "machine"}],
}


def test_texts_at_any_depth_come_in_the_readers_language_and_say_which(app: Flask, client: FakeClient) -> None:
    """Falling back along the chain where a translation is missing, and flagged where one is not reviewed."""
    client.answers["get_public_record"] = ARTICLE
    answer = app.test_client().get("/api/v1/articles/a1", headers={"Accept-Language": "ar"}).json
    section = answer["sections"][0]
    assert (answer["title"], answer["text_languages"]["title"]) == ("الصحة", "ar")
    assert (section["heading"], section["text_languages"]) == ("Urgences", {"heading": "fr"})
    assert section["steps"][0]["text"] == "اتصل"
    assert answer["translations"] == ARTICLE["translations"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("organizations", "organization"), ("locations", "location"), ("articles", "article"), ("alerts", "alert")],
)
def test_lists_of_a_town_are_asked_by_kind(app: Flask, client: FakeClient, path: str, kind: str) -> None:
    """And unknown parameters are refused."""
    client.answers["list_public_records"] = {"items": [], "total": 0, "page": 1, "per_page": 20}
    answer = app.test_client().get(f"/api/v1/{path}?municipality=raoued")
    assert (answer.status_code, answer.json["items"]) == (200, [])
    assert (client.calls[-1][2]["kind"], client.calls[-1][2]["municipality"]) == (kind, "raoued")
    assert app.test_client().get(f"/api/v1/{path}?color=red").status_code == 422
