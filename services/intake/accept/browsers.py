"""Browsers in which a receipt of ours was seen: a signed cookie, and nothing stored.

It opens nothing. Who holds it is no stranger: what others in the same household guess does not put
them off. Its name follows from the receipt, so that one receipt makes one name, however often it is
looked at.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.values import clock
from shared.values.seal import Seal
from shared.web.endpoints import Call
from shared.web.replies import Cookie

COOKIE = "mashang_seen"
KNOWN_FOR = timedelta(days=180)
_COOKIE = re.compile(r"([0-9a-f]{32})\.([0-9]{10})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True)
class Browsers:
    """Knows them again."""

    seal: Seal = field(repr=False)

    def known(self, call: Call[Any, Any]) -> str:
        """The browser's name; nothing for a stranger."""
        found = _COOKIE.fullmatch(call.cookies.get(COOKIE, ""))
        if found is None or not hmac.compare_digest(self._mark(found[1], found[2]), found[3]):
            return ""
        return found[1] if clock.now().timestamp() < int(found[2]) else ""

    def remember(self, call: Call[Any, Any], code: str) -> tuple[Cookie, ...]:
        """What the browser keeps that is shown a genuine receipt; one that is known keeps its."""
        if self.known(call):
            return ()
        name, until = self.seal.index(f"seen:{code}"), int((clock.now() + KNOWN_FOR).timestamp())
        token, seconds = f"{name}.{until}.{self._mark(name, str(until))}", KNOWN_FOR.total_seconds()
        return (Cookie(COOKIE, token, same_site="Lax", max_age=int(seconds)),)

    def _mark(self, name: str, until: str) -> str:
        return self.seal.index(f"browser:{name}:{until}")
