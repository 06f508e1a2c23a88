"""Verification's part of the statistics: running totals, and what has changed since.

Whoever changes a case adds to `figure_changes` what it was and what it is (verification_0088); a
job sums that up. Totals and changes together are always the count of all cases.
"""

from shared.db import Connection

# A case counts in a figure by what stands in its row; `day` is that of its receipt.
FIGURES = {
    "cases": "true",
    "complaints": "complains",
    "called_back": "complains AND reached_at IS NOT NULL",
    "called_back_in_time": "complains AND reached_at <= reached_due_at",
    "called_back_same_day": "complains AND (reached_at AT TIME ZONE $1)::date = day",
    "verified": "complains AND handed_at IS NOT NULL",
    "verified_in_time": "complains AND handed_at <= handed_due_at",
    "verified_same_day": "complains AND (handed_at AT TIME ZONE $1)::date = day",
    "substantiated": "complains AND in_force IN ('substantiated', 'partly')",
    "partly": "complains AND in_force = 'partly'",
    "in_review": "state = 'in_review'",
    "open": "state = 'open'",
    "rated": "complains AND rating > 0",
    "solved": "complains AND solved",
    "not_solved": "complains AND NOT solved",
    "satisfied": "complains AND satisfied",
    "withdrawn": "complains AND withdrawn_at IS NOT NULL",
}
_SUMS = ", ".join(
    f"coalesce(sum(sign) FILTER (WHERE {counts}), 0)::bigint AS {name}"
    for name, counts in FIGURES.items()
)
_SUMMED = f"""
    SELECT {_SUMS}
    FROM (SELECT *, kind = 'complaint' AS complains, (received_at AT TIME ZONE $1)::date AS day
          FROM {{rows}} WHERE kind <> 'pressure') AS c
"""  # noqa: S608  the conditions are this module's own
_ALL = _SUMMED.format(rows="(SELECT 1 AS sign, cases.* FROM cases) AS a")
_EACH = "jsonb_each_text(to_jsonb(summed)) AS f (name, number)"
_READ = f"""
    WITH summed AS ({_SUMMED.format(rows="figure_changes")})
    SELECT name, t.number + f.number::bigint AS number
    FROM summed CROSS JOIN {_EACH} JOIN figure_totals t USING (name) WHERE t.zone = $1
"""  # noqa: S608
_ADD_UP = f"""
    WITH taken AS (
        DELETE FROM figure_changes
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM figure_changes LIMIT $2)) RETURNING *
    ), summed AS ({_SUMMED.format(rows="taken")})
    UPDATE figure_totals t SET number = t.number + f.number::bigint
    FROM summed CROSS JOIN {_EACH} WHERE t.zone = $1 AND t.name = f.name AND f.number <> '0'
"""  # noqa: S608
# One look at one moment: what it sees of the changes, it sees in the cases as well.
_BEGIN = f"""
    WITH gone AS (DELETE FROM figure_changes), summed AS ({_ALL})
    INSERT INTO figure_totals (zone, name, number)
    SELECT $1, f.name, f.number::bigint FROM summed CROSS JOIN {_EACH}
    ON CONFLICT ON CONSTRAINT figure_totals_pkey DO UPDATE SET number = excluded.number
"""  # noqa: S608
# All cases take seconds, and are counted so once; a statement of ours has 25 otherwise.
_PATIENCE = 600.0


async def get_figures(conn: Connection, zone: str) -> dict[str, int]:
    """Verification's part of the statistics; all but cases, in_review and open count complaints.

    What was once done stays done: a follow-up opens a case again, which is among `open` then.
    """
    found = {row["name"]: row["number"] for row in await conn.fetch(_READ, zone)}
    return found if found.keys() == FIGURES.keys() else await count_all(conn, zone)


async def count_all(conn: Connection, zone: str) -> dict[str, int]:
    """The same, from the cases alone."""
    return dict(await conn.fetchrow(_ALL, zone) or {})


async def add_up(conn: Connection, zone: str, most: int) -> int:
    """Sum what has changed since; how many changes. One instance at a time, as totals are shared.

    What has no totals by these days' zone is counted anew.
    """
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('figure totals'))"):
        return 0
    held = await conn.fetch("SELECT name FROM figure_totals WHERE zone = $1", zone)
    if {row["name"] for row in held} != FIGURES.keys():
        return await _begin(conn, zone)
    asked = "SELECT count(*) FROM (SELECT FROM figure_changes LIMIT $1) AS found"
    waiting: int = await conn.fetchval(asked, most)
    if waiting:
        await conn.execute(_ADD_UP, zone, most)
    return waiting


async def _begin(conn: Connection, zone: str) -> int:
    await conn.execute(f"SET LOCAL statement_timeout = '{_PATIENCE:.0f}s'")
    await conn.execute("DELETE FROM figure_totals")
    await conn.execute(_BEGIN, zone, timeout=_PATIENCE)
    return 1
