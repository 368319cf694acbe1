"""The pages on which a slot is chosen: booked without scripts, proved by the device, moved; nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from imigr_gateway.booking.words import BOOK
from imigr_kit.errors import Conflict, TooMany

from .conftest import FakeClient, sent_key
from .test_appointments import SAID

SLOT = {"start": "2026-11-26T07:30:00Z", "end": "2026-11-26T07:50:00Z", "places": 2, "languages": ["fr"]}
LATER = SLOT | {"start": "2026-12-03T08:10:00Z"}
GUICHET = {
    "id": "g1", "municipality": "la-marsa", "name": {"fr": "Guichet", "ar": "شباك"}, "address": {"fr": "Mairie"},
    "timezone": "Africa/Tunis", "languages": ["ar", "ti", "fr"],
    "topics": [{"code": "information", "name": {"fr": "Information"}, "open_to": ["public"]},
               {"code": "desk", "name": {"fr": "Interne"}, "open_to": ["staff"]}],
}  # fmt: skip
TYPED = {"topic": "information", "language": "fr", "start": SLOT["start"], "phone": "20 123 456"}
KEY = "7a2d8a8e-4a3e-4c0e-9d39-57f0a8ad5d52"


@pytest.fixture
def site(app: Flask, client: FakeClient) -> Any:
    """A browser before a guichet with one free slot."""
    client.answers |= {
        "get_guichet": GUICHET,
        "list_slots": {"days": [{"date": "2026-11-26", "slots": [SLOT]}]},
        "book_appointment": SAID,
        "move_appointment": SAID,
        "get_appointment": SAID,
    }
    return app.test_client()


@pytest.mark.parametrize(
    ("language", "direction", "day"), [("fr", "ltr", "jeudi 26/11/2026"), ("ar", "rtl", "الخميس 26/11/2026")]
)
def test_free_slots_are_shown_by_day_in_local_time(site: Any, language: str, direction: str, day: str) -> None:
    """Looking books nothing; what is for staff only is not offered; languages have their names."""
    text = site.get(f"/g/g1?topic=information&language=fr&lang={language}").text
    assert f'dir="{direction}"' in text
    assert day in text
    assert "08:30" in text
    assert "Interne" not in text
    assert "ትግርኛ" in text


def test_every_open_guichet_is_found_from_the_home_page(site: Any, client: FakeClient) -> None:
    """One list of all towns, in the reader's language."""
    client.answers["list_guichets"] = {"items": [GUICHET]}
    assert 'href="/g"' in site.get("/?lang=ar").text
    text = site.get("/g?lang=ar").text
    assert 'href="/g/g1?lang=ar"' in text
    assert "شباك" in text


def test_a_booking_leads_to_its_manage_page(site: Any, client: FakeClient) -> None:
    """By a redirect, so that loading again books nothing; the key of the form is the key of the command."""
    answer = site.post("/g/g1?lang=fr", data=TYPED | {"key": KEY})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/m/la-marsa.a-")
    told = next(payload for _, method, payload in client.calls if method == "book_appointment")
    assert told["idempotency_key"] == sent_key(KEY)
    assert "123" not in str(told)


def test_who_comes_second_keeps_what_was_typed_and_sees_other_times(site: Any, client: FakeClient) -> None:
    """Case 1: 409 with the next free slots, the phone still in its field."""
    client.answers["book_appointment"] = Conflict(code="guichet.slot_full", params={"next_slots": [LATER]})
    answer = site.post("/g/g1?lang=fr", data=TYPED | {"key": KEY})
    assert answer.status_code == 409
    assert 'value="20 123 456"' in answer.text
    assert LATER["start"] in answer.text
    assert SLOT["start"] not in answer.text
    assert f'name="key" value="{KEY}"' in answer.text


def test_a_proof_that_is_wanted_is_worked_out_by_the_page(site: Any, client: FakeClient) -> None:
    """The same form again under the same key, with the proof: all fields are there, and the script that fills it."""
    params = {"challenge": "c" * 32, "bits": 18, "wait_seconds": 20}
    client.answers["book_appointment"] = TooMany(code="kit.effort_needed", params=params)
    text = site.post("/g/g1?lang=en", data=TYPED | {"key": KEY}).text
    assert BOOK["en"]["wait"] in text
    assert BOOK["en"]["noscript"].format(seconds=20) in text
    assert f'data-challenge="{"c" * 32}" data-bits="18"' in text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))
    assert fields == TYPED | {"key": KEY, "proof": ""}
    assert "crypto" not in site.get("/proof.js").text  # works without a secure context as well
    client.answers["book_appointment"] = SAID
    assert site.post("/g/g1?lang=en", data=fields | {"proof": "4711"}).status_code == 303
    told = [payload for _, method, payload in client.calls if method == "book_appointment"]
    assert [one["proof"] for one in told] == [None, "4711"]


@pytest.mark.parametrize("broken", [{"key": "x"}, {"start": "soon"}, {"phone": "12"}, {"topic": ""}])
def test_bad_input_is_told_and_books_nothing(site: Any, client: FakeClient, broken: dict[str, str]) -> None:
    """422 on the page itself."""
    assert site.post("/g/g1?lang=fr", data=TYPED | {"key": KEY} | broken).status_code == 422
    assert not [method for _, method, _ in client.calls if method == "book_appointment"]


def test_another_time_is_chosen_by_the_link_of_the_message(site: Any, client: FakeClient) -> None:
    """Cases 19 and 23d: who was asked to move finds other times behind the link; looking changes nothing (case 25)."""
    assert "/m/la-marsa.a-x/move" in site.get("/m/la-marsa.a-x?lang=fr").text
    text = site.get("/m/la-marsa.a-x/move?lang=ar").text
    assert SLOT["start"] in text
    assert "move_appointment" not in {method for _, method, _ in client.calls}
    done = site.post("/m/la-marsa.a-x/move?lang=ar", data={"start": SLOT["start"], "key": KEY})
    assert (done.status_code, done.headers["Location"]) == (303, "/m/la-marsa.a-x?lang=ar")
    client.answers["move_appointment"] = Conflict(code="guichet.slot_full", params={"next_slots": [LATER]})
    full = site.post("/m/la-marsa.a-x/move?lang=ar", data={"start": SLOT["start"], "key": KEY})
    assert (full.status_code, LATER["start"] in full.text) == (409, True)


def test_whoever_has_no_script_sends_the_form_again_when_the_wait_is_over(site: Any, client: FakeClient) -> None:
    """The page tells how long, its button sends the same key without a proof, and the guichet decides."""
    params = {"challenge": "c" * 32, "bits": 18, "wait_seconds": 20}
    client.answers["book_appointment"] = TooMany(code="kit.effort_needed", params=params)
    for language, word in (("fr", "20 secondes"), ("ar", "20"), ("en", "20 seconds")):
        text = site.post(f"/g/g1?lang={language}", data=TYPED | {"key": KEY}).text
        noscript = text[text.index("<noscript>") : text.index("</noscript>")]
        assert word in noscript
        assert "<button>" in noscript
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))
    client.answers["book_appointment"] = SAID
    assert site.post("/g/g1?lang=en", data=fields).status_code == 303
    told = [payload for _, method, payload in client.calls if method == "book_appointment"]
    assert {one["idempotency_key"] for one in told} == {told[0]["idempotency_key"]}
    assert fields["key"] == KEY
    assert told[-1]["proof"] is None
