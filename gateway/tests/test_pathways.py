"""Training pathways at the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from .conftest import FakeClient, sent_key

PATHWAYS = "/api/v1/staff/la-marsa/pathways"
LINK = "/api/v1/registrations/la-marsa.r-AAAAAAAAAAAAAAAAAAAAAA/evaluation"
PATHWAY: dict[str, Any] = {
    "id": "p",
    "municipality": "la-marsa",
    "title": {"fr": "Parcours", "ar": "مسار"},
    "version": 1,
}
Bearer = Callable[..., dict[str, str]]


def test_staff_plan_and_read_pathways(app: Flask, client: FakeClient, bearer: Bearer) -> None:
    """Editors write, mediators read, others neither."""
    client.answers |= {"create_pathway": PATHWAY, "list_pathways": {"items": [PATHWAY]}, "note_coaching": PATHWAY}
    web = app.test_client()
    body = {"pathway": {"title": {"fr": "Parcours"}, "places": 25}}
    made = web.post(PATHWAYS, json=body, headers=bearer("editor", "la-marsa") | {"Idempotency-Key": "k"})
    assert (made.status_code, made.json["title"]) == (201, "Parcours")
    assert client.calls[-1][2]["idempotency_key"] == sent_key("k")
    assert web.post(PATHWAYS, json=body, headers=bearer("mediator", "la-marsa")).status_code == 403
    assert web.get(PATHWAYS, headers=bearer("mediator", "la-marsa")).json["items"][0]["id"] == "p"
    assert web.get(PATHWAYS, headers=bearer("manager", "raoued")).status_code == 403
    done = {"done_on": "2027-01-11", "version": 1}
    assert (
        web.post(f"{PATHWAYS}/p/coaching/c1/done", json=done, headers=bearer("editor", "la-marsa")).status_code == 200
    )
    assert client.calls[-1][2]["done_on"] == "2027-01-11"


def test_results_keep_what_is_hidden_hidden(app: Flask, client: FakeClient, bearer: Bearer) -> None:
    """Null goes through as null."""
    counts = {"yes": 12, "partly": None, "no": None}
    questions = [{"code": "useful", "title": {"fr": "Utile ?"}, "counts": counts}]
    client.answers["evaluation_results"] = {"pathway_id": "p", "sheets": 20, "questions": questions}
    answer = app.test_client().get(f"{PATHWAYS}/p/evaluation", headers=bearer("manager", "la-marsa"))
    assert answer.json["questions"][0]["counts"] == counts


def test_those_who_took_part_answer_with_their_link(app: Flask, client: FakeClient) -> None:
    """In their language; the service gets the hash of the link and the chosen options."""
    options = [{"code": "yes", "title": {"fr": "Oui", "ar": "نعم"}}]
    question = {"code": "useful", "title": {"fr": "Utile ?", "ar": "مفيد؟"}, "options": options}
    client.answers["get_evaluation"] = {"pathway_id": "p", "title": PATHWAY["title"], "questions": [question]}
    client.answers["answer_evaluation"] = {"counted": True, "is_first": True}
    web = app.test_client()
    shown = web.get(f"{LINK}?lang=ar")
    assert shown.json["questions"][0]["options"][0]["title"] == "نعم"
    assert shown.headers["Cache-Control"] == "no-store"
    assert web.post(LINK, json={"answers": {"useful": ["yes"]}}).json == {"counted": True, "is_first": True}
    assert "AAAA" not in str(client.calls[-1][2])


@pytest.mark.parametrize("body", [{}, {"answers": "yes"}, {"answers": {"q": "yes"}}, {"answers": {}, "text": "x"}])
def test_a_wrong_sheet_is_refused(app: Flask, client: FakeClient, body: Any) -> None:
    """422, and the service is not asked."""
    assert app.test_client().post(LINK, json=body).status_code == 422
    assert not client.calls
