"""Messages in SQL. What concerns calls to the vendor is in real time: see the migration."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.notifications.rules.messages import FINAL, Next, Purpose, Standing, State
from shared.db import Connection
from shared.policy.section import SPOKEN

# Longer than half of it plus the longest time-out of a call, so that no sender outlives its lease.
LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Message:
    """A row that a job has claimed; `phone_sealed` opens under `phone:<submission_id>`."""

    message_id: UUID
    case_id: UUID | None
    submission_id: UUID
    purpose: Purpose
    phone_sealed: str
    code_sealed: str | None
    amount_fen: int | None
    language: str
    state: State
    version: int
    attempt: int
    repeats: int
    queries: int
    ref: str | None
    traceparent: str
    next_at: datetime
    called_at: datetime
    age: timedelta
    life: timedelta | None
    since_call: timedelta
    stopped: bool
    occasion: int

    @property
    def standing(self) -> Standing:
        """What the rules ask for."""
        return Standing(
            self.state, self.attempt, self.repeats, self.queries, self.age, self.since_call
        )


COLUMNS = """
    message_id, case_id, submission_id, purpose, phone_sealed, code_sealed, amount_fen,
    language, state, version, attempt, repeats, queries, ref, traceparent, next_at, called_at,
    mashang_now() - created_at AS age, expires_at - created_at AS life,
    now() - called_at AS since_call,
    coalesce(phone_hash IN (SELECT s.phone_hash FROM stops s), false) AS stopped,
    occasion
