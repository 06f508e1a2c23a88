"""Who was asked by SMS whether it is solved."""

from shared.db import Connection
from shared.events import QuestionAsked

# Of several verdicts the newest that was asked about counts.
_MARK = """
    INSERT INTO questions (submission_id, revision) VALUES ($1, $2)
    ON CONFLICT (submission_id) DO UPDATE SET revision = excluded.revision
    WHERE questions.revision < excluded.revision RETURNING true
"""


async def mark(conn: Connection, event: QuestionAsked) -> bool:
    """The questions reached a citizen; False if that is known of this verdict or a newer one."""
    return await conn.fetchval(_MARK, event.submission_id, event.revision) is True
