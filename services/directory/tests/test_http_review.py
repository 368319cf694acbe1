"""Review over HTTP: who may do what, on which revision, and many at once on one record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .over_http import Answer, Site

ENTRY = {"name": {"fr": "Accueil"}, "taxonomy": ["legal"]}


def one(made: Answer) -> str:
    """The address of a record for staff."""
    return f"directory/services/{made.body['id']}"


def test_an_editor_proposes_a_manager_publishes_and_readers_see_it_then(site: Site) -> None:
    """Draft, submitted, declined with a reason, submitted again, published, an earlier version restored; each step on
    the revision that was read."""
    made = site.service("Un")
    draft = site.put(one(made), {"content": ENTRY, "state": "draft"}, by="editor", headers=made.etag)
    assert (draft.status, draft.body["proposal"]["state"], draft.body["version"]) == (200, "draft", 1)
    waiting = site.post(f"{one(made)}/submit", by="editor", headers=draft.etag)
    assert site.post(f"{one(made)}/publish", by="editor", headers=waiting.etag).status == 403
    back = site.post(f"{one(made)}/decline", {"reason": "unclear"}, headers=waiting.etag)
    assert back.body["proposal"]["reason"] == "unclear"
    again = site.post(f"{one(made)}/submit", by="editor", headers=back.etag)
    assert site.ask(f"services/{made.body['id']}").body["name"] == "Un"
    done = site.post(f"{one(made)}/publish", headers=again.etag)
    assert (done.status, done.body["version"], done.body["published_by"]) == (200, 2, "manager")
    assert site.ask(f"services/{made.body['id']}").body["name"] == "Accueil"
    restored = site.post(f"{one(made)}/versions/1/restore", headers=done.etag)
    assert (restored.body["version"], restored.body["content"]["name"]) == (3, {"fr": "Un"})
    versions = site.staff(f"{one(made)}/versions", by="editor").body["items"]
    assert [(row["version"], row["by"]) for row in versions] == [(3, "manager"), (2, "manager"), (1, "manager")]
    late = site.post(f"{one(made)}/withdraw", headers=done.etag)
    assert (late.status, late.body["params"]) == (412, {"revision": restored.body["revision"]})
    assert site.post(f"{one(made)}/withdraw", headers=restored.etag).body["state"] == "withdrawn"
    assert site.ask(f"services/{made.body['id']}").status == 404


def test_the_first_routes_keep_to_the_rule(site: Site) -> None:
    """An editor's entry and an editor's change wait for a manager; a manager's are seen at once; a change of somebody
    else that waits is not replaced unseen."""
    new = site.post("services", {"service": ENTRY}, by="editor")
    assert (new.status, new.body["state"], new.body["waiting"], new.body["version"]) == (
        201,
        "in_review",
        "in_review",
        0,
    )
    assert site.ask(f"services/{new.body['id']}").status == 404
    published = site.post(f"{one(new)}/publish", headers={"If-Match": f'"{new.body["revision"]}"'})
    assert published.status == 200
    path = f"services/{new.body['id']}"
    entry: dict[str, Any] = ENTRY | {"name": {"fr": "Autre"}}
    changed: dict[str, Any] = {"service": entry, "version": 1}
    proposed = site.put(path, changed, by="editor")
    assert (proposed.body["name"], proposed.body["waiting"], proposed.body["version"]) == ("Autre", "in_review", 1)
    assert site.ask(path).body["name"] == "Accueil"
    other = site.put(path, changed, by="editor@raoued:second")
    assert (other.status, other.body["code"]) == (412, "directory.changed_meanwhile")
    verified = site.put(path, changed | {"service": entry | {"verified_on": "2026-11-01"}}, by="editor")
    assert (verified.status, verified.fields) == (422, ["service.verified_on"])
    at_once = site.put(path, changed)
    assert (at_once.body["waiting"], at_once.body["version"]) == (None, 2)
    assert site.put(path, changed).status == 409
    assert site.post(f"{path}/withdraw", {"version": 2}, by="editor").status == 403


def test_a_partner_keeps_their_own_entries_up_to_date_and_no_others(site: Site) -> None:
    """What they write waits for review; also hours and pauses."""
    made = site.post("directory/organizations", {"content": {"name": {"fr": "Nous"}}, "state": "published"})
    own = made.body["id"]
    body = {"service": ENTRY | {"organization_id": own}}
    assert site.post("services", body, by="partner_editor").status == 403
    assert site.post(f"directory/organizations/{own}/editors", {"staff_id": "partner_editor"}).status == 200
    entry = site.post("services", body, by="partner_editor")
    assert (entry.status, entry.body["waiting"]) == (201, "in_review")
    path, revision = f"services/{entry.body['id']}", {"If-Match": f'"{entry.body["revision"]}"'}
    assert site.post(f"{one(entry)}/publish", headers=revision).status == 200
    paused = site.post(f"{path}/pause", {"reason": "works"}, by="partner_editor")
    assert (paused.status, paused.body["waiting"], site.ask(path).body["why_closed"]) == (200, "in_review", None)
    foreign = f"services/{site.service().body['id']}"
    for step in (f"{foreign}/pause", f"{foreign}/exceptions"):
        assert site.post(step, {"first": "2026-12-24"}, by="partner_editor").status == 403
    assert site.put(foreign, body | {"version": 1}, by="partner_editor").status == 403
    listed = site.staff("directory/services", by="partner_editor").body
    assert {row["owner"] for row in listed["items"]} == {own}


def test_of_many_at_once_on_one_record_exactly_one_wins_each_version(site: Site) -> None:
    """Editors and managers change it over and over on what they have read: every answer is 200 or 412, each revision
    has one author, and every published version is kept."""
    made = site.service("Dispute")
    address = one(made)

    def work(number: int) -> list[tuple[int, int, str]]:
        told = []
        by = f"{'manager' if number % 2 else 'editor'}@raoued:w{number}"
        for turn in range(5):
            read = site.staff(address, by=by)
            name = f"{number}-{turn}"
            body: dict[str, Any] = {
                "content": ENTRY | {"name": {"fr": name}},
                "state": "published" if number % 2 else "in_review",
            }
            answer = site.put(address, body, by=by, headers=read.etag)
            told.append((answer.status, answer.body.get("revision", 0), name if number % 2 else ""))
        return told

    with ThreadPoolExecutor(6) as pool:
        told = [row for rows in pool.map(work, range(6)) for row in rows]
    assert {status for status, _, _ in told} <= {200, 412}
    revisions = [revision for status, revision, _ in told if status == 200]
    assert sorted(revisions) == list(range(2, len(revisions) + 2))
    won = [name for status, _, name in sorted(told, key=lambda row: row[1]) if status == 200 and name]
    versions = site.staff(f"{address}/versions").body["items"]
    assert [row["content"]["name"]["fr"] for row in reversed(versions)] == ["Dispute", *won]
    assert site.ask(f"services/{made.body['id']}").body["name"] == (won or ["Dispute"])[-1]


def test_a_step_without_the_revision_or_by_others_changes_nothing(site: Site) -> None:
    """422 without If-Match; 403 for another town, a mediator, or nobody; 401 without a token."""
    made = site.service()
    body = {"content": ENTRY}
    assert site.put(one(made), body).status == 422
    for by in ("manager@la-marsa", "mediator", "partner_editor"):
        assert site.put(one(made), body, by=by, headers=made.etag).status == 403
    through = f"staff/la-marsa/{one(made)}"
    assert site.ask(through, method="PUT", by="manager@la-marsa", json=body, headers=made.etag).status == 403
    assert site.ask(f"staff/raoued/{one(made)}", method="PUT", json=body, headers=made.etag).status == 401
    assert site.staff(one(made)).body["revision"] == 1


@pytest.mark.parametrize("kind", ["organizations", "locations", "articles", "alerts"])
def test_records_of_every_kind_go_the_same_way(site: Site, kind: str) -> None:
    """Proposed, published, seen, withdrawn."""
    name = "title" if kind in ("articles", "alerts") else "name"
    made = site.post(f"directory/{kind}", {"content": {name: {"fr": "Neuf", "ar": "جديد"}}}, by="editor")
    address = f"directory/{kind}/{made.body['id']}"
    assert (made.status, site.ask(f"{kind}/{made.body['id']}").status) == (201, 404)
    done = site.post(f"{address}/publish", headers=made.etag)
    shown = site.ask(f"{kind}/{made.body['id']}?lang=ar")
    assert (shown.body[name], shown.body["text_languages"][name]) == ("جديد", "ar")
    assert site.post(f"{address}/withdraw", headers=done.etag).status == 200
    assert site.ask(f"{kind}/{made.body['id']}").status == 404
