"""Phones to ask the vendors about, and those that they refuse."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from shared.db import Connection


@dataclass(frozen=True)
class Check:
    """A phone that nobody has judged yet; `asked` counts the looks that brought no answer."""

    submission_id: UUID
    phone_sealed: str = field(repr=False)
    phone_index: str
    asked: int = 0
    traceparent: str | None = None


_ADD = """
    INSERT INTO phone_checks (submission_id, phone_sealed, phone_index, traceparent)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT ON CONSTRAINT phone_checks_pkey DO UPDATE SET
        phone_sealed = $2, phone_index = $3, traceparent = $4, asked = 0, check_at = mashang_now()
"""
_CLAIM = """
    UPDATE phone_checks SET asked = asked + 1, check_at = mashang_now() + $1
    WHERE submission_id IN (SELECT submission_id FROM phone_checks WHERE check_at <= mashang_now()
                            ORDER BY check_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING submission_id, phone_sealed, phone_index, asked, traceparent
"""
_REFUSE = """
    INSERT INTO refused_phones (submission_id, phone_index, code, refused_at)
    VALUES ($1, $2, $3, $4) ON CONFLICT ON CONSTRAINT refused_phones_pkey DO NOTHING RETURNING true
"""


async def add(conn: Connection, check: Check) -> None:
    """A phone to ask about, in place of the submission's one before."""
    told = (check.phone_sealed, check.phone_index, check.traceparent)
    await conn.execute(_ADD, check.submission_id, *told)


async def claim(conn: Connection, lease: timedelta, limit: int) -> list[Check]:
    """Those that are due, leased; others skip them."""
    return [Check(**dict(row)) for row in await conn.fetch(_CLAIM, lease, limit)]


async def put_off(conn: Connection, check: Check, wait: timedelta) -> None:
    """Ask again later, if it is still this phone's turn."""
    await conn.execute(
        """UPDATE phone_checks SET check_at = mashang_now() + $3
           WHERE submission_id = $1 AND phone_index = $2""",
        check.submission_id, check.phone_index, wait,
    )  # fmt: skip


async def remove(conn: Connection, check: Check) -> bool:
    """It is judged, and no longer kept; False if it was so before, or another came instead."""
    done = await conn.fetchval(
        """DELETE FROM phone_checks WHERE submission_id = $1 AND phone_index = $2
           RETURNING true""",
        check.submission_id, check.phone_index,
    )  # fmt: skip
    return done is True


async def refuse(
    conn: Connection, submission_id: UUID, phone_index: str, code: str, now: datetime
) -> bool:
    """Keep that no vendor tops it up; False if that was known."""
    return await conn.fetchval(_REFUSE, submission_id, phone_index, code, now) is True


async def is_refused(conn: Connection, submission_id: UUID, phone_index: str | None) -> bool:
    """Whether that is known."""
    known: bool = await conn.fetchval(
        """SELECT EXISTS (SELECT FROM refused_phones
                          WHERE submission_id = $1 AND phone_index = $2)""",
        submission_id, phone_index,
    )  # fmt: skip
    return known
