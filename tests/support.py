"""What tests of every service use: a movable clock, captured logs. No fake database or broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from shared.observe import log
from shared.values import clock

SEAL_KEYS = "1:" + "A" * 43 + "="
INDEX_KEY = "B" * 43 + "="


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make `clock.now()` start at `moment` and run on from there."""
    clock.set_offset(moment - datetime.now(moment.tzinfo))
    try:
        yield
    finally:
        clock.set_offset(moment - moment)


@contextmanager
def captured_logs() -> Iterator[list[structlog.typing.EventDict]]:
    """The log entries written inside the block, after the allow-list."""
    capture = structlog.testing.LogCapture()
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            log.allow_listed,
            log.mask_digits,
            capture,
        ],
        cache_logger_on_first_use=False,
    )
    try:
        yield capture.entries
    finally:
        structlog.configure(**before)
