"""What citizens say of an answer, beside the time line that tells of it."""

from datetime import datetime
from uuid import UUID

from shared.db import Connection


async def lock(conn: Connection, submission_id: UUID) -> None:
    """Whatever is said of a submission is said one thing after another, until the transaction ends.

    No row can be locked, as nobody may change a submission.
    """
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('said ' || $1, 0))", str(submission_id)
    )


async def add_followup(
    conn: Connection,
    followup_id: UUID,
    submission_id: UUID,
    number: int,
    words_sealed: str,
    at: datetime,
) -> None:
    """A follow-up; the number is the next of its submission."""
    await conn.execute(
        """INSERT INTO followups (id, submission_id, number, words_sealed, received_at)
           VALUES ($1, $2, $3, $4, $5)""",
        followup_id, submission_id, number, words_sealed, at,
    )  # fmt: skip


async def add_pressure(
    conn: Connection, pressure_id: UUID, submission_id: UUID, at: datetime
) -> None:
    """That somebody was pressed; not how."""
    await conn.execute(
        "INSERT INTO pressures (id, submission_id, reported_at) VALUES ($1, $2, $3)",
        pressure_id, submission_id, at,
    )  # fmt: skip


async def count_pressures(conn: Connection, submission_id: UUID, since: datetime) -> int:
    """How many reports there were of late."""
    return int(
        await conn.fetchval(
            "SELECT count(*) FROM pressures WHERE submission_id = $1 AND reported_at > $2",
            submission_id, since,
        )
    )  # fmt: skip
