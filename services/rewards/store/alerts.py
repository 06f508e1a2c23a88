"""When somebody was told of unpaid rewards that are nearly late; only added to."""

from datetime import datetime

from services.rewards.rules.alerts import Alert, Span
from services.rewards.rules.causes import OPEN
from shared.db import Connection

_OPEN = ", ".join(f"'{state}'" for state in OPEN)
_FIRST = f"""
    SELECT min(due_at) FROM rewards WHERE state IN ({_OPEN}) AND due_at > $1 AND due_at <= $2
"""  # noqa: S608  the states are the rules' own
_LAST = """
    SELECT alert_id, due_at, until_at, alerted_at FROM alerts ORDER BY alerted_at DESC LIMIT 1
"""


async def lock(conn: Connection) -> None:
    """One instance looks at a time, so that two do not tell the same."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('alerts'))")


async def get_last(conn: Connection) -> Alert | None:
    """The newest."""
    row = await conn.fetchrow(_LAST)
    return Alert(**dict(row)) if row else None


async def get_first_due(conn: Connection, span: Span) -> datetime | None:
    """When the first unpaid reward of these is due; None where all is paid."""
    due_at: datetime | None = await conn.fetchval(_FIRST, span.since, span.until)
    return due_at


async def add(conn: Connection, alert: Alert) -> None:
    """Keep it."""
    await conn.execute(
        "INSERT INTO alerts (alert_id, due_at, until_at, alerted_at) VALUES ($1, $2, $3, $4)",
        alert.alert_id, alert.due_at, alert.until_at, alert.alerted_at,
    )  # fmt: skip
