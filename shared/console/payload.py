"""What an event says, without what is sealed in it: the same on a page, in a command, on record."""

import json
from typing import Any

from shared.asyncapi import sealed

# What a screen bears; no event of ours is as long.
MOST = 20_000
# A blind index finds a phone again, so it is as little for reading as the phone.
_HIDDEN = "index"


def told(body: str) -> str | None:
    """The body as indented JSON, each sealed part replaced; None if it is no JSON object."""
    try:
        read = json.loads(body)
        if not isinstance(read, dict):
            return None
        return json.dumps(_without(read), ensure_ascii=False, indent=2)[:MOST]
    except (ValueError, RecursionError):
        return None


def subject(body: str) -> str:
    """What the event is about, if it says so."""
    try:
        found = json.loads(body).get("subject", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def _without(part: Any) -> Any:
    if isinstance(part, list):
        return [_without(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {name: _shown(name, value) for name, value in part.items()}


def _shown(name: str, value: Any) -> Any:
    hidden = sealed(name) or name == _HIDDEN or name.endswith(f"_{_HIDDEN}")
    return f"<{len(str(value))}>" if hidden and value is not None else _without(value)
