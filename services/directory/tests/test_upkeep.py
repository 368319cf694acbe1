"""What grows old is told once and listed; links are looked at with care."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from imigr_directory.domain import complete
from imigr_directory.handlers import Desk, freshness
from imigr_directory.handlers import records as handlers
from imigr_directory.handlers.records import New
from imigr_directory.links import fetching
from imigr_directory.links import handlers as links
from imigr_directory.links.domain import BROKEN, GOOD, Link, Outcome
from imigr_directory.links.storage import INDEXES, LINKS, MongoLinks
from imigr_kit.access import NotAllowed
from imigr_kit.errors import Invalid
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

from .conftest import NOW
from .test_review import EDITOR, MANAGER, actor, at, desk, key, published, service

__all__ = ["desk"]


def tasks(desk: Desk) -> list[tuple[str, str, str | None]]:
    """What waits in Raoued."""
    return [(one.what, one.record.id, one.due) for one in freshness.list_tasks(desk, EDITOR, "raoued")]


def test_an_entry_grows_old_once(desk: Desk, clock: FrozenClock, mongo_db: Any) -> None:
    """Half a year after somebody looked it is told as an event, and not again until somebody looks anew."""
    verified = handlers.verify(desk, EDITOR, at(published(desk)), None, key())
    assert (verified.verified_on, verified.expires_on) == ("2026-11-24", "2027-05-23")
    clock.advance(days=179)
    assert freshness.expire(desk) == 0
    clock.advance(days=1)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: freshness.expire(desk), range(4))) == 1
    assert freshness.expire(desk) == 0
    [event] = [one for one in mongo_db["services"].find_one()["outbox"] if one["type"].endswith("expired.v1")]
    assert event["data"]["expires_on"] == "2027-05-23"
    old = handlers.get_record(desk, EDITOR, "service", "s1")
    again = handlers.verify(desk, EDITOR, at(old), None, key())
    assert (again.expired, again.expires_on) == (False, "2027-11-19")


def test_the_task_list_says_what_waits(desk: Desk, clock: FrozenClock) -> None:
    """Never verified, soon old, waiting for review, outdated in a language."""
    record = published(desk)
    assert tasks(desk) == [("verify", "s1", None)]
    record = handlers.verify(desk, EDITOR, at(record), None, key())
    assert tasks(desk) == []
    clock.advance(days=160)
    assert tasks(desk) == [("verify", "s1", "2027-05-23")]
    record = handlers.verify(desk, EDITOR, at(record), None, key())
    handlers.open_record(desk, EDITOR, New("service", "s2", "raoued", None), service(), "in_review", key())
    arabic = service(name={"fr": "Permanence", "ar": "حصة"})
    record = handlers.write(desk, MANAGER, at(record), arabic, key())
    changed = service(name={"fr": "Autre", "ar": "حصة"})
    handlers.write(desk, MANAGER, at(record), changed, key())
    assert tasks(desk) == [("review", "s2", None), ("translate", "s1", None)]
    with pytest.raises(NotAllowed):
        freshness.list_tasks(desk, actor("manager", "la-marsa"), "raoued")


def test_an_article_with_its_links_and_numbers_grows_old_too(desk: Desk, clock: FrozenClock, mongo_db: Any) -> None:
    """A year after somebody looked: an event, and something to do; until somebody looks at all it is to be verified."""
    content = complete("article", {"title": {"fr": "La santé"}, "links": [{"id": "l", "website": "https://x.test"}]})
    made = handlers.publish_new(desk, MANAGER, New("article", "a1", "raoued", None), content, key())
    assert tasks(desk) == [("verify", "a1", None)]
    handlers.verify(desk, EDITOR, at(made), None, key())
    assert tasks(desk) == []
    clock.advance(days=365)
    assert (freshness.expire(desk), tasks(desk)) == (1, [("verify", "a1", "2027-11-24")])
    assert mongo_db["articles"].find_one()["outbox"][-1]["type"] == "tn.imigr.directory.article.expired.v1"


def test_nobody_has_looked_tomorrow(desk: Desk) -> None:
    """A day to come is refused."""
    record = published(desk)
    with pytest.raises(Invalid):
        handlers.verify(desk, EDITOR, at(record), (NOW + timedelta(days=1)).date(), key())


class Web(BaseHTTPRequestHandler):
    """A small web: a page, a page that is gone, circles, a way into our own network, and one that never ends."""

    def do_GET(self) -> None:
        """By path."""
        if self.path == "/slow":
            self.connection.settimeout(10)
            try:
                while True:
                    self.connection.sendall(b" ")
                    time.sleep(0.05)
            except OSError:
                return
        moved = {
            "/moved": "/page",
            "/circle": "/circle",
            "/inside": "http://inside.test/",
            "/file": "file:///etc/passwd",
        }
        status = {"/gone": 404, "/broken": 500, "/members": 403}.get(self.path, 200)
        self.send_response(302 if self.path in moved else status)
        if self.path in moved:
            self.send_header("Location", moved[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where the small web listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def look(port: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Outcome]:
    """A look at the small web, whose own address alone counts as public."""
    real = fetching.is_public
    monkeypatch.setattr(fetching, "is_public", lambda one: one == "127.0.0.1" or real(one))
    hosts = {"web.test": ["127.0.0.1"], "inside.test": ["10.0.0.5"]}

    def resolve(host: str) -> list[str]:
        if host not in hosts:
            raise socket.gaierror(host)
        return hosts[host]

    return lambda path: fetching.look(
        path if "://" in path else f"http://web.test:{port}{path}", resolve=resolve, ports={"http": port}
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/page", "ok"),
        ("/moved", "ok"),
        ("/members", "refused"),
        ("/gone", "gone"),
        ("/broken", "server_error"),
        ("/circle", "too_many_redirects"),
        ("/inside", "private_address"),
        ("/file", "unfit_address"),
        ("http://nowhere.test/", "no_such_host"),
        ("ftp://web.test/", "unfit_address"),
        ("http://[::1", "unfit_address"),
    ],
)
def test_what_a_look_shows(look: Callable[[str], Outcome], path: str, reason: str) -> None:
    """One word of a closed list."""
    assert look(path).reason == reason


def test_a_look_ends_in_time(look: Callable[[str], Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the other side sends a letter now and then, for ever."""
    monkeypatch.setattr(fetching, "SECONDS", 1.0)
    began = time.monotonic()
    assert look("/slow").reason == "no_answer"
    assert time.monotonic() - began < 4


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1", "224.0.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_our_own_networks_are_never_asked(address: str) -> None:
    """Whatever clothes they wear; the name leads nowhere although it resolves."""
    assert not fetching.is_public(address)
    asked = fetching.look("http://name.test/", resolve=lambda _: [address] if address else [])
    assert asked.reason == "private_address"
    assert fetching.look("http://name.test/", resolve=lambda _: ["8.8.8.8", address]).reason == "private_address"


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_addresses_of_the_internet_are(address: str) -> None:
    """So that the rule is not simply no."""
    assert fetching.is_public(address)


