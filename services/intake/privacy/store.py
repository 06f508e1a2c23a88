"""What is personal in intake's tables, and how it goes. The rows stay, and what is proved of them.

Of a phone that is to be invited no more the index stays: without it nobody could leave it out.

old, or asked for ──▶ nothing is owed: the case is closed, the reward settled ──▶ erased
                 └──▶ something is: next time
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.db import Connection
from shared.errors import NotFound

# Any constant.
_ERASING = 0x65726173
Kind = Literal["copy", "correction", "deletion"]

# Of what is kept only the old has to go, which PostgreSQL cannot know of a plan for any day: until
# the transaction ends it goes by the indexes of what is personal.
_TURN = "SELECT pg_try_advisory_xact_lock($1) AND set_config('enable_seqscan', 'off', true) = 'off'"
# Who has something to forget: by the age of each piece, or because somebody asked.
_CANDIDATES = """
    SELECT id FROM submissions
    WHERE received_at < $1 AND (words_sealed IS NOT NULL OR phone_sealed IS NOT NULL)
    UNION SELECT id FROM attachments JOIN submissions USING (receipt_hash)
    WHERE created_at < $1 AND attachments.erased_at IS NULL
    UNION SELECT submission_id FROM attachments JOIN additions ON key_hash = receipt_hash
    WHERE created_at < $1 AND erased_at IS NULL
    UNION SELECT submission_id FROM additions
    WHERE added_at < $1 AND (words_sealed IS NOT NULL OR officer_typed_sealed IS NOT NULL)
    UNION SELECT submission_id FROM followups WHERE received_at < $1 AND words_sealed IS NOT NULL
    UNION SELECT submission_id FROM contacts WHERE bound_at < $1 AND phone_sealed IS NOT NULL
    UNION SELECT submission_id FROM data_requests
    WHERE kind = 'deletion' AND done_at IS NULL OR asked_at < $1 AND words_sealed IS NOT NULL
"""
# What is still owed to the citizen, by the story so far. A complaint, a request and a bad rating
# become a case, though the desk may not have said so yet; after a month it never will.
_STORY = """
    SELECT max(at) FILTER (WHERE step IN ('opened', 'followup')
               OR step = 'rescheduled' AND details ->> 'verification_due_at' IS NOT NULL) AS asked,
           max(at) FILTER (WHERE step = 'verified') AS answered,
           bool_or(step = 'reward_paid') AS paid, bool_or(step = 'reward_reversed') AS reversed,
           (array_agg(details ->> 'decision' ORDER BY (details ->> 'number')::int DESC)
               FILTER (WHERE step = 'reward_decided'))[1] AS decision
    FROM timeline WHERE submission_id = s.id
"""
_OWED = """
    (asked IS NULL AND (kind <> 'rating' OR satisfaction <= 2)
         AND received_at > $2::timestamptz - interval '30 days')
    OR (asked IS NOT NULL AND (answered IS NULL OR answered < asked))
    OR answered > $2::timestamptz - interval '1 day'
    OR (decision IN ('scheduled', 'held', 'manual') AND paid IS NOT TRUE)
    OR (reversed IS TRUE AND decision IS DISTINCT FROM 'refused')
"""
# Each by its id (LIMIT), however many the planner thinks they are.
_CLAIM = f"""
    SELECT s.id, s.receipt_hash FROM ({_CANDIDATES}) AS candidate
    CROSS JOIN LATERAL (SELECT * FROM submissions WHERE id = candidate.id LIMIT 1) AS s
    CROSS JOIN LATERAL ({_STORY}) AS story
    WHERE NOT coalesce({_OWED}, false) ORDER BY s.id LIMIT $3
"""  # noqa: S608
_IS_OWED = f"""
    SELECT coalesce({_OWED}, false) FROM submissions s CROSS JOIN LATERAL ({_STORY}) AS story
    WHERE s.id = $1
"""  # noqa: S608
# By table: what becomes of its rows that belong to these submissions ($1).
ERASING: Mapping[str, str] = {
    "submissions, additions": "SELECT erase_submissions($1)",
    "followups": "UPDATE followups SET words_sealed = NULL WHERE submission_id = ANY($1)",
    "contacts": """
        UPDATE contacts SET phone_sealed = NULL, phone_index = NULL
        WHERE submission_id = ANY($1)""",
    "phone_codes": "DELETE FROM phone_codes WHERE submission_id = ANY($1)",
    "data_requests": """
        UPDATE data_requests SET words_sealed = NULL, done_at = coalesce(done_at, mashang_now())
        WHERE submission_id = ANY($1)""",
    "erasures": """
        INSERT INTO erasures (submission_id, erased_at)
        SELECT id, mashang_now() FROM unnest($1::uuid[]) AS id
        ON CONFLICT ON CONSTRAINT erasures_pkey DO UPDATE SET erased_at = excluded.erased_at""",
}
# Each receipt's own, by its key (OFFSET), however many the planner thinks are kept.
_ERASE_ATTACHMENTS = """
    UPDATE attachments SET erased_at = mashang_now()
    FROM (SELECT unnest($1::bytea[]) AS key_hash
          UNION SELECT key_hash FROM additions WHERE submission_id = ANY($2)) AS one
    CROSS JOIN LATERAL (
        SELECT attachment_id AS mine FROM attachments
        WHERE receipt_hash = key_hash AND erased_at IS NULL OFFSET 0) AS kept
    WHERE attachment_id = mine
