"""Notices and who acknowledged them. Who sees which is held by row-level security."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.verification.supervision.rules import Ladder, Notice, Reminding
from shared.access import OUTSIDERS, Operator
from shared.db import Connection

View = Literal["mine", "others", "done"]
# Notices have numbers without gaps, so only one instance at a time gives them.
_TURN = "SELECT pg_try_advisory_xact_lock(hashtext('notices'))"
# Of the places from the root ($8 names the units' own level) down to the level of `key`, the
# lowest from which the case is not kept. A level that the tree has not is the root's.
_ADDRESSEE = f"""
    (SELECT p.code FROM unnest(late.path) WITH ORDINALITY AS p (code, depth)
     WHERE p.depth = 1 OR NOT late.recused && ARRAY['#' || p.code, '{OUTSIDERS}'] AND p.depth <= (
        CASE WHEN late.{{key}} = $8 THEN cardinality(late.path) ELSE (
            SELECT array_position(late.path, place_code) FROM places
            WHERE level = late.{{key}} AND place_code = ANY(late.path)) END)
     ORDER BY p.depth DESC LIMIT 1)
"""  # noqa: S608  the names are this module's own
# A case that somebody is just working on is looked at the next time. The clock is asked once, not
# for every case, and the units of those that are due only: row-level security hides from the
# planner how many there are.
_ISSUE = f"""
    WITH ladder AS (
        SELECT * FROM unnest($1::date[], $2::timestamptz[], $3::timestamptz[], $4::int[],
            $5::text[], $6::interval[], $7::text[])
            AS l (policy_from, since, until, level, level_key, after, copy_key)
    ), late AS (
        SELECT c.case_id, c.unit_code, c.recused, l.policy_from, l.level, l.level_key,
            l.copy_key, c.verification_due_at AS deadline_at,
            c.verification_due_at + l.after AS due_at
        FROM cases c
        CROSS JOIN LATERAL (SELECT max(n.level) AS level FROM notices n
            WHERE n.case_id = c.case_id AND n.deadline_at = c.verification_due_at) AS reached
        JOIN ladder l ON (l.since IS NULL OR c.received_at >= l.since)
            AND (l.until IS NULL OR c.received_at < l.until)
            AND (reached.level IS NULL OR l.level > reached.level)
        WHERE c.state = 'open' AND c.verification_due_at <= (SELECT mashang_now())
            AND c.verification_due_at + l.after <= (SELECT mashang_now())
        ORDER BY c.verification_due_at + l.after, c.case_id LIMIT $10
        FOR UPDATE OF c SKIP LOCKED
    ), addressed AS (
        SELECT late.*, mashang_now() AS detected_at,
            extract(year FROM mashang_now() AT TIME ZONE $9)::int AS year,
            {_ADDRESSEE.format(key="level_key")} AS place_code,
            CASE WHEN late.copy_key IS NOT NULL THEN {_ADDRESSEE.format(key="copy_key")} END
                AS copy_to
        FROM (SELECT l.*, u.path FROM late l JOIN units u USING (unit_code)) AS late
    ), issued AS (
        INSERT INTO notices (year, number, case_id, unit_code, deadline_at, level, level_key,
            place_code, copy_to, due_at, detected_at, policy_from)
        SELECT a.year, row_number() OVER (ORDER BY due_at, case_id) + (
                SELECT coalesce(max(number), 0) FROM notices n WHERE n.year = a.year),
            case_id, unit_code, deadline_at, level, level_key, place_code,
            nullif(copy_to, place_code), due_at, detected_at, policy_from
        FROM addressed a
        RETURNING notice_id, case_id, level, due_at, detected_at, place_code, copy_to
    ), noted AS (
        INSERT INTO case_actions (case_id, action, actor, acted_at, details)
        SELECT case_id, 'notice', '', detected_at,
            jsonb_build_object('notice_id', notice_id, 'level', level)
        FROM issued ORDER BY level
    )
    SELECT place_code, copy_to, extract(epoch FROM detected_at - due_at)::float8 AS late
    FROM issued
