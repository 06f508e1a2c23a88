"""What is counted: a fact a case, the numbers of each day, and how many draws invited."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from services.intake.follow.story import Entry
from services.intake.open.rules.facts import Fact
from services.intake.open.rules.facts import Told as Story
from services.intake.open.rules.tables import Cell, Numbers, Place, Tables, Told
from shared.db import Connection

# One instance counts at a time; the others have nothing to do.
_TAKE_TURN = "SELECT pg_try_advisory_xact_lock(7311001)"
_TAKE_NEWS = """
    WITH fresh AS (
        DELETE FROM story_news WHERE number IN (
            SELECT number FROM story_news ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING submission_id
    ), turned AS (
        SELECT submission_id FROM open_facts WHERE turns_at < $2 LIMIT $1
    )
    SELECT submission_id FROM fresh UNION SELECT submission_id FROM turned
"""
# A story whose submission is not here (yet) is told again with its next step.
_TOLD = """
    SELECT s.id, s.kind, s.received_at,
           s.phone_index IS NOT NULL OR coalesce(f.call <> 'none', false) AS owed
    FROM submissions s LEFT JOIN open_facts f ON f.submission_id = s.id
    WHERE s.id = ANY($1::uuid[])
"""
_ENTRIES = """
    SELECT submission_id, step, at, details FROM timeline WHERE submission_id = ANY($1::uuid[])
    ORDER BY at, stored_at
"""
_PUT_FACTS = """
    INSERT INTO open_facts (submission_id, day, state, call, same_day, pace,
                            verified_same_day, extended, solved, satisfied, paid_fen, turns_at)
    SELECT * FROM unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::boolean[], $6::text[],
                         $7::boolean[], $8::boolean[], $9::boolean[], $10::boolean[], $11::int[],
                         $12::timestamptz[])
    ON CONFLICT ON CONSTRAINT open_facts_pkey DO UPDATE SET day = excluded.day,
        state = excluded.state, call = excluded.call, same_day = excluded.same_day,
        pace = excluded.pace, verified_same_day = excluded.verified_same_day,
        extended = excluded.extended, solved = excluded.solved, satisfied = excluded.satisfied,
        paid_fen = excluded.paid_fen, turns_at = excluded.turns_at
"""
# All numbers of one day anew: whatever was counted of it before, they are right afterwards. What is
# held counts once somebody has released it.
_COUNT_DAY = """
    WITH told AS (
        SELECT s.kind, s.satisfaction >= $4 AS content, EXISTS (
                   SELECT FROM invitations_used i WHERE i.receipt_hash = s.receipt_hash
               ) AS invited,
               s.satisfaction IS NOT NULL AS rated, f.same_day, f.verified_same_day, f.extended,
               f.solved, f.satisfied, f.paid_fen,
               coalesce(f.state, CASE WHEN s.kind = 'rating' THEN 'none' ELSE 'open' END) AS state,
               coalesce(f.call, CASE WHEN s.kind = 'rating' OR s.phone_index IS NULL THEN 'none'
                                     ELSE 'waiting' END) AS call,
               coalesce(f.pace, CASE WHEN s.kind = 'rating' THEN 'none' ELSE 'waiting' END) AS pace
        FROM submissions s LEFT JOIN open_facts f ON f.submission_id = s.id
        WHERE s.received_at >= $2 AND s.received_at < $3
          AND NOT (coalesce(s.details ? 'held', false) AND NOT EXISTS (
              SELECT FROM holds h WHERE h.submission_id = s.id AND h.outcome = 'released'))
    ), counted AS (
        SELECT kind, 'received' AS name, count(*) AS number FROM told GROUP BY kind
        UNION ALL SELECT kind, 'state_' || state, count(*) FROM told GROUP BY kind, state
        UNION ALL SELECT kind, 'call_' || call, count(*) FROM told GROUP BY kind, call
        UNION ALL SELECT kind, 'pace_' || pace, count(*) FROM told GROUP BY kind, pace
        UNION ALL SELECT kind, 'same_day', count(*) FROM told WHERE same_day GROUP BY kind
        UNION ALL SELECT kind, 'verified_same_day', count(*)
                  FROM told WHERE verified_same_day GROUP BY kind
        UNION ALL SELECT kind, 'extended', count(*) FROM told WHERE extended GROUP BY kind
        UNION ALL SELECT kind, CASE WHEN solved THEN 'solved_yes' ELSE 'solved_no' END, count(*)
                  FROM told WHERE solved IS NOT NULL GROUP BY kind, solved
        UNION ALL SELECT kind, CASE WHEN satisfied THEN 'satisfied_yes' ELSE 'satisfied_no' END,
                         count(*)
                  FROM told WHERE satisfied IS NOT NULL GROUP BY kind, satisfied
        UNION ALL SELECT kind, 'paid', count(*) FROM told WHERE paid_fen > 0 GROUP BY kind
        UNION ALL SELECT kind, 'paid_fen', sum(paid_fen) FROM told WHERE paid_fen > 0 GROUP BY kind
        UNION ALL SELECT 'asked', CASE WHEN invited THEN 'invited_' ELSE 'volunteered_' END
                         || CASE WHEN content THEN 'yes' ELSE 'no' END, count(*)
                  FROM told WHERE rated GROUP BY invited, content
    )
    INSERT INTO open_numbers (day, kind, name, number) SELECT $1, kind, name, number FROM counted
"""
_MONTHS = """
    SELECT date_trunc('month', day)::date AS month, kind, name, sum(number)::bigint AS number
    FROM open_numbers WHERE $1::date IS NULL OR day >= $1 GROUP BY 1, 2, 3
