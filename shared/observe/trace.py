"""W3C trace context: one trace id from the citizen's request to the last service.

The trace id is the correlation id in logs. What was done in a trace, and for how long, is told by
`spans`, where somebody listens.
"""

import re
import secrets
from contextvars import ContextVar, Token

_PATTERN = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def start(traceparent: str | None = None) -> str:
    """Continue the given trace, or begin a new one when it is missing or malformed."""
    value = known(traceparent) or _fresh()
    _current.set(value)
    return value


def known(traceparent: str | None) -> str | None:
    """The same if it can be continued, else None."""
    return traceparent if traceparent and _PATTERN.fullmatch(traceparent) else None


def swap(traceparent: str) -> Token[str | None]:
    """This task goes on in it, until `swap_back`."""
    return _current.set(traceparent)


def swap_back(before: Token[str | None]) -> None:
    """As it was before `swap`."""
    _current.reset(before)


def current() -> str:
    """The traceparent of this task; begins one if there is none."""
    return _current.get() or start()


def correlation_id() -> str | None:
    """The trace id of this task, 32 hex digits, or None outside any trace."""
    value = _current.get()
    return value.split("-")[1] if value else None


def _fresh() -> str:
    ids = secrets.token_hex(24)  # asked for once: the kernel's dice cost more than the slicing
    return f"00-{ids[:32]}-{ids[32:]}-01"