"""


@dataclass(frozen=True)
class Held:
    """What lies here of one submission, sealed."""

    words_sealed: str | None
    phone_sealed: str | None
    phone_index: str | None
    details: Mapping[str, object] | None
    satisfaction: int | None
    categories: tuple[str, ...]
    officer_badge: str | None
    erased_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """What somebody asked for, and when it was done."""

    kind: Kind
    asked_at: datetime
    done_at: datetime | None


async def claim_due(
    conn: Connection, before: datetime, now: datetime, limit: int
) -> list[tuple[UUID, bytes]]:
    """Submissions of which something is to be forgotten now; none while another instance is at it.

    No row can be locked, as nobody may change a submission.
    """
    if not await conn.fetchval(_TURN, _ERASING):
        return []
    rows = await conn.fetch(_CLAIM, before, now, limit)
    return [(row["id"], row["receipt_hash"]) for row in rows]


async def erase(conn: Connection, due: Sequence[tuple[UUID, bytes]]) -> None:
    """Forget phones, words and whatever else is personal; files go later, by their rows."""
    submissions = [one for one, _ in due]
    for statement in ERASING.values():
        await conn.execute(statement, submissions)
    await conn.execute(_ERASE_ATTACHMENTS, [receipt_hash for _, receipt_hash in due], submissions)


async def is_owed(conn: Connection, submission_id: UUID, now: datetime) -> bool:
    """Whether something is still owed to the citizen, so that nothing can be erased yet."""
    return bool(await conn.fetchval(_IS_OWED, submission_id, now))


async def get_held(conn: Connection, submission_id: UUID) -> Held:
    """What lies here of a submission. NotFound."""
    row = await conn.fetchrow(
        """SELECT words_sealed, phone_sealed, phone_index, details, satisfaction, categories,
                  officer_badge, erased_at
           FROM submissions LEFT JOIN erasures ON submission_id = id WHERE id = $1""",
        submission_id,
    )
    if row is None:
        raise NotFound("refused.no_receipt")
    return Held(**dict(row) | {"categories": tuple(row["categories"])})


async def list_added(conn: Connection, submission_id: UUID) -> list[tuple[datetime, str, str]]:
    """What was written later: when, sealed under which context, and the text."""
    rows = await conn.fetch(
        """SELECT added_at AS at, id, words_sealed FROM additions
           WHERE submission_id = $1 AND words_sealed IS NOT NULL
           UNION ALL SELECT received_at, id, words_sealed FROM followups
           WHERE submission_id = $1 AND words_sealed IS NOT NULL
           UNION ALL SELECT asked_at, request_id, words_sealed FROM data_requests
           WHERE submission_id = $1 AND words_sealed IS NOT NULL ORDER BY at""",
        submission_id,
    )
    return [(row["at"], f"words:{row['id']}", row["words_sealed"]) for row in rows]


async def get_bound(conn: Connection, submission_id: UUID) -> tuple[str | None, str | None]:
    """The phone that was bound later, sealed, and its index."""
    row = await conn.fetchrow(
        "SELECT phone_sealed, phone_index FROM contacts WHERE submission_id = $1", submission_id
    )
    return (row["phone_sealed"], row["phone_index"]) if row else (None, None)


async def add_request(
    conn: Connection, request_id: UUID, submission_id: UUID, kind: Kind, words_sealed: str | None
) -> bool:
    """Note what was asked for; False if it was before.

    A deletion is done by the job, the rest is done with it.
    """
    done = await conn.fetchval(
        """INSERT INTO data_requests (request_id, submission_id, kind, words_sealed, asked_at,
               done_at)
           VALUES ($1, $2, $3, $4, mashang_now(),
                   CASE WHEN $3 = 'deletion' THEN NULL ELSE mashang_now() END)
           ON CONFLICT ON CONSTRAINT data_requests_pkey DO NOTHING RETURNING true""",
        request_id, submission_id, kind, words_sealed,
    )  # fmt: skip
    return done is True


async def count_said(conn: Connection, submission_id: UUID) -> int:
    """How many things were added to a submission, corrections among them."""
    return int(
        await conn.fetchval(
            """SELECT (SELECT count(*) FROM additions WHERE submission_id = $1)
                + (SELECT count(*) FROM data_requests
                   WHERE submission_id = $1 AND kind = 'correction')""",
            submission_id,
        )
    )


async def list_requests(conn: Connection, submission_id: UUID) -> list[Asked]:
    """What was asked for so far."""
    rows = await conn.fetch(
        """SELECT kind, asked_at, done_at FROM data_requests WHERE submission_id = $1
           ORDER BY asked_at""",
        submission_id,
    )
    return [Asked(**dict(row)) for row in rows]


async def add_failure(conn: Connection, submission_id: UUID) -> None:
    """Somebody held the receipt and did not know what was written."""
    await conn.execute(
        "INSERT INTO data_failures (submission_id, failed_at) VALUES ($1, mashang_now())",
        submission_id,
    )


async def count_failures(conn: Connection, submission_id: UUID) -> int:
    """How often within a day."""
    return int(
        await conn.fetchval(
            """SELECT count(*) FROM data_failures
               WHERE submission_id = $1 AND failed_at > mashang_now() - interval '1 day'""",
            submission_id,
        )
    )
