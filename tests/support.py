"""What tests of every service use: a movable clock, captured logs. No fake database or broker."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog

from shared import policy
from shared.life import settle
from shared.observe import log
from shared.values import clock

CODE_KEYS = "1:" + "A" * 43 + "="
INDEX_KEY = "B" * 43 + "="
# A key of its own for each purpose: what opens under a wrong one would show.
SEAL_KEYS = {
    "seal_keys_phone": "1:" + "C" * 43 + "=",
    "seal_keys_words": "1:" + "D" * 43 + "=",
    "seal_keys_answer": "1:" + "E" * 43 + "=",
    "seal_keys_note": "1:" + "F" * 43 + "=",
    "seal_keys_photo": "1:" + "G" * 43 + "=",
}


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as they stand in the environment."""
    return {f"MASHANG_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make `clock.now()` start at `moment` and run on from there."""
    clock.set_offset(moment - datetime.now(moment.tzinfo))
    try:
        yield
    finally:
        clock.set_offset(moment - moment)


@contextmanager
def living_by(file: Path) -> Iterator[policy.Policy]:
    """Be a city of this policy: its zone, language and country, until the block ends."""
    policies = policy.load(file)
    settle(policies)
    try:
        yield policies.editions[-1]
    finally:
        settle(policy.load(Path("deploy/policy.toml")))


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


@contextmanager
def louder() -> Iterator[None]:
    """Lines of the level debug are written, as when somebody asked for them at run time."""
    log.change("debug", time.time() + 3600)
    try:
        yield
    finally:
        log.change("", 0.0)