"""  # noqa: S608
# Counted from when the notice was issued; each is there once.
_REMIND = """
    WITH rule AS (
        SELECT * FROM unnest($1::timestamptz[], $2::timestamptz[], $3::interval[], $4::int[])
            AS r (since, until, after, most)
    ), waiting AS (
        SELECT n.notice_id, n.case_id, n.level, n.place_code, n.detected_at, r.after, r.most,
            (SELECT count(*) FROM notice_reminders m WHERE m.notice_id = n.notice_id)::int AS sent
        FROM cases c JOIN notices n ON n.case_id = c.case_id
            AND n.deadline_at = c.verification_due_at
        JOIN rule r ON (r.since IS NULL OR c.received_at >= r.since)
            AND (r.until IS NULL OR c.received_at < r.until)
        WHERE c.state = 'open' AND c.verification_due_at <= (SELECT mashang_now())
            AND r.most > 0 AND n.detected_at + r.after <= (SELECT mashang_now())
            AND NOT EXISTS (SELECT FROM notice_reminders m WHERE m.notice_id = n.notice_id
                AND m.number = least(r.most, trunc(
                    extract(epoch FROM (SELECT mashang_now()) - n.detected_at)
                    / extract(epoch FROM r.after))))
            AND NOT EXISTS (SELECT FROM notice_acknowledgements a WHERE a.notice_id = n.notice_id)
    ), reminded AS (
        INSERT INTO notice_reminders (notice_id, number, due_at, detected_at)
        SELECT notice_id, sent + 1, detected_at + (sent + 1) * after, mashang_now() FROM waiting
        WHERE sent < most AND detected_at + (sent + 1) * after <= (SELECT mashang_now())
        ORDER BY detected_at, notice_id LIMIT $5
        ON CONFLICT ON CONSTRAINT notice_reminders_pkey DO NOTHING
        RETURNING notice_id, number, detected_at
    ), noted AS (
        INSERT INTO case_actions (case_id, action, actor, acted_at, details)
        SELECT w.case_id, 'notice_reminded', '', r.detected_at,
            jsonb_build_object('notice_id', notice_id, 'level', w.level, 'number', r.number)
        FROM reminded r JOIN waiting w USING (notice_id) ORDER BY w.level
    )
    SELECT w.place_code FROM reminded r JOIN waiting w USING (notice_id)
"""
_NOTICE = """
    SELECT n.notice_id, n.year, n.number, n.case_id, c.number AS case_number, c.categories,
        c.received_at, n.unit_code, coalesce(u.name, n.unit_code) AS unit_name, n.deadline_at,
        n.level, n.level_key, n.place_code,
        coalesce(own.name, place.name, n.place_code) AS place_name,
        coalesce(copy_unit.name, copy.name, n.copy_to) AS copy_name,
        n.due_at, n.detected_at, n.policy_from,
        c.state = 'open' AND c.verification_due_at = n.deadline_at AS stands,
        coalesce(o.name, a.username) AS acknowledged_by, a.acknowledged_at, a.plan_sealed,
        (SELECT count(*) FROM notice_reminders m WHERE m.notice_id = n.notice_id) AS reminded
    FROM notices n JOIN cases c USING (case_id)
    LEFT JOIN units u ON u.unit_code = n.unit_code
    LEFT JOIN units own ON own.unit_code = n.place_code
    LEFT JOIN places place ON place.place_code = n.place_code
    LEFT JOIN units copy_unit ON copy_unit.unit_code = n.copy_to
    LEFT JOIN places copy ON copy.place_code = n.copy_to
    LEFT JOIN notice_acknowledgements a USING (notice_id)
    LEFT JOIN operators o ON o.username = a.username
"""
# A page first, by an index; then each by its id (LIMIT), however long the planner thinks it is.
_PAGE = f"""
    WITH page AS MATERIALIZED ({{page}}) SELECT one.* FROM page CROSS JOIN LATERAL (
        {_NOTICE} WHERE n.notice_id = page.notice_id LIMIT 1) AS one
    ORDER BY one.year DESC, one.number DESC
"""  # noqa: S608  the parts are this module's own
_FIRST = """
    SELECT n.notice_id, n.year, n.number FROM {table} n
    WHERE {those} AND (n.year, n.number) < ($2, $3)
    ORDER BY n.year DESC, n.number DESC LIMIT {most}
"""
# Where few units are seen, a page of theirs may lie far below everybody's newest.
_OF_EACH = """
    SELECT notice_id, year, number FROM units u CROSS JOIN LATERAL ({first}) AS of_unit
    WHERE u.path @> ARRAY[$1::text] ORDER BY year DESC, number DESC LIMIT {most}
