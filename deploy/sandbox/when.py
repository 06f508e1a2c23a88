"""Time as the vendors print it. The sandbox always lives in real time, as a vendor does."""

import time
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def now() -> float:
    """Seconds since the epoch."""
    return time.time()


def utc_text(moment: float | None) -> str | None:
    """ISO 8601 with milliseconds and Z."""
    if moment is None:
        return None
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def china_text(moment: float | None) -> str:
    """Local time, seconds, no zone; empty when it has not happened."""
    return "" if moment is None else f"{datetime.fromtimestamp(moment, CHINA):%Y-%m-%d %H:%M:%S}"


def china_day(start: datetime) -> tuple[float, float]:
    """First moment of a day in China and of the next one."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=CHINA)
    return midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
