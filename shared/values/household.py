"""What is counted as one caller."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# An IPv6 caller has at least this many bits of network all to itself.
V6_NETWORK = 64


def plain(address: str) -> IPv4Address | IPv6Address | None:
    """An address as it is meant: without its zone, IPv4 also inside IPv6; None for what is none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


@lru_cache(4096)
def household(address: str) -> str:
    """An IPv4 address, or the network that an IPv6 caller owns; what is no address, as it came."""
    found = plain(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, V6_NETWORK), strict=False))
    return address if found is None else str(found)