def test_a_link_breaks_after_two_bad_days_and_is_told_once(desk: Desk, clock: FrozenClock, mongo_db: Any) -> None:
    """And again when it is mended; each address is looked at once for all records that name it."""
    ensure_indexes(mongo_db, INDEXES)
    outcome = [Outcome("gone", 404)]
    asked: list[str] = []

    def look(website: str) -> Outcome:
        asked.append(website)
        return outcome[0]

    store = MongoLinks(mongo_db, Stamp("directory", "test", clock, new_id))
    watch = links.Watch(desk.records, store, look, clock)  # type: ignore[arg-type]  # the port of use cases is smaller
    for number in ("s1", "s2"):
        new = New("service", number, "raoued", None)
        handlers.publish_new(desk, MANAGER, new, service(website="https://example.org/x"), key())
    assert links.follow(watch) == 1
    assert (links.look_at_due(watch), links.look_at_due(watch)) == (1, 0)
    assert links.list_broken(watch, EDITOR, "raoued") == []
    clock.advance(days=1)
    links.look_at_due(watch)
    [broken] = links.list_broken(watch, EDITOR, "raoued")
    assert (broken.state, broken.users) == (BROKEN, ("service/s1", "service/s2"))
    outcome[0] = Outcome("ok", 200)
    clock.advance(days=1)
    links.look_at_due(watch)
    row = mongo_db[LINKS].find_one()
    assert row["state"] == GOOD
    assert [(event["type"], event["sequence"]) for event in row["outbox"]] == [
        ("tn.imigr.directory.link.broken.v1", 1),
        ("tn.imigr.directory.link.mended.v1", 2),
    ]
    assert asked == ["https://example.org/x"] * 3


def test_what_nobody_names_any_more_is_not_looked_at(desk: Desk, clock: FrozenClock, mongo_db: Any) -> None:
    """And is due at once when somebody names it again."""
    store = MongoLinks(mongo_db, Stamp("directory", "test", clock, new_id))
    found = links.named([])
    link = Link("x", "https://example.org", "raoued", ("service/s1",))
    store.follow({"x": link}, clock.now())
    store.follow(found, clock.now())
    assert store.take_due(clock.now()) is None
    store.follow({"x": link}, clock.now())
    assert store.take_due(clock.now()) is not None
