"""Subscribing and its links at the gateway (acceptance: notifications 33)."""

from __future__ import annotations

from typing import Any

import pytest

TOKEN = "la-marsa.s-AAAAAAAAAAAAAAAAAAAAAA"
FOUND = {
    "municipality": "la-marsa", "topic": "events", "themes": [], "language": "fr", "channel": "sms",
    "state": "pending", "until": "2026-12-01T08:00:00Z",
}  # fmt: skip


@pytest.fixture
def answers(client: Any) -> dict[str, Any]:
    """What notifications would say."""
    for method in ("subscribe", "get_subscription", "confirm_subscription", "end_subscription"):
        client.answers[method] = lambda method=method, **_: (
            FOUND | {"state": {"confirm_subscription": "active", "end_subscription": "ended"}.get(method, "pending")}
        )
    found: dict[str, Any] = client.answers
    return found


def methods(client: Any) -> list[str]:
    return [method for _, method, _ in client.calls]


def test_the_answer_to_a_subscription_holds_no_link(app: Any, client: Any, answers: Any) -> None:
    """Only who gets the message can confirm; the number leaves sealed."""
    body = {"municipality": "la-marsa", "topic": "events", "phone": "20 123 456"}
    answer = app.test_client().post("/api/v1/subscriptions", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202
    assert "token" not in answer.get_data(as_text=True)
    assert "20123456" not in str(client.calls) + str(client.published)
    assert client.calls[-1][2]["manage_hash"]


def test_without_an_address_there_is_nothing_to_subscribe(app: Any, client: Any, answers: Any) -> None:
    """A field error."""
    answer = app.test_client().post("/api/v1/subscriptions", json={"municipality": "la-marsa", "topic": "events"})
    assert (answer.status_code, answer.get_json()["errors"][0]["path"]) == (422, "phone")
    assert client.published == []


def test_one_click_without_a_session(app: Any, client: Any, answers: Any) -> None:
    """Case 33: the POST of a mail program works; a GET by a scanner changes nothing, on no address of it."""
    browser = app.test_client()
    for path in (f"/api/v1/subscriptions/{TOKEN}", f"/m/{TOKEN}"):
        assert browser.get(path).status_code == 200
    assert browser.get(f"/api/v1/subscriptions/{TOKEN}/unsubscribe").status_code == 405
    assert browser.get(f"/api/v1/subscriptions/{TOKEN}/confirm").status_code == 405
    assert set(methods(client)) == {"get_subscription"}
    clicked = browser.post(f"/api/v1/subscriptions/{TOKEN}/unsubscribe", data={"List-Unsubscribe": "One-Click"})
    assert (clicked.status_code, clicked.get_json()["state"]) == (200, "ended")


def test_the_page_of_the_link_confirms_and_ends_by_button(app: Any, client: Any, answers: Any) -> None:
    """In the reader's language, right to left in Arabic."""
    browser = app.test_client()
    page = browser.post(f"/m/{TOKEN}", data={"action": "confirm"}, headers={"Accept-Language": "ar"})
    assert "أنتم تتلقون أخبارنا" in page.get_data(as_text=True)
    assert 'dir="rtl"' in page.get_data(as_text=True).replace("dir=rtl", 'dir="rtl"')
    assert "no more news" in browser.post(f"/m/{TOKEN}", data={"action": "end"},
                                          headers={"Accept-Language": "en"}).get_data(as_text=True)  # fmt: skip
    assert methods(client) == ["confirm_subscription", "end_subscription"]
