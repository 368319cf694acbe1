"""The pages of a referral: nothing changes by looking, the partner's code is in no address, three languages."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from imigr_gateway.referral_words import FETCH, OWN
from imigr_kit.errors import Gone, NotFound

from .conftest import FakeClient

SEEN = {
    "municipality": "la-marsa", "partner": "aesat", "service_id": None, "language": "ti", "state": "sent",
    "consent": "spoken", "fetched": False, "version": 3,
}  # fmt: skip
DETAILS = {
    "municipality": "la-marsa", "guichet_name": {"fr": "Guichet", "ar": "شباك"}, "address": {"fr": "Mairie"},
    "partner": "aesat", "service_id": None, "needs": ["social"], "language": "ti", "consent": "spoken",
    "consented_at": "2026-11-26T07:30:00Z", "follow_up_on": "2026-12-03", "case_token": "c1",
}  # fmt: skip


@pytest.fixture
def site(app: Flask, client: FakeClient) -> Any:
    """A browser."""
    client.answers |= {"get_own_referral": SEEN, "revoke_own_referral": SEEN, "fetch_referral": DETAILS}
    return app.test_client()


@pytest.mark.parametrize(("language", "direction"), [("fr", "ltr"), ("ar", "rtl"), ("en", "ltr")])
def test_the_person_sees_where_it_stands_and_takes_the_consent_back(
    site: Any, client: FakeClient, language: str, direction: str
) -> None:
    """A GET changes nothing, a POST revokes; the page is kept by nobody."""
    shown = site.get(f"/o/la-marsa.o-x?lang={language}")
    text = shown.get_data(as_text=True)
    assert f'dir="{direction}"' in text
    assert OWN[language]["sent"] in text or OWN[language]["sent"].replace("'", "&#39;") in text
    assert shown.headers["Cache-Control"] == "no-store"
    assert [name for _, name, _ in client.calls] == ["get_own_referral"]
    site.post(f"/o/la-marsa.o-x?lang={language}")
    assert "revoke_own_referral" in [name for _, name, _ in client.calls]


def test_an_unknown_link_is_a_page_of_its_own(site: Any, client: FakeClient) -> None:
    """404, in words."""
    client.answers["get_own_referral"] = NotFound(code="guichet.unknown_referral")
    answer = site.get("/o/la-marsa.o-x?lang=en")
    assert (answer.status_code, OWN["en"]["unknown"] in answer.get_data(as_text=True)) == (404, True)


def test_a_partner_reads_the_details_once(site: Any, client: FakeClient) -> None:
    """The code is in the body; what was read before, or never was, is told alike."""
    assert FETCH["en"]["token"] in site.get("/referral?lang=en").get_data(as_text=True)
    shown = site.post("/referral?lang=en", data={"token": " la-marsa.secret "}).get_data(as_text=True)
    assert "la-marsa.c1" in shown
    asked = next(payload for _, name, payload in client.calls if name == "fetch_referral")
    assert (asked["municipality"], asked["token"]) == ("la-marsa", "secret")
    told = set()
    for error in (NotFound(code="guichet.unknown_referral"), Gone(code="guichet.referral_fetched")):
        client.answers["fetch_referral"] = error
        answer = site.post("/referral?lang=en", data={"token": "la-marsa.secret"})
        told.add((answer.status_code, answer.get_data(as_text=True)))
    assert len(told) == 1


def test_every_language_has_every_word() -> None:
    """And no word is empty."""
    for words in (OWN, FETCH):
        assert len({frozenset(one) for one in words.values()}) == 1
        assert all(text for one in words.values() for text in one.values())
