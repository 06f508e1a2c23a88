"""What came beside the words: one row a photo or recording; the sealed file lies in the storage.

A row belongs to the key it came under, by what is stored of it: that of a submission (the hash of
its receipt) or of an addition, also before there is one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from shared.db import Connection

Kind = Literal["photo", "voice"]
# What nobody has sent so far: no submission has this receipt, and no addition this key.
_UNSENT = """
    NOT EXISTS (SELECT FROM submissions s WHERE s.receipt_hash = a.receipt_hash)
    AND NOT EXISTS (SELECT FROM additions d WHERE d.key_hash = a.receipt_hash)
"""
# What was sent once stays so: it is not looked at again.
_MARK_ORPHANS = f"""
    WITH looked AS (
        SELECT attachment_id, {_UNSENT} AS unsent FROM attachments a
        WHERE erased_at IS NULL AND NOT sent AND created_at < (SELECT mashang_now()) - $1::interval
        ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    UPDATE attachments a SET sent = NOT unsent, erased_at = CASE WHEN unsent THEN mashang_now() END
    FROM looked WHERE a.attachment_id = looked.attachment_id RETURNING a.attachment_id
"""  # noqa: S608
_TAKE_OUT = f"""
    UPDATE attachments a SET erased_at = mashang_now()
    WHERE receipt_hash = $1 AND kind || '/' || attachment_id = ANY($2) AND erased_at IS NULL
      AND {_UNSENT}
"""  # noqa: S608
_LIST_TAKEN_OUT = f"""
    SELECT attachment_id FROM attachments a
    WHERE receipt_hash = $1 AND erased_at IS NOT NULL AND {_UNSENT}
"""  # noqa: S608
_COLUMNS = "attachment_id, receipt_hash, kind, size, created_at, erased_at"
_LIST = f"""
    SELECT {_COLUMNS} FROM attachments WHERE receipt_hash = $1 ORDER BY created_at, attachment_id
"""  # noqa: S608
_LIST_OF_SUBMISSION = f"""
    SELECT {_COLUMNS} FROM attachments WHERE receipt_hash = ANY (ARRAY(
        SELECT receipt_hash FROM submissions WHERE id = $1
        UNION ALL SELECT key_hash FROM additions WHERE submission_id = $1))
    ORDER BY created_at, attachment_id
"""  # noqa: S608
_LIST_ERASED = f"""
    SELECT {_COLUMNS} FROM attachments WHERE erased_at IS NOT NULL AND removed_at IS NULL
    ORDER BY erased_at LIMIT $1
"""  # noqa: S608


class Attachment(NamedTuple):
    """One photo or recording."""

    attachment_id: UUID
    receipt_hash: bytes
    kind: Kind
    size: int
    created_at: datetime
    erased_at: datetime | None

    @property
    def name(self) -> str:
        """What events and the storage call it."""
        return name_of(self.kind, self.attachment_id)


def name_of(kind: Kind, attachment_id: UUID) -> str:
    """`photo/0193…`"""
    return f"{kind}/{attachment_id}"


async def lock(conn: Connection, receipt_hash: bytes) -> None:
    """One at a time for each receipt, so that nobody counts past the limit."""
    number = int.from_bytes(receipt_hash[:8], "big", signed=True)
    await conn.execute("SELECT pg_advisory_xact_lock($1)", number)


async def add(
    conn: Connection, attachment_id: UUID, receipt_hash: bytes, kind: Kind, size: int
) -> None:
    """Note one that is about to be stored."""
    await conn.execute(
        "INSERT INTO attachments (attachment_id, receipt_hash, kind, size) VALUES ($1, $2, $3, $4)",
        attachment_id, receipt_hash, kind, size,
    )  # fmt: skip


async def list_of(conn: Connection, receipt_hash: bytes) -> list[Attachment]:
    """A receipt's, in the order in which they came."""
    return [Attachment(*row) for row in await conn.fetch(_LIST, receipt_hash)]


async def list_of_submission(conn: Connection, submission_id: UUID) -> list[Attachment]:
    """Those that came with a submission, and with everything that was added to it."""
    return [Attachment(*row) for row in await conn.fetch(_LIST_OF_SUBMISSION, submission_id)]


async def are_there(conn: Connection, receipt_hash: bytes, names: Sequence[str]) -> bool:
    """Whether all of these came under a key, and none has been erased since."""
    came = await list_of(conn, receipt_hash)
    return set(names) <= {one.name for one in came if one.erased_at is None}


async def take_out(conn: Connection, receipt_hash: bytes, names: Sequence[str]) -> None:
    """Let go of those of a key that a form is sent without, while nothing was sent under it."""
    await conn.execute(_TAKE_OUT, receipt_hash, names)


async def list_taken_out(conn: Connection, receipt_hash: bytes) -> set[UUID]:
    """What a key had and has no more; of what was sent, nothing is ever taken out."""
    return {row["attachment_id"] for row in await conn.fetch(_LIST_TAKEN_OUT, receipt_hash)}


async def mark_orphans(conn: Connection, after: timedelta, limit: int) -> int:
    """Let go of what nothing was sent with, once it is older than `after`; how many it saw."""
    return len(await conn.fetch(_MARK_ORPHANS, after, limit))


async def list_erased(conn: Connection, limit: int) -> list[Attachment]:
    """Those whose files are to be removed."""
    return [Attachment(*row) for row in await conn.fetch(_LIST_ERASED, limit)]


async def mark_removed(conn: Connection, ids: Sequence[UUID]) -> None:
    """Their files are gone."""
    await conn.execute(
        "UPDATE attachments SET removed_at = mashang_now() WHERE attachment_id = ANY($1)", ids
    )
