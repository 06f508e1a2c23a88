"""What citizens added to their submissions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.verification.casework.rules.cases import Case
from shared.db import Connection
from shared.events import FollowupReceived, SubmissionAdded


@dataclass(frozen=True)
class Addition:
    """What was added to a case's submission."""

    addition_id: UUID
    number: int
    words_sealed: str | None
    categories: tuple[str, ...]
    reasons: tuple[int, ...]
    officer_badge: str | None
    officer_typed_sealed: str | None
    attachments: tuple[str, ...]
    added_at: datetime
    why: str = "open"


_LISTS = ("categories", "reasons", "attachments")


async def add(
    conn: Connection, case_id: UUID, event: SubmissionAdded, words_sealed: str | None
) -> bool:
    """Add it to the case; False if it is there already. The words may be the case's own by now."""
    done = await conn.fetchval(
        """INSERT INTO case_additions (addition_id, case_id, number, words_sealed, categories,
               reasons, officer_badge, officer_typed_sealed, attachments, why, added_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           ON CONFLICT ON CONSTRAINT case_additions_pkey DO NOTHING RETURNING true""",
        event.addition_id, case_id, event.number, words_sealed, event.categories,
        event.reasons, event.officer_badge, event.officer_typed_sealed, event.attachments,
        event.why, event.added_at,
    )  # fmt: skip
    return bool(done)


async def add_followup(conn: Connection, case_id: UUID, event: FollowupReceived) -> bool:
    """The citizen's follow-up; False if it is there already."""
    done = await conn.fetchval(
        """INSERT INTO case_additions (addition_id, case_id, number, words_sealed, categories,
               reasons, attachments, why, added_at)
           VALUES ($1, $2, $3, $4, '{}', '{}', '{}', 'followup', $5)
           ON CONFLICT ON CONSTRAINT case_additions_pkey DO NOTHING RETURNING true""",
        event.followup_id, case_id, event.number, event.words_sealed, event.received_at,
    )  # fmt: skip
    return bool(done)


async def list_of(conn: Connection, case_id: UUID) -> list[Addition]:
    """What was added to a case, in the order of adding."""
    rows = await conn.fetch(
        """SELECT addition_id, number, words_sealed, categories, reasons, officer_badge,
                  officer_typed_sealed, attachments, added_at, why
           FROM case_additions WHERE case_id = $1 ORDER BY added_at, number""",
        case_id,
    )
    return [Addition(**dict(r) | {name: tuple(r[name]) for name in _LISTS}) for r in rows]


async def list_attachments(conn: Connection, case: Case) -> tuple[str, ...]:
    """Photos and recordings: those of the submission, then those that were added."""
    added = await list_of(conn, case.case_id)
    return (*case.attachments, *(name for one in added for name in one.attachments))
