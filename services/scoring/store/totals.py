"""The figures as running totals, and what has changed since: always the count of all cases.

A trigger notes whose figures may have changed (scoring_0023). What each of those adds is counted
again, and the difference to what it added before goes into the totals: so it does not matter which
event came first, or how late. Cases from before the totals are noted step by step.
"""

from collections.abc import Mapping
from uuid import UUID

from asyncpg import Record

from services.scoring.store import behind, days
from shared.db import Connection

_CRITICISMS = """
    SELECT count(*)::int AS standing FROM criticisms n
    LEFT JOIN criticism_withdrawals w USING (year, number)
    WHERE n.case_id = c.case_id AND w.year IS NULL
"""
_REWARDS = """
    SELECT count(*) FILTER (WHERE paid_at IS NOT NULL AND reversed_at IS NULL) AS paid,
        sum(amount_fen) FILTER (WHERE paid_at IS NOT NULL AND reversed_at IS NULL) AS paid_fen,
        count(*) FILTER (WHERE decision = 'held' AND paid_at IS NULL) AS held,
        count(*) FILTER (WHERE decision = 'manual' AND paid_at IS NULL) AS manual,
        count(*) FILTER (WHERE decision = 'withdrawn' AND paid_at IS NULL) AS withdrawn,
        count(*) FILTER (WHERE decision = 'refused' AND paid_at IS NULL) AS refused,
        count(*) FILTER (WHERE reversed_at IS NOT NULL) AS reversed
    FROM rewards WHERE case_id = c.case_id
"""
_CALLED = "c.kind = 'complaint' AND b.state = 'reached'"
_VERIFIED = "v.kind = 'complaint'"
_RATED = "a.kind = 'complaint'"
_ASKED = "c.kind = 'complaint' AND q.revision IS NOT NULL"
# What a submission adds to each figure, by what is known of it and its case. $1 is the zone.
PARTS: Mapping[str, str] = {
    "cases": "c.opened IS NOT NULL",
    "complaints": "c.kind = 'complaint'",
    "called_back": _CALLED,
    "called_back_in_time": f"{_CALLED} AND b.called_at <= b.due_at",
    "called_back_same_day": f"""{_CALLED} AND (b.called_at AT TIME ZONE $1)::date
        = (s.received_at AT TIME ZONE $1)::date""",
    "verified": _VERIFIED,
    "verified_in_time": f"{_VERIFIED} AND h.handed_at <= h.due_at",
    "verified_same_day": f"""{_VERIFIED} AND (h.handed_at AT TIME ZONE $1)::date
        = (v.received_at AT TIME ZONE $1)::date""",
    "substantiated": f"{_VERIFIED} AND v.verdict IN ('substantiated', 'partly')",
    "rated": _RATED,
    "solved": f"{_RATED} AND a.solved",
    "not_solved": f"{_RATED} AND NOT a.solved",
    "satisfied": f"{_RATED} AND a.satisfied",
    "not_satisfied": f"{_RATED} AND NOT a.satisfied",
    "asked_by_sms": _ASKED,
    "answered_of_asked": f"{_ASKED} AND a.revision >= q.revision",
    "criticisms": "n.standing",
    "rewards_paid": "r.paid",
    "rewards_paid_fen": "r.paid_fen",
    "rewards_held": "r.held",
    "rewards_manual": "r.manual",
    "rewards_withdrawn": "r.withdrawn",
    "rewards_refused": "r.refused",
    "rewards_reversed": "r.reversed",
}
_NAMES = ", ".join(PARTS)
_ROW = ", ".join(f"coalesce(({adds})::int, 0) AS {name}" for name, adds in PARTS.items())
# Both what was noted and, if that is a case, its submission: before the case was known it may have
# stood for itself. Each is looked up by an index (LIMIT), however large the planner thinks it is.
_COUNTED = f"""
    keys AS MATERIALIZED (
        SELECT key FROM noted UNION
        SELECT c.submission_id FROM noted CROSS JOIN LATERAL (
            SELECT submission_id FROM cases WHERE case_id = noted.key LIMIT 1) AS c
    ), stories AS MATERIALIZED (
        SELECT k.key, c.case_id AS opened, c.kind, CASE WHEN NOT EXISTS (
                SELECT FROM cases WHERE case_id = k.key AND submission_id <> k.key)
            THEN coalesce(c.case_id, k.key) END AS case_id
        FROM keys k LEFT JOIN LATERAL (
            SELECT * FROM cases WHERE submission_id = k.key LIMIT 1) AS c ON true
    ), found AS MATERIALIZED (
        SELECT c.key, {_ROW}
        FROM stories c
        LEFT JOIN LATERAL (SELECT * FROM callbacks WHERE case_id = c.opened LIMIT 1) AS b ON true
        LEFT JOIN LATERAL (SELECT * FROM submissions WHERE submission_id = b.submission_id
            LIMIT 1) AS s ON true
        LEFT JOIN LATERAL (SELECT * FROM verdicts WHERE case_id = c.case_id LIMIT 1) AS v ON true
        LEFT JOIN LATERAL (SELECT * FROM handed_in WHERE case_id = c.case_id LIMIT 1) AS h ON true
        LEFT JOIN LATERAL (SELECT * FROM answers WHERE submission_id = c.key LIMIT 1) AS a ON true
        LEFT JOIN LATERAL (SELECT * FROM questions WHERE submission_id = c.key LIMIT 1) AS q
            ON true
        CROSS JOIN LATERAL ({_CRITICISMS} LIMIT 1) AS n
        CROSS JOIN LATERAL ({_REWARDS} LIMIT 1) AS r
    ), before AS MATERIALIZED (
        SELECT p.* FROM keys CROSS JOIN LATERAL (
            SELECT * FROM figure_parts p WHERE p.key = keys.key LIMIT 1) AS p
    ), summed AS (
        SELECT {", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in PARTS)}
        FROM (SELECT {_NAMES} FROM found UNION ALL
              SELECT {", ".join(f"-{name}" for name in PARTS)} FROM before) AS changed
    ), differs AS (
        SELECT name, number::bigint FROM summed
        CROSS JOIN jsonb_each_text(to_jsonb(summed)) AS f (name, number)
    )
"""  # noqa: S608  the conditions are this module's own
_READ = f"""
    WITH noted AS (SELECT DISTINCT key FROM figure_news), {_COUNTED}
    SELECT name, t.number + d.number AS number FROM figure_totals t JOIN differs d USING (name)
    WHERE EXISTS (SELECT FROM figure_progress WHERE zone = $1 AND rest = '{{}}')
"""  # noqa: S608
_SUM = f"""
    WITH taken AS (
        DELETE FROM figure_news WHERE number = ANY(ARRAY(
            SELECT number FROM figure_news ORDER BY number LIMIT $2)) RETURNING key
    ), noted AS (SELECT DISTINCT key FROM taken), {_COUNTED}, kept AS (
        INSERT INTO figure_parts (key, {_NAMES})
        SELECT key, {_NAMES} FROM found
        WHERE ({_NAMES}) <> ({", ".join("0" for _ in PARTS)})
            OR EXISTS (SELECT FROM before WHERE before.key = found.key)
        ON CONFLICT ON CONSTRAINT figure_parts_pkey DO UPDATE
        SET ({_NAMES}) = ROW ({", ".join(f"excluded.{name}" for name in PARTS)})
    ), moved AS (
        INSERT INTO figure_totals AS t (name, number) SELECT name, number FROM differs
        ON CONFLICT ON CONSTRAINT figure_totals_pkey
            DO UPDATE SET number = t.number + excluded.number
    )
    SELECT key FROM noted
"""  # noqa: S608
# Where cases of before are found, in which order, what each is noted as, and what was noted with
# the cases: the later ones are for what is known of a case that was never opened here.
_OLDER: Mapping[str, tuple[str, str, str]] = {
    "cases": ("case_id", "submission_id", ""),
    "verdicts": ("case_id", "case_id", "case_id"),
    "rewards": ("reward_id", "case_id", "case_id"),
    "answers": ("submission_id", "submission_id", "submission_id"),
}
_NOTE_OLDER = """
    WITH next AS (
        SELECT {by} AS at, {key} AS key FROM {table} WHERE {by} > $1 ORDER BY {by} LIMIT $2
    ), noted AS (
        INSERT INTO figure_news (key) SELECT key FROM next {unless}
    )
    SELECT at FROM next ORDER BY at DESC LIMIT 1
"""
_UNLESS = "WHERE NOT EXISTS (SELECT FROM cases c WHERE c.{known} = next.key LIMIT 1)"
_FIRST = UUID(int=0)
_PROGRESS = """
    SELECT zone, rest, after, since, since = '-infinity' AS whole, listed,
        listed = '-infinity' AS all_listed FROM figure_progress
"""
_BEGIN = "INSERT INTO figure_progress (zone, rest, after) VALUES ($1, $2, $3)"
_SINCE = "UPDATE figure_progress SET {name} = coalesce($1::timestamptz, '-infinity')"
_WAITING = "SELECT count(*) FROM (SELECT FROM figure_news LIMIT $1) AS found"