"""
_DONE = "NOT EXISTS (SELECT FROM notices_waiting w WHERE w.notice_id = n.notice_id)"
_WANTED: dict[View, tuple[str, str]] = {
    "mine": ("notices_waiting", "n.place_code = $1"),
    "others": ("notices_waiting", "n.place_code <> $1"),
    "done": ("notices", f"$1::text IS NOT NULL AND {_DONE}"),
}
_AT_ROOT = "SELECT EXISTS (SELECT FROM places WHERE place_code = $1 AND parent_code IS NULL)"
_END = (2**31 - 1, 0)
_WAITING = """
    SELECT count(*) FROM (SELECT FROM notices_waiting WHERE place_code = $1 LIMIT $2) AS waiting
"""


class Issued(NamedTuple):
    """A notice: the places that get it, and how many seconds after its time it was issued."""

    places: tuple[str, ...]
    late: float


async def issue(
    conn: Connection, ladders: Sequence[Ladder], unit_level: str, zone: str, limit: int
) -> list[Issued]:
    """Issue what is due by the database's clock."""
    if not await conn.fetchval(_TURN):
        return []
    steps = [
        (one.policy_from, one.since, one.until, *astuple(rung))
        for one in ladders
        for rung in one.rungs
    ]
    columns = map(list, zip(*steps, strict=True))
    rows = await conn.fetch(_ISSUE, *columns, unit_level, zone, limit)
    return [
        Issued(tuple(filter(None, (row["place_code"], row["copy_to"]))), row["late"])
        for row in rows
    ]


async def remind(conn: Connection, rules: Sequence[Reminding], limit: int) -> list[str]:
    """Remind of what is due by the database's clock and not acknowledged; whose, each time."""
    columns = map(list, zip(*map(astuple, rules), strict=True))
    return [row["place_code"] for row in await conn.fetch(_REMIND, *columns, limit)]


async def list_newest(
    conn: Connection, operator: Operator, view: View, before: tuple[int, int] | None, limit: int
) -> list[Notice]:
    """Those of a view, the newest first, from before the one with this year and number."""
    few = view == "done" and not await conn.fetchval(_AT_ROOT, operator.scope)
    statement = _statement(view, few=few).format(most=limit)
    rows = await conn.fetch(statement, operator.scope, *before or _END)
    return [_notice(row) for row in rows]


def _statement(view: View, *, few: bool) -> str:
    """Yet without how `{most}` there are: a plan for any number of them would read them all."""
    table, those = _WANTED[view]
    if few:
        those += " AND n.unit_code = u.unit_code"
    first = _FIRST.format(table=table, those=those, most="{most}")
    page = _OF_EACH.format(first=first, most="{most}") if few else first
    return _PAGE.format(page=page)


async def count_waiting(conn: Connection, operator: Operator, most: int) -> int:
    """How many wait for the operator's own place to acknowledge them; `most` stands for more."""
    found: int = await conn.fetchval(_WAITING, operator.scope, most)
    return found


async def get(conn: Connection, notice_id: UUID) -> Notice | None:
    """One, for who may see it."""
    row = await conn.fetchrow(f"{_NOTICE} WHERE n.notice_id = $1", notice_id)
    return _notice(row) if row else None


async def list_of_deadline(conn: Connection, notice: Notice) -> dict[int, UUID]:
    """All notices of the same case and deadline, by level."""
    rows = await conn.fetch(
        "SELECT level, notice_id FROM notices WHERE case_id = $1 AND deadline_at = $2",
        notice.case_id, notice.deadline_at,
    )  # fmt: skip
    return {row["level"]: row["notice_id"] for row in rows}


async def acknowledge(
    conn: Connection, notice: Notice, username: str, plan_sealed: str | None, at: datetime
) -> bool:
    """Somebody has read it; False if it was acknowledged before. The case's time line tells."""
    done = await conn.fetchval(
        """WITH done AS (
               INSERT INTO notice_acknowledgements
                   (notice_id, username, plan_sealed, acknowledged_at)
               VALUES ($1, $3, $4, $5) ON CONFLICT (notice_id) DO NOTHING RETURNING notice_id
           )
           INSERT INTO case_actions (case_id, action, actor, acted_at, details)
           SELECT $2, 'notice_acknowledged', $3, $5,
               jsonb_build_object('notice_id', notice_id, 'level', $6::int)
           FROM done RETURNING true""",
        notice.notice_id, notice.case_id, username, plan_sealed, at, notice.level,
    )  # fmt: skip
    return bool(done)


def _notice(row: Any) -> Notice:
    return Notice(**dict(row) | {"categories": tuple(row["categories"])})
