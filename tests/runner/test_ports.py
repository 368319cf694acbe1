"""Ports: the standard one when free, another when not."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from imigr_local import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen(1)
        yield int(server.getsockname()[1])


def test_a_free_port_is_kept() -> None:
    """Whoever asks for a port that nobody has gets it."""
    wanted = ports.any_free()
    assert ports.choose({"gateway": wanted}) == {"gateway": wanted}


def test_a_taken_port_is_replaced_by_a_free_one(taken: int) -> None:
    """A second installation beside the first finds ports of its own."""
    chosen = ports.choose({"gateway": taken})["gateway"]
    assert chosen != taken
    assert ports.is_free(chosen)


def test_no_two_parts_get_the_same_port() -> None:
    """Two parts that ask for the same port, or for any, are kept apart."""
    wanted = ports.any_free()
    chosen = ports.choose({"one": wanted, "two": wanted, **{f"part{n}": 0 for n in range(20)}})
    assert chosen["one"] == wanted
    assert len(set(chosen.values())) == 22


def test_a_port_is_free_again_after_its_connections_have_closed() -> None:
    """A port that lingers in TIME_WAIT after `make down` is taken again by the next `make up`."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((ports.HOST, 0))
        server.listen(1)
        port = server.getsockname()[1]
        client = socket.create_connection((ports.HOST, port))
        peer, _ = server.accept()
        peer.close()
        client.close()
    assert ports.is_free(port)
