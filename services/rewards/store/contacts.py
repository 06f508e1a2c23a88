"""Phones bound after sending, and the verdicts that wait for one."""

from datetime import datetime
from uuid import UUID

from shared.db import Connection
from shared.events import CaseVerified, ContactBound

_ADD = """
    INSERT INTO contacts (submission_id, phone_sealed, phone_index, bound_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT ON CONSTRAINT contacts_pkey DO UPDATE SET
        (phone_sealed, phone_index, bound_at) = ($2, $3, $4)
    WHERE contacts.bound_at < $4 RETURNING true
"""


async def add(conn: Connection, event: ContactBound) -> bool:
    """Keep a phone; False if the submission has one that was bound later, or this one."""
    row = (event.submission_id, event.phone_sealed, event.phone_index, event.bound_at)
    return await conn.fetchval(_ADD, *row) is True


async def get(conn: Connection, submission_id: UUID) -> ContactBound | None:
    """The phone bound to a submission, if there is one."""
    row = await conn.fetchrow(
        """SELECT submission_id, phone_sealed, phone_index, bound_at
           FROM contacts WHERE submission_id = $1""",
        submission_id,
    )
    return ContactBound(**dict(row)) if row else None


async def mark_waiting(conn: Connection, event: CaseVerified, *, waits: bool) -> None:
    """Keep the newest verdict of a case for as long as it waits for a phone, and no longer."""
    told = event.model_dump(mode="json", exclude={"answer_sealed"}) | {"answer_sealed": None}
    await conn.execute(
        """UPDATE verdicts SET submission_id = $2, waiting = $3, received_at = $4
           WHERE case_id = $1""",
        event.case_id,
        event.submission_id,
        told if waits else None,
        event.received_at,
    )


async def get_received(conn: Connection, case_id: UUID) -> datetime | None:
    """When the case was received, by whose policy it is judged; None of cases of before."""
    at: datetime | None = await conn.fetchval(
        "SELECT received_at FROM verdicts WHERE case_id = $1", case_id
    )
    return at


async def get_waiting(conn: Connection, submission_id: UUID) -> CaseVerified | None:
    """The verdict that waits for the phone of a submission, if one does."""
    told = await conn.fetchval(
        "SELECT waiting FROM verdicts WHERE submission_id = $1 AND waiting IS NOT NULL",
        submission_id,
    )
    return CaseVerified.model_validate(told) if told else None
