"""Who asks, for every limit: what a client writes itself is never believed, and nobody is nobody."""

from __future__ import annotations

import pytest

from imigr_gateway.asking import UNKNOWN, around, as_networks, source_of

PROXY = as_networks("127.0.0.1, 172.28.5.0/24, fd00::/64")


@pytest.mark.parametrize(
    ("remote", "forwarded", "source"),
    [
        ("41.226.7.7", None, "41.226.7.7/32"),
        ("41.226.7.7", "8.8.8.8", "41.226.7.7/32"),
        ("172.28.5.9", "41.226.7.7", "41.226.7.7/32"),
        ("172.28.5.9", "8.8.8.8, 41.226.7.7", "41.226.7.7/32"),
        ("172.28.5.9", "8.8.8.8, 41.226.7.7 , 172.28.5.3", "41.226.7.7/32"),
        ("172.28.5.9", "192.168.1.7", "192.168.1.7/32"),
        ("::ffff:172.28.5.9", "::ffff:41.226.7.7", "41.226.7.7/32"),
        ("172.28.5.9", "2c0f:f698:1:2:3:4:5:6", "2c0f:f698:1:2::/64"),
        ("fd00::1", "2c0f:f698:1:2:ffff::1", "2c0f:f698:1:2::/64"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_is_who_asks(
    remote: str, forwarded: str | None, source: str
) -> None:
    """Private addresses count like any other: a town hall's own network is a source."""
    assert source_of(remote, forwarded, PROXY) == source


@pytest.mark.parametrize(
    ("remote", "forwarded"),
    [
        (None, None),
        ("", "41.226.7.7"),
        ("unix:", "41.226.7.7"),
        ("172.28.5.9", None),
        ("172.28.5.9", ""),
        ("172.28.5.9", "127.0.0.1"),
        ("172.28.5.9", "41.226.7.7, nonsense"),
        ("172.28.5.9", "41.226.7.7:1234"),
        ("172.28.5.9", "fe80::1%eth0"),
    ],
)
def test_what_cannot_be_told_is_one_source_for_all(remote: str | None, forwarded: str | None) -> None:
    """So no limit can be passed by making oneself unknown."""
    assert source_of(remote, forwarded, PROXY) == UNKNOWN


def test_without_a_trusted_proxy_the_header_says_nothing() -> None:
    """The default."""
    assert source_of("10.0.0.1", "41.226.7.7", ()) == "10.0.0.1/32"


def test_the_wider_network_is_what_one_customer_rents() -> None:
    """/24 and /48."""
    assert around("41.226.7.7/32") == "41.226.7.0/24"
    assert around("2c0f:f698:1:2::/64") == "2c0f:f698:1::/48"
    assert around(UNKNOWN) == UNKNOWN
