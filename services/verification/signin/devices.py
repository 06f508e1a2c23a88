"""Browsers in which somebody has signed in before: a signed cookie a name, and nothing stored.

It opens nothing. Who holds it for a name is no stranger: guesses of others do not lock them out,
and they do not wait behind others.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from services.verification.signin.rules import DEVICE_KNOWN_FOR
from shared.values import clock
from shared.web.replies import Cookie
from shared.web.session import cookie_name


@dataclass(frozen=True)
class Devices:
    """`seed` is the service's own; what is signed here serves for nothing else."""

    seed: bytes
    secure: bool

    def known(self, username: str, cookies: Mapping[str, str]) -> str:
        """The device's name where this browser is known for the operator; else nothing."""
        device, _, rest = cookies.get(self._cookie(username), "").partition(".")
        until, _, mac = rest.partition(".")
        wanted = self._mac(f"{username}\n{device}\n{until}")
        if not hmac.compare_digest(wanted.encode(), mac.encode()):
            return ""
        return device if clock.now().timestamp() < int(until) else ""

    def remember(self, username: str, device: str) -> Cookie:
        """The cookie after a success; a browser that was known keeps its name."""
        device = device or secrets.token_urlsafe(12)
        until = int((clock.now() + DEVICE_KNOWN_FOR).timestamp())
        mac = self._mac(f"{username}\n{device}\n{until}")
        seconds = int(DEVICE_KNOWN_FOR.total_seconds())
        name = self._cookie(username)
        return Cookie(name, f"{device}.{until}.{mac}", max_age=seconds)

    def _cookie(self, username: str) -> str:
        # Several operators share the computer of a window, and their names are not for its others.
        return cookie_name(f"mashang-device-{self._mac(username)[:12]}", secure=self.secure)

    def _mac(self, text: str) -> str:
        return hmac.new(self.seed, b"known device\n" + text.encode(), sha256).hexdigest()