"""

_ADD = """
    WITH added AS (
        INSERT INTO messages (message_id, case_id, submission_id, purpose, phone_sealed,
                              phone_hash, amount_fen, occasion, not_before, expires_at, language,
                              traceparent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT ON CONSTRAINT messages_once_a_case DO NOTHING
        RETURNING message_id, version, state)
    INSERT INTO message_states (message_id, version, state)
    SELECT message_id, version, state FROM added RETURNING message_id
"""
_ADD_PASSING = """
    WITH added AS (
        INSERT INTO messages (message_id, submission_id, purpose, phone_sealed, code_sealed,
                              created_at, expires_at, language, phone_hash, traceparent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT ON CONSTRAINT messages_pkey DO NOTHING
        RETURNING message_id, version, state)
    INSERT INTO message_states (message_id, version, state)
    SELECT message_id, version, state FROM added RETURNING message_id
"""


def _marking(to: str, which: str) -> str:
    """All at once: what `which` names goes on to a state, and its story says so."""
    return f"""
        WITH marked AS (
            UPDATE messages SET version = version + 1, {to}
            WHERE message_id IN (
                SELECT message_id FROM messages WHERE {which} FOR UPDATE SKIP LOCKED)
            RETURNING message_id, version, state, code)
        INSERT INTO message_states (message_id, version, state, code)
        SELECT message_id, version, state, code FROM marked RETURNING message_id
    """  # noqa: S608


_MARK_EXPIRED = _marking(
    "state = 'unknown', code = 'lease_expired', next_at = now()",
    "state = 'sending' AND next_at <= now()",
)
_MARK_DEAD = _marking(
    "state = 'failed', code = 'expired', settled_at = mashang_now(), phone_sealed = NULL,"
    " code_sealed = NULL, next_at = NULL",
    "state IN ('held', 'queued') AND expires_at <= mashang_now()",
)
_MARK_ANSWERED = _marking(
    "state = 'failed', code = 'answered', settled_at = mashang_now(), next_at = NULL,"
    " phone_sealed = NULL",
    "submission_id = $1 AND purpose = 'question' AND state = 'queued' AND occasion <= $2",
)
_RATED = """
    INSERT INTO rated AS r (submission_id, revision) VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT rated_pkey
        DO UPDATE SET revision = greatest(r.revision, excluded.revision)
    RETURNING revision
"""
_CLAIM_QUERIES = f"""
    UPDATE messages SET queries = queries + 1, next_at = now() + $2
    WHERE message_id IN (
        SELECT message_id FROM messages
        WHERE state IN ('accepted', 'unknown') AND next_at <= now() AND vendor = $3
        ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING {COLUMNS}
"""  # noqa: S608
# Compare-and-set: whoever was overtaken changes nothing. Only of a case, and where nobody had it
# forgotten, the phone stays a while, so that a person may send it again.
_MARK = """
    WITH marked AS (
        UPDATE messages SET state = $3, version = version + 1, code = $4, ref = coalesce($5, ref),
            next_at = now() + $6, repeats = repeats + $7::int,
            settled_at = CASE WHEN $8 THEN mashang_now() END,
            phone_sealed = CASE WHEN $8 AND (case_id IS NULL OR phone_hash IS NULL) THEN NULL
                ELSE phone_sealed END,
            code_sealed = CASE WHEN $8 THEN NULL ELSE code_sealed END
        WHERE message_id = $1 AND version = $2
        RETURNING message_id, version, state, code, settled_at),
    told AS (
        INSERT INTO message_states (message_id, version, state, code)
        SELECT message_id, version, state, code FROM marked)
    SELECT message_id, settled_at FROM marked
"""
# A hint that came while the vendor was being asked has moved next_at, and is not overwritten.
_POSTPONE = """
    UPDATE messages SET next_at = now() + $4, code = coalesce($5, code)
    WHERE message_id = $1 AND version = $2 AND next_at = $3
"""


class OfACase(NamedTuple):
    """An SMS about a case, once an occasion; `phone_sealed` opens under `phone:<submission_id>`.

    It goes from `not_before` on; a question is dead at `expires_at`.
    """

    message_id: UUID
    case_id: UUID
    submission_id: UUID
    purpose: Purpose
    phone_sealed: str
    phone_hash: str | None
    amount_fen: int | None = None
    occasion: int = 0
    not_before: datetime | None = None
    expires_at: datetime | None = None
    language: str = SPOKEN[0]


async def add_message(conn: Connection, message: OfACase, traceparent: str) -> bool:
    """Queue it; False if the case already has one of this purpose and occasion."""
    return await conn.fetchval(_ADD, *message, traceparent) is not None


class Passing(NamedTuple):
    """An SMS of no case that is dead after a while, with its words (a code, a link) if it has any.

    `phone_sealed` opens under `phone:<about>`, `code_sealed` under `code:<message_id>`.
    """

    message_id: UUID
    about: UUID
    purpose: Purpose
    phone_sealed: str
    code_sealed: str | None
    created_at: datetime
    expires_at: datetime
    language: str
    phone_hash: str | None = None


async def add_passing(conn: Connection, passing: Passing, traceparent: str) -> bool:
    """Queue it; False if it is there already."""
    return await conn.fetchval(_ADD_PASSING, *passing, traceparent) is not None


async def mark_expired(conn: Connection) -> list[UUID]:
    """Leases that ended without an answer: perhaps sent, so unknown."""
    return [row["message_id"] for row in await conn.fetch(_MARK_EXPIRED)]


async def mark_dead(conn: Connection) -> list[UUID]:
    """What lay held until its words were dead: it fails, and its phone is forgotten."""
    return [row["message_id"] for row in await conn.fetch(_MARK_DEAD)]


async def claim_queries(conn: Connection, limit: int, vendor: str) -> list[Message]:
    """Take what a vendor must be asked about: what was handed to it, and to nobody since."""
    rows = await conn.fetch(_CLAIM_QUERIES, limit, LEASE, vendor)
    return [Message(**dict(row)) for row in rows]


async def mark(conn: Connection, message: Message, to: Next) -> tuple[bool, datetime | None]:
    """Go to the next state: whether nobody was faster, and when it was settled if that is final."""
    row = await conn.fetchrow(
        _MARK,
        message.message_id,
        message.version,
        to.state,
        to.code,
        to.ref,
        to.wait,
        to.repeat,
        to.state in FINAL,
    )
    return row is not None, row["settled_at"] if row else None


async def get_rated(conn: Connection, submission_id: UUID) -> int:
    """The newest verdict that was rated, 0 if none was; a rating that comes now waits for us."""
    return int(await conn.fetchval(_RATED, submission_id, 0))


async def mark_answered(conn: Connection, submission_id: UUID, revision: int) -> list[UUID]:
    """Give up the questions that are not yet asked of what is answered by now, and ask none."""
    await conn.execute(_RATED, submission_id, revision)
    rows = await conn.fetch(_MARK_ANSWERED, submission_id, revision)
    return [row["message_id"] for row in rows]


async def postpone(conn: Connection, message: Message, to: Next) -> None:
    """Stay in the same state and look again after `to.wait`."""
    key = (message.message_id, message.version, message.next_at)
    await conn.execute(_POSTPONE, *key, to.wait, to.code)
