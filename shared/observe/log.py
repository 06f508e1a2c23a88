"""JSON logs on stderr with an allow-list of fields, so that personal data cannot slip in by name.

A field that is not on the list is dropped and its name reported, so the mistake is seen. Long runs
of digits in error texts are masked, since a database or vendor may quote a value back.
"""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from shared.observe import trace

ALLOWED = frozenset(
    "event level timestamp service correlation_id error exception reason outcome"  # noqa: SIM905
    " event_type event_id case_id submission_id reward_id message_id order_id unit_code"
    " job task attempt attempts count size seconds state port host method route status"
    " vendor code queue version signal dropped_fields other_order_id submission_ids day soon"
    " unit_codes template_id added changed kind counter claim issuer worker".split()
)
_DIGITS = re.compile(r"\+?\d(?:[ -]?\d){8,}")

Fields = MutableMapping[str, Any]
LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass
class Loudness:
    """From which level on this process speaks: its usual one, or another until it ends."""

    usual: str = "info"
    chosen: str = ""
    ends: float = 0.0

    @property
    def level(self) -> str:
        """What holds now."""
        return self.chosen if time.time() < self.ends else self.usual

    def says(self, level: str) -> bool:
        """Whether a line of this level is written."""
        return LEVELS.index(level) >= LEVELS.index(self.level)


LOUDNESS = Loudness()


def change(level: str, ends: float) -> None:
    """Another level until `ends` (Unix time); afterwards the usual one, though nobody says so."""
    LOUDNESS.chosen, LOUDNESS.ends = level, ends


def configure(service: str, level: str = "info") -> None:
    """Set up structlog and route the standard library's warnings into it."""
    LOUDNESS.usual = level
    structlog.configure(
        processors=[
            _loud_enough,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _correlate,
            structlog.processors.format_exc_info,
            allow_listed,
            mask_digits,
            structlog.processors.JSONRenderer(serializer=orjson.dumps, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[0]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)


def get() -> structlog.typing.FilteringBoundLogger:
    """A logger; event names are in the past tense, values go into allow-listed fields."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def debug(event: str, **fields: object) -> None:
    """A line that is usually not wanted, and then costs next to nothing."""
    if LOUDNESS.chosen and LOUDNESS.says("debug"):
        get().debug(event, **fields)


def _loud_enough(_: Any, method: str, fields: Fields) -> Fields:
    if not LOUDNESS.says(method if method in LEVELS else "error"):
        raise structlog.DropEvent
    return fields


def allow_listed(_: Any, __: str, fields: Fields) -> Fields:
    """Drop what is not on the list, and say so."""
    dropped = fields.keys() - ALLOWED
    if not dropped:
        return fields
    kept = {key: value for key, value in fields.items() if key in ALLOWED}
    return kept | {"dropped_fields": sorted(dropped)}


def masked(text: str) -> str:
    """Without anything that looks like a phone number."""
    return _DIGITS.sub("…", text)


def mask_digits(_: Any, __: str, fields: Fields) -> Fields:
    """Mask anything that looks like a phone number in texts that others wrote."""
    for key in ("error", "exception", "reason"):
        if isinstance(fields.get(key), str):
            fields[key] = masked(fields[key])
    return fields


def _correlate(_: Any, __: str, fields: Fields) -> Fields:
    if correlation_id := trace.correlation_id():
        fields.setdefault("correlation_id", correlation_id)
    return fields


class _Bridge(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        get().warning("library warned", reason=f"{record.name}: {text}", exc_info=record.exc_info)
