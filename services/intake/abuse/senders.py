"""From where somebody sends, as keyed hashes: neither an address nor a device is ever stored."""

import secrets
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from services.intake.abuse.rules import Sender
from shared.config import Networks
from shared.values.household import plain
from shared.values.seal import Seal
from shared.web.endpoints import Call
from shared.web.replies import Cookie

# Whoever has one IPv4 address can have its neighbours; with IPv6 a household owns this much.
V4, V6 = 24, 56
COOKIE = "mashang_device"
A_DAY = 86_400
_TOKEN = 22


def network(address: str) -> str | None:
    """The network around an address; None for what is none."""
    found = plain(address)
    if found is None:
        return None
    return str(ip_network((found, V4 if found.version == 4 else V6), strict=False))


class Senders:
    """Tells them. Who asks from an `uncounted` network is not counted at all.

    That is this machine itself: the demo, and a proxy that nobody named as trusted, behind which
    all citizens would look like one.
    """

    def __init__(self, seal: Seal, uncounted: Networks) -> None:
        self._seal, self._uncounted = seal, uncounted
        self._address = lru_cache(8192)(self._hashed)

    def of(self, call: Call[Any, Any]) -> Sender | None:
        """Who sends this; None if they are not counted."""
        hashed = self._address(call.remote)
        if hashed is None:
            return None
        token = call.cookies.get(COOKIE, "")
        known = len(token) == _TOKEN and token.isascii()
        return Sender(hashed, self._seal.index(f"device:{token}") if known else None)

    def _hashed(self, address: str) -> str | None:
        near = network(address)
        if near is None or self._is_uncounted(address):
            return None
        return self._seal.index(f"address:{near}")

    def _is_uncounted(self, address: str) -> bool:
        found = plain(address)
        return found is not None and any(found in one for one in self._uncounted)

    def mark(self, call: Call[Any, Any]) -> tuple[Cookie, ...]:
        """What a browser keeps for a day, so that many ratings from one device are seen as such."""
        if call.cookies.get(COOKIE):
            return ()
        token = secrets.token_urlsafe(16)
        return (Cookie(COOKIE, token, same_site="Lax", max_age=A_DAY),)
