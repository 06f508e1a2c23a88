"""From whom cases are kept. Who asks acts for the service itself (see `db.as_itself`)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from services.verification.casework.rules.cases import Case
from services.verification.casework.rules.naming import Person
from services.verification.casework.rules.recusals import Around
from services.verification.casework.store.cases import COLUMNS, as_case
from shared import access
from shared.db import Connection

# Citizens write late, and seldom say when it was: who served there so long before may be meant.
LATE = timedelta(days=90)
# Officers who have left or moved may be meant, too; so may everybody who reads the case, under
# whatever name they sign in.
_AROUND = """
    WITH here AS (
        SELECT nth, place, at, coalesce(path, ARRAY[place]) AS path
        FROM unnest($1::text[], $3::timestamptz[]) WITH ORDINALITY AS asked (place, at, nth)
        LEFT JOIN units ON unit_code = place
    )
    SELECT here.nth, here.path, person.* FROM here LEFT JOIN LATERAL (
        WITH served AS (
            SELECT badge FROM postings WHERE unit_code = here.place
                AND coalesce(since <= here.at, true)
                AND coalesce(until > here.at - $4::interval, true)
            UNION SELECT badge FROM officers WHERE unit_code = here.place)
        SELECT badge AS identity, name, badge, NULL AS scope,
               badge IN (SELECT badge FROM served) AS of_unit, false AS inspects, known
        FROM officers WHERE badge IN (
            SELECT badge FROM served
            UNION SELECT badge FROM operators WHERE scope = ANY(here.path) AND badge IS NOT NULL)
        UNION ALL
        SELECT '@' || username, name, badge,
               CASE WHEN active AND role = ANY($2) THEN scope END, scope = here.place,
               role = 'inspection', known
        FROM operators WHERE scope = ANY(here.path)) AS person ON true
    ORDER BY here.nth
"""
_SET = "UPDATE cases SET recused = $2, cleared = $3, examined = $4 WHERE case_id = $1"
_SPREAD = """
    UPDATE cases SET recused = ARRAY(
        SELECT DISTINCT unnest(recused) FROM cases WHERE incident_id = $1 ORDER BY 1)
    WHERE incident_id = $1 RETURNING recused
"""
_ADD = """
    UPDATE cases SET recused = ARRAY(
        SELECT DISTINCT who FROM unnest(recused || $2::text[]) AS who ORDER BY who)
    WHERE incident_id = $1
"""
_DOUBT = """
    UPDATE cases SET examined = -1
    WHERE unit_code = $1 AND received_at >= $2 AND coalesce(occurred_at, received_at) >= $2
"""
# What the directory knows by now of the people around each unit, asked once; then each unit's first
# cases by an index. Nearly always there are none, and of all of a city's cases none is looked at.
_STALE = f"""
    WITH told AS (
        SELECT scope AS place, max(known) AS known FROM operators GROUP BY scope
        UNION ALL SELECT unit_code, max(known) FROM officers GROUP BY unit_code
        UNION ALL SELECT o.scope, max(f.known) FROM officers f JOIN operators o USING (badge)
            GROUP BY o.scope
    ), needed AS MATERIALIZED (
        SELECT u.unit_code, greatest(0, max(told.known)) AS known
        FROM units u CROSS JOIN unnest(u.path) AS p (place) LEFT JOIN told USING (place)
        GROUP BY u.unit_code
    )
    SELECT {COLUMNS} FROM cases WHERE case_id IN (SELECT case_id FROM (
        SELECT found.case_id FROM needed CROSS JOIN LATERAL (
            SELECT case_id FROM cases c WHERE c.unit_code = needed.unit_code
                AND c.examined < needed.known AND c.state <> 'verified' LIMIT $1) AS found
        UNION ALL
        SELECT found.case_id FROM needed CROSS JOIN LATERAL (
            SELECT case_id FROM cases c WHERE c.unit_code = needed.unit_code
                AND c.examined < needed.known LIMIT $1) AS found
    ) AS stale LIMIT $1) FOR UPDATE SKIP LOCKED
"""  # noqa: S608  the names are this package's own

# Open cases of which nobody at the inspection is told, be it that there is none.
_UNSEEN = f"""
    SELECT count(*) FROM cases c
    WHERE c.next_due_at IS NOT NULL AND '{access.OUTSIDERS}' = ANY(c.recused) AND NOT EXISTS (
        SELECT FROM operators o JOIN units u ON o.scope = ANY(u.path)
        WHERE u.unit_code = c.unit_code AND o.role = 'inspection' AND o.active
          AND NOT c.recused && ARRAY['@' || o.username, '#' || o.scope, coalesce(o.badge, '')])
"""  # noqa: S608  the name is the access module's


async def get_around(conn: Connection, case: Case) -> Around:
    """The place in the tree of a case's unit, and everybody who may be meant by the case."""
    (around,) = await list_around(conn, [case])
    return around


async def list_around(conn: Connection, of: Sequence[Case]) -> list[Around]:
    """The same of each of these cases."""
    units, times = [one.unit_code for one in of], [one.occurred_at or one.received_at for one in of]
    rows = await conn.fetch(_AROUND, units, list(access.CASE_WORKERS), times, LATE)
    return [_around(list(own)) for _, own in groupby(rows, key=itemgetter("nth"))]


def _around(rows: Sequence[Any]) -> Around:
    people = [_person(row) for row in rows if row["identity"]]
    return Around(tuple(rows[0]["path"]), people, max(row["known"] or 0 for row in rows))


def _person(row: Any) -> Person:
    named = ("identity", "name", "badge", "scope", "of_unit", "inspects")
    return Person(**{name: row[name] for name in named})


async def set_recused(
    conn: Connection,
    case_id: UUID,
    recused: Collection[str],
    cleared: Collection[str],
    examined: int,
) -> None:
    """From whom the case is kept from now on."""
    await conn.execute(_SET, case_id, sorted(recused), sorted(cleared), examined)


async def add_recused(conn: Connection, incident_id: UUID, recused: Collection[str]) -> None:
    """Keep the cases of an incident from these as well."""
    await conn.execute(_ADD, incident_id, list(recused))


async def spread(conn: Connection, incident_id: UUID) -> frozenset[str]:
    """Keep every case of an incident from all from whom one is kept; who they are."""
    rows = await conn.fetch(_SPREAD, incident_id)
    return frozenset(who for row in rows for who in row["recused"])


async def doubt(conn: Connection, unit_code: str, since: datetime) -> None:
    """Have a unit's cases of what happened since then examined again; `lock_all` comes first."""
    await conn.execute(_DOUBT, unit_code, since)


async def claim_stale(conn: Connection, limit: int) -> list[Case]:
    """Cases last held against people who have changed since; unfinished ones first."""
    return [as_case(row) for row in await conn.fetch(_STALE, limit)]


async def count_unseen(conn: Connection) -> int:
    """Open cases that only the inspection may see, and nobody there can."""
    found: int = await conn.fetchval(_UNSEEN)
    return found
