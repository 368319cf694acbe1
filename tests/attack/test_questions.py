"""What a question may tell, and what it may break: nothing (promises 6, 7 and 10)."""

from __future__ import annotations

import random
import statistics
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from imigr_kit.testing import wait_until
from tests import sites
from tests.attack import questions

TOKEN = "la-marsa.a-canary-token-51f0c2d7"
PHONE = "22719604"
EMAIL = "canary.51f0@example.org"
PAIRS = 200
ADMIN = "admin@demo.invalid"


def logs(platform: Any) -> bytes:
    """All that any process of ours has written; the receiving phones themselves are meant to have messages."""
    found = (path for path in Path(platform.instance.logs).glob("*.log") if path.name != "peers.log")
    return b"\n".join(path.read_bytes() for path in found)


MALFORMED = [
    f"GET /m/{TOKEN}?lang=%00&phone={PHONE} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET /api/v1/appointments/{TOKEN}?lang=a%0d%0aX:%20{PHONE} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET /m/{TOKEN}/{PHONE} HTTP/9.9\r\nHost: x\r\n\r\n",
    f"GET /m/{TOKEN} {PHONE} {EMAIL} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"G\x00T /m/{TOKEN}?q={PHONE} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nX-Bad {PHONE}\r\n\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nX-{PHONE}\x00: {EMAIL}\r\n\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nX-Phone: {PHONE}\x00\r\n\r\n",
    f"GET /m/{TOKEN}?{'p' * 9000}={PHONE} HTTP/1.1\r\nHost: x\r\n\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nX-Long: {PHONE}{'l' * 20000}\r\n\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: {PHONE}x\r\n\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {EMAIL}\r\n\r\n",
    f"POST /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{PHONE}zz\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nExpect: {PHONE}\r\n\r\n",
    f"GET /m/{TOKEN} HTTP/1.1\r\nHost: x\r\nAccept-Language: {PHONE}\r\nX-Correlation-ID: {PHONE}\r\n\r\n",
    f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{TOKEN}{PHONE}",
]


def test_no_log_holds_what_a_malformed_request_asked_for(platform: Any) -> None:
    """gunicorn printed manage tokens and phones for `?lang=%00`; now it names the kind of the error, as JSON."""
    for request in MALFORMED:
        assert b" 500 " not in questions.raw(platform, request.encode("latin-1")).split(b"\r\n")[0], request
    wait_until(lambda: b"server.bad_request" in logs(platform), 20, "a line about a bad request")
    found = [word for word in (TOKEN, PHONE, EMAIL) if word.encode() in logs(platform)]
    assert not found
    own = Path(platform.instance.logs, "gateway.log").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("{") for line in own if line.strip()), [one for one in own if not one.startswith("{")][
        :3
    ]


def test_a_correlation_id_from_outside_is_a_uuid_or_another_one(platform: Any) -> None:
    """It goes into logs and events, so nothing typed may be in it."""
    given = str(uuid.uuid4())
    site = sites.site(platform)
    kept = site.get("/api/v1/appointments/la-marsa.none", X_Correlation_ID=given)
    fresh = site.get("/api/v1/appointments/la-marsa.none", X_Correlation_ID=f"call-{PHONE}")
    assert kept.headers["X-Correlation-ID"] == given
    assert PHONE not in fresh.headers["X-Correlation-ID"]


@pytest.mark.parametrize(
    "tag", ["", "%00", "fr_FR", "x", "a-b-c-d", "fr-", "français", "fr%0a", "12", "en" + "-abcde" * 9]
)
def test_a_language_that_is_no_tag_is_refused(platform: Any, tag: str) -> None:
    """BCP 47 or 422, for an answer and for a page alike."""
    asker = questions.Asker(platform)
    for path in ("/api/v1/services", "/api/v1/events", "/g"):
        status, _ = asker.ask("GET", f"{path}?lang={tag.replace('ç', '%C3%A7')}")
        assert status == 422, path


def test_no_value_breaks_any_operation(platform: Any) -> None:
    """Every operation of the description with years outside of 1970..2100, integers over 64 bit, JSON deeper than 64
    levels, NUL and final newlines in every parameter: 0 answers of 5xx. Operations are asked as an administrator."""
    spec = questions.description(platform)
    asker = questions.Asker(platform, ADMIN)
    asked, broken = 0, []
    for method, path, operation in questions.operations(spec):
        if path.endswith("/login"):
            continue  # its tries are counted, and too many would lock out the attacks that follow
        for address in questions.addresses(path, operation):
            status, _ = asker.ask(method, address, {} if method != "GET" else None)
            asked += 1
            if status >= 500:
                broken.append((status, method, address))
        good = next(questions.addresses(path, operation))
        for body in questions.bodies(spec, operation):
            status, told = asker.ask(method, good, body)
            asked += 1
            if status >= 500:
                broken.append((status, method, f"{good} {str(body)[:200]} {told[:200]!r}"))
    assert asked > 2000
    assert not broken, f"{len(broken)} of {asked}: {broken[:8]}"


def test_json_that_no_stack_could_hold_is_refused(platform: Any) -> None:
    """Also as octets that no client would write; with the number of its digits that no reader takes."""
    for content in (b"[" * 30_000, b'{"a":' * 10_000, b'{"a":' + b"9" * 6_000 + b"}", b'{"a":1e999}', b'"\\u0000"'):
        head = "POST /api/v1/appointments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(content)}\r\n\r\n"
        assert questions.raw(platform, head.encode() + content).split(b" ")[1] in (b"400", b"422"), content[:9]


