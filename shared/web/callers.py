"""Who calls: from which address, also behind proxies that are trusted, and what one may hold."""

import math
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from shared.config import Networks, Settings
from shared.errors import TooMany
from shared.values.household import household, plain

FORWARDED = "X-Forwarded-For"


@dataclass(frozen=True)
class Outside:
    """How the world reaches us.

    `secure` behind TLS; `proxies` whose X-Forwarded-For is believed; `most` connections (behind
    such a proxy: requests at a time) of one caller.
    """

    secure: bool = False
    proxies: Networks = ()
    most: int = 500

    @classmethod
    def of(cls, settings: Settings) -> "Outside":
        """As the settings say; of what a caller may hold each worker gives its part."""
        most = math.ceil(settings.most_connections / settings.workers)
        return cls(settings.secure_cookies, settings.trusted_proxies, most)

    def trusts(self, address: str) -> bool:
        """Whether it is one of the proxies."""
        found = plain(address)
        return found is not None and any(found in network for network in self.proxies)

    def caller(self, request: web.Request) -> str:
        """The address of whoever asks. What a caller writes about itself counts for nothing."""
        address = request.remote or ""
        if not self.proxies:
            return address
        hops = ",".join(request.headers.getall(FORWARDED, ())).split(",")
        while hops and self.trusts(address) and (hop := _address(hops.pop())):
            address = hop
        return address


# No proxy, no TLS: one's own machine.
BARE = Outside()


def _address(hop: str) -> str:
    """An address without the port that some proxies add; nothing if it is none."""
    hop = hop.strip()
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ip_address(hop))
    except ValueError:
        return ""


def believing(outside: Outside) -> Any:
    """A middleware: from here on `request.remote` is who asks, not the proxy."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(remote=outside.caller(request)))

    return middleware


def sharing(most: int) -> Any:
    """A middleware: a share for each caller, where connections say nothing of who holds them."""
    held: Counter[str] = Counter()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = household(request.remote or "")
        if held[caller] >= most:
            raise TooMany()
        held[caller] += 1
        try:
            return await handler(request)
        finally:
            held[caller] -= 1
            if not held[caller]:
                del held[caller]

    return middleware
