"""Two processes of the directory side by side, each with a copy in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imigr_kit.testing import wait_until

from .over_http import Site, running

SECONDS = 4.0


@pytest.fixture(scope="module")
def pair() -> Iterator[Site]:
    """The gateway before two processes, which answer in turn."""
    with running(2) as found:
        yield found


def names(site: Site, path: str) -> set[object]:
    """What both of them tell: their answers in turn."""
    return {site.ask(path).body.get("name") for _ in range(6)}


def test_what_one_has_written_is_seen_by_readers_of_the_other(pair: Site) -> None:
    """Within seconds in lists, pages and search; staff read it back at once, whichever answers."""
    made = pair.service("Quxifrel")
    path, address = f"services/{made.body['id']}", f"directory/services/{made.body['id']}"
    wait_until(lambda: names(pair, path) == {"Quxifrel"}, SECONDS, "both tell the new service")
    body = {"content": {"name": {"fr": "Blomdryk"}, "taxonomy": ["legal"]}, "state": "published"}
    written = pair.put(address, body, headers=made.etag)
    for _ in range(6):
        read = pair.staff(address)
        assert (read.body["revision"], read.body["content"]["name"]["fr"]) == (written.body["revision"], "Blomdryk")
        assert pair.staff(f"{address}/versions").body["items"][0]["version"] == written.body["version"]
    wait_until(lambda: names(pair, path) == {"Blomdryk"}, SECONDS, "both tell the other name")

    def totals() -> set[int]:
        return {pair.ask("services?q=blomdryk").body["total"] for _ in range(6)}

    wait_until(lambda: totals() == {1}, SECONDS, "both find it")
    assert pair.post(f"{address}/withdraw", headers=written.etag).status == 200
    wait_until(lambda: totals() == {0}, SECONDS, "neither finds it any more")
    assert names(pair, path) == {None}


def test_a_command_repeated_to_the_other_process_is_done_once(pair: Site) -> None:
    """The key is known wherever it arrives."""
    headers = {"Idempotency-Key": "the-same-key"}
    body = {"content": {"name": {"fr": "Un seul"}, "taxonomy": ["legal"]}, "state": "published"}
    answers = [pair.post("directory/services", body, headers=headers) for _ in range(4)]
    assert {one.status for one in answers} == {201}
    assert len({one.body["id"] for one in answers}) == 1