def places(platform: Any, town: str) -> list[str]:
    """Starts of a town's guichet, one for each place."""
    guichet = sites.guichet_id(platform, town)
    query = "topic=information&language=fr&days=42&limit=5000"
    days = sites.site(platform).get(f"/api/v1/guichets/{guichet}/slots?{query}").body["days"]
    found = [slot["start"] for day in days[1:] for slot in day["slots"] for _ in range(slot["places"])]
    random.Random(7).shuffle(found)
    return found


def ask(platform: Any, road: tuple[str, dict[str, Any]], phone: str) -> tuple[int, tuple[str, ...], float, Any]:
    """One question about a number: status, shape and state of the answer, seconds it took, the answer."""
    path, body = road
    began = time.perf_counter()
    answer = sites.site(platform).post(path, body | {"phone": phone}, Idempotency_Key=str(uuid.uuid4()))
    seconds = time.perf_counter() - began
    plain = {name: answer.body.get(name) for name in ("state", "version", "places", "code", "sessions", "kinds")}
    return answer.status, (*sorted(answer.body), str(plain)), seconds, answer.body


def roads(platform: Any) -> list[tuple[str, dict[str, Any]]]:
    """Ways to put the question, each with a place of its own: appointments of two towns, events, news."""
    made: list[tuple[str, dict[str, Any]]] = []
    for town in ("la-marsa", "raoued"):
        guichet = sites.guichet_id(platform, town)
        plain = {"guichet_id": guichet, "topic": "information", "language": "fr"}
        made += [("/api/v1/appointments", plain | {"start": start}) for start in places(platform, town)[:110]]
        events = sites.site(platform).get(f"/api/v1/events?municipality={town}").body["items"]
        event = max(events, key=lambda one: one["free_places"])
        made += [(f"/api/v1/events/{event['id']}/registrations", {"places": 1})] * 60
        made += [("/api/v1/subscriptions", {"municipality": town, "topic": "events"})] * 40
    return made


def test_no_route_tells_whether_a_number_is_known(platform: Any) -> None:
    """200 pairs: a number that has an appointment, a registration and news, and one that nobody has ever used. Status,
    shape and state are the same, and so is the time: the medians of known and unknown differ no more than those of
    groups drawn at random from the same times."""
    ways = roads(platform)
    known = [f"+2162250{number:04}" for number in range(4)]
    for number, phone in enumerate(known):
        for road in (ways[number], next(one for one in ways if "events" in one[0]), ways[-1]):
            assert ask(platform, road, phone)[0] in (201, 202), road
    ways = ways[len(known) :]
    random.Random(11).shuffle(ways)
    assert len(ways) >= 2 * PAIRS - 8
    by_path: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for way in ways:
        by_path.setdefault(way[0], []).append(way)
    pairs = [pair for some in by_path.values() for pair in zip(some[::2], some[1::2], strict=False)][:PAIRS]
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number, pair in enumerate(pairs):
        numbers = {"known": known[number % len(known)], "unknown": f"+2162251{number:04}"}
        order = ["known", "unknown"] if number % 2 else ["unknown", "known"]
        told = {}
        for which, road in zip(order, pair, strict=True):
            status, shape, seconds, _ = ask(platform, road, numbers[which])
            told[which] = (status, shape)
            times[which].append(seconds)
        assert told["known"] == told["unknown"], pair[0][0]
        assert told["known"][0] in (201, 202), told
    assert_alike(times["known"], times["unknown"])


def assert_alike(first: list[float], second: list[float]) -> None:
    """Medians as near as those of groups drawn at random from both: the control has the noise of the same machine."""
    draw, both, control = random.Random(3), [*first, *second], []
    for _ in range(400):
        draw.shuffle(both)
        half = len(first)
        control.append(abs(statistics.median(both[:half]) / statistics.median(both[half:]) - 1))
    seen = abs(statistics.median(first) / statistics.median(second) - 1)
    assert seen <= max(1.5 * max(control), 0.1), (seen, max(control))


def test_the_owner_of_a_number_learns_of_a_second_request(platform: Any) -> None:
    """By SMS, in the language of the request, and with the time of the one that stands; who asked learns nothing."""
    phone = "+21622529999"
    guichet = sites.guichet_id(platform, "la-marsa")
    body = {"guichet_id": guichet, "topic": "information", "language": "fr", "message_language": "en"}
    for start in places(platform, "la-marsa")[-2:]:
        assert ask(platform, ("/api/v1/appointments", body | {"start": start}), phone)[0] == 201
        sent = start
        wait_until(lambda: received(platform, phone), 60, "an SMS")
    assert sent

    wait_until(lambda: any("still stands" in text for text in received(platform, phone)), 60, "what stands already")
    assert all(text.startswith("[DEMO] ") for text in received(platform, phone))


def received(platform: Any, phone: str) -> list[str]:
    """Texts that a phone has received."""
    messages = sites.received(platform).get("/api/messages").body
    items = messages["items"] if isinstance(messages, dict) else messages
    return [one["text"] for one in items if one.get("to", "").lstrip("+") == phone.lstrip("+")]
