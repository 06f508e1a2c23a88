"""JSON log lines as a person reads them: when, how bad, who, what, and the main fields."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.observe.log import LEVELS as LEVELS

# What stands in front of the line, or helps only a program.
_ASIDE = {"timestamp", "level", "service", "event", "correlation_id", "exception"}
# `ValueError: …`, `scoring: MASHANG_HTTP_PORT: …`: how a process that dies says why.
_LAST_WORDS = re.compile(r"[\w.]+: ")


@dataclass(frozen=True)
class Entry:
    """One line of a log. `at` is None for what was printed past the logger."""

    at: datetime | None
    level: str
    service: str
    event: str
    fields: str = ""

    def is_at_least(self, level: str) -> bool:
        """Whether it is as bad as `level`, or worse."""
        return LEVELS.index(self.level) >= LEVELS.index(level)

    def __str__(self) -> str:
        return f"{self.level:<8} {self.service:<13} {self.event}  {self.fields}".rstrip()


def read(line: str, service: str) -> Entry:
    """A line of a service's log; anything but JSON counts as printed."""
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["timestamp"])
    except (ValueError, TypeError, KeyError):
        return _printed(line, service)
    level = told.get("level", "info")
    return Entry(
        at=at,
        level=level if level in LEVELS else "info",
        service=one_line(told.get("service", service)),
        event=one_line(told.get("event", "")),
        fields=" ".join(_fields(told)),
    )


def _printed(line: str, service: str) -> Entry:
    level = "error" if _LAST_WORDS.match(line) else "info"
    return Entry(None, level, service, one_line(line))


def _fields(told: dict[str, Any]) -> Iterator[str]:
    for name, value in told.items():
        if name not in _ASIDE:
            yield f"{name}={one_line(value)}"
    if told.get("exception") and not told.get("error"):
        yield f"exception={one_line(str(told['exception']).strip().splitlines()[-1])}"


def shown(text: str) -> str:
    """Several lines for a screen: what would move the cursor, colour or turn them is escaped.

    JSON stays the same JSON.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else json.dumps(c)[1:-1] for c in text)


def one_line(value: object, most: int = 300) -> str:
    """Without line ends or control characters, and not endless."""
    text = " ".join(str(value).split())
    text = "".join(character if character.isprintable() else "·" for character in text)
    return text if len(text) <= most else f"{text[:most]}…"