"""
_INVITED = """
    SELECT date_trunc('month', day)::date AS month, sum(size - (
        SELECT count(*) FROM invited i
        WHERE i.draw = draws.number AND i.how IN ('recent', 'declined')
    ))::bigint AS number
    FROM draws WHERE $1::date IS NULL OR day >= $1 GROUP BY 1
"""

# The row of all months together has no month of its own.
_NO_MONTH = date(1, 1, 1)
_SHOWN = """
    SELECT whole, month, kind, name, number, hidden FROM open_shown
    WHERE $1::date IS NULL OR month >= $1
"""
_PUBLISH = """
    INSERT INTO open_shown (whole, month, kind, name, number, hidden)
    SELECT * FROM unnest($1::boolean[], $2::date[], $3::text[], $4::text[], $5::bigint[],
                         $6::boolean[])
    ON CONFLICT ON CONSTRAINT open_shown_pkey DO UPDATE
    SET number = excluded.number, hidden = excluded.hidden
"""


async def take_turn(conn: Connection) -> bool:
    """Whether no other instance is counting."""
    return bool(await conn.fetchval(_TAKE_TURN))


async def take_news(conn: Connection, most: int, now: datetime) -> list[UUID]:
    """Submissions whose story went on, or whose due time has passed, since they were counted."""
    return [row["submission_id"] for row in await conn.fetch(_TAKE_NEWS, most, now)]


async def list_told(conn: Connection, ids: Sequence[UUID]) -> list[Story]:
    """These submissions with their stories."""
    entries: dict[UUID, list[Entry]] = {}
    for row in await conn.fetch(_ENTRIES, ids):
        entry = Entry(row["step"], row["at"], row["details"])
        entries.setdefault(row["submission_id"], []).append(entry)
    rows = await conn.fetch(_TOLD, ids)
    return [
        Story(row["id"], row["kind"], row["received_at"], row["owed"], entries.get(row["id"], []))
        for row in rows
    ]


async def put_facts(conn: Connection, facts: Sequence[Fact]) -> None:
    """The newest of each; in one order, so that nobody waits in a circle."""
    if not facts:
        return
    ordered = sorted(facts, key=lambda fact: fact.submission_id)
    columns = (
        "submission_id", "day", "state", "call", "same_day", "pace", "verified_same_day",
        "extended", "solved", "satisfied", "paid_fen", "turns_at",
    )  # fmt: skip
    await conn.execute(_PUT_FACTS, *([getattr(f, name) for f in ordered] for name in columns))


async def count_day(
    conn: Connection, day: date, since: datetime, until: datetime, content: int
) -> None:
    """Count what came in on a day anew. `content` is the least level of the satisfied."""
    await conn.execute("DELETE FROM open_numbers WHERE day = $1", day)
    await conn.execute(_COUNT_DAY, day, since, until, content)


async def get_counted(conn: Connection) -> tuple[date | None, datetime | None]:
    """The last day that needs no look of its own, and when anything was counted last."""
    row = await conn.fetchrow("SELECT day, counted_at FROM open_progress")
    return (row["day"], row["counted_at"]) if row else (None, None)


async def set_counted(conn: Connection, day: date) -> None:
    """Up to this day all is counted, as of now."""
    await conn.execute(
        """
        INSERT INTO open_progress (day, counted_at) VALUES ($1, mashang_now())
        ON CONFLICT ON CONSTRAINT open_progress_one DO UPDATE SET day = excluded.day,
            counted_at = excluded.counted_at
        """,
        day,
    )


async def first_received(conn: Connection) -> datetime | None:
    """When the first submission of all came in."""
    first: datetime | None = await conn.fetchval("SELECT min(received_at) FROM submissions")
    return first


async def list_months(conn: Connection, since: date | None) -> Mapping[date, Numbers]:
    """The numbers of each month by kind and name, of all or of those from one on."""
    months: dict[date, dict[Place, int]] = {}
    for row in await conn.fetch(_MONTHS, since):
        months.setdefault(row["month"], {})[row["kind"], row["name"]] = row["number"]
    for row in await conn.fetch(_INVITED, since):
        months.setdefault(row["month"], {})["asked", "invited_drawn"] = row["number"]
    return months


async def begin_week(conn: Connection, monday: date) -> bool:
    """Whether nothing was published in this week yet."""
    done = "INSERT INTO open_weeks (monday) VALUES ($1) ON CONFLICT DO NOTHING RETURNING true"
    return bool(await conn.fetchval(done, monday))


async def get_tables(conn: Connection, since: date | None = None) -> Tables:
    """What is published, of all months or of those from one on."""
    rows = await conn.fetch(_SHOWN, since)
    return Tables(
        {
            Cell(None if row["whole"] else row["month"], row["kind"], row["name"]): Told(
                row["number"], row["hidden"]
            )
            for row in rows
        }
    )


async def put_tables(conn: Connection, tables: Tables, before: Tables) -> None:
    """Publish what is new."""
    fresh = [(cell, told) for cell, told in tables.cells.items() if before.cells.get(cell) != told]
    columns = zip(*((*_place(cell), *told) for cell, told in fresh), strict=True)
    if fresh:
        await conn.execute(_PUBLISH, *map(list, columns))


def _place(cell: Cell) -> tuple[bool, date, str, str]:
    return cell.month is None, cell.month or _NO_MONTH, cell.kind, cell.name


async def count_units(conn: Connection) -> int:
    """How many windows take something in."""
    return int(await conn.fetchval("SELECT count(*) FROM units WHERE active"))
