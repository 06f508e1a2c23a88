"""The repeat key of a form that is opened twice: reloaded, gone back to, or in a second tab.

For ten minutes a browser gets the same key for the same window and kind. So what is sent from a
page that was sent already is no second case, without script too; where it differs, it is asked
whether a second one is meant. After that the same rating is another visit.
"""

import re
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

from shared.web.endpoints import Call
from shared.web.replies import Cookie

COOKIE = "mashang_form"
KEPT = timedelta(minutes=10)
_SECRET = re.compile(r"[\w-]{32}", re.ASCII)


def key_of(call: Call[Any, Any]) -> tuple[str, tuple[Cookie, ...]]:
    """The key of the form at an address, and the cookie that brings it back."""
    known = call.cookies.get(COOKIE, "")
    secret = known if _SECRET.fullmatch(known) else secrets.token_urlsafe(24)
    place = call.address.partition("?")[0]
    key = urlsafe_b64encode(sha256(f"{secret}\n{place}".encode()).digest()[:24]).decode()
    if secret == known:
        return key, ()
    seconds = int(KEPT.total_seconds())
    return key, (Cookie(COOKIE, secret, same_site="Lax", max_age=seconds),)
