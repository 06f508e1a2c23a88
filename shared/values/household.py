"""What is counted as one caller."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

# An IPv6 caller has at least this many bits of network all to itself.
V6_NETWORK = 64


@lru_cache(4096)
def household(address: str) -> str:
    """An IPv4 address, or the network that an IPv6 caller owns; what is no address, as it came."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ip_network((found, V6_NETWORK), strict=False))
    return str(found)
