"""W3C trace context: one trace id from the citizen's request to the last service.

The trace id is the correlation id in logs. Spans are not exported yet; only the ids travel.
"""

import re
import secrets
from contextvars import ContextVar

_PATTERN = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def start(traceparent: str | None = None) -> str:
    """Continue the given trace, or begin a new one when it is missing or malformed."""
    value = traceparent if traceparent and _PATTERN.fullmatch(traceparent) else _fresh()
    _current.set(value)
    return value


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
