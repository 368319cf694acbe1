"""Who asks: the one place that tells the source of a request on the network, for every limit.

Whoever stands before the gateway may write what they like into X-Forwarded-For, so an entry counts only when a trusted
proxy has added it: from the right, the first one that no trusted proxy is. A household or a script with IPv6 has a
whole /64, so that is one source. What cannot be told is one source for all (``UNKNOWN``), never none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
SOURCE_BITS = {4: 32, 6: 64}
AROUND_BITS = {4: 24, 6: 48}
"""What one customer of a provider gets at most, or what is rented together."""
MOST_HOPS = 20


def as_networks(text: str) -> tuple[Network, ...]:
    """Networks by comma, such as ``127.0.0.1/32,172.28.5.0/24``; an address alone is a network of one."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


def source_of(remote: str | None, forwarded: str | None, trusted: Sequence[Network]) -> str:
    """Who asks: an IPv4 address, the /64 of an IPv6 address, or UNKNOWN. ``remote`` is the other end of the connection
    and ``forwarded`` the header X-Forwarded-For."""
    hops = [*(forwarded or "").split(",")[-MOST_HOPS:], remote or ""]
    for hop in reversed(hops):
        address = _address(hop.strip())
        if address is None:
            return UNKNOWN
        if not _is_among(address, trusted):
            return _prefix(address, SOURCE_BITS)
    return UNKNOWN


def around(source: str) -> str:
    """The wider network of a source: its /24 or /48. UNKNOWN lies in itself."""
    if source == UNKNOWN:
        return UNKNOWN
    return _prefix(ip_network(source).network_address, AROUND_BITS)


def _prefix(address: Address, bits: dict[int, int]) -> str:
    return str(ip_network((address, bits[address.version]), strict=False))


def _is_among(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    """IPv4 in IPv6's clothes is IPv4; a zone, a port or nonsense is no address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return None
        return found.ipv4_mapped or found
    return found