async def read(conn: Connection, zone: str) -> dict[str, int] | None:
    """All of them by name; None while they are not complete by this zone's days."""
    found = {row["name"]: row["number"] for row in await conn.fetch(_READ, zone)}
    return found if found.keys() == PARTS.keys() else None


async def add_up(conn: Connection, zone: str, most: int) -> int:
    """Sum what has changed since, or take in cases of before; how many. One instance at a time."""
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('figure totals'))"):
        return 0
    progress = await _progress(conn, zone)
    waiting: int = await conn.fetchval(_WAITING, most)
    if not waiting:
        waiting = await _take_in(conn, progress, most)
    if waiting:
        keys = [row["key"] for row in await conn.fetch(_SUM, zone, most)]
        await days.recount(conn, keys, zone, progress["since"])
        await behind.rewrite(conn, keys, zone, progress["listed"])
    return waiting


async def _progress(conn: Connection, zone: str) -> Record:
    """How far it has come; at the beginning where the days are another zone's."""
    row: Record | None = await conn.fetchrow(_PROGRESS)
    if row and row["zone"] == zone:
        return row
    for table in ("figure_progress", "figure_days"):
        await conn.execute(f"DELETE FROM {table}")  # noqa: S608  one of these two
    await conn.execute(_BEGIN, zone, list(_OLDER), _FIRST)
    return await _progress(conn, zone)


async def _take_in(conn: Connection, progress: Record, most: int) -> int:
    """The next cases of before; when all are in, the days of before, from the newest on.

    Each is counted, and when all are, its lists are written.
    """
    if progress["rest"]:
        await _note_older(conn, progress, most)
        return 1
    if progress["whole"] and progress["all_listed"]:
        return 0
    name, take = (
        ("listed", behind.write_earlier) if progress["whole"] else ("since", days.count_earlier)
    )
    await conn.execute(_SINCE.format(name=name), await take(conn, progress["zone"], progress[name]))
    return 1


async def _note_older(conn: Connection, progress: Record, most: int) -> None:
    table, *others = progress["rest"]
    by, key, known = _OLDER[table]
    unless = _UNLESS.format(known=known) if known else ""
    statement = _NOTE_OLDER.format(table=table, by=by, key=key, unless=unless)
    last = await conn.fetchval(statement, progress["after"], most)
    rest = [table, *others] if last else others
    await conn.execute("UPDATE figure_progress SET rest = $1, after = $2", rest, last or _FIRST)
