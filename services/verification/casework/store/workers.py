"""Who works at a unit's place or above it; from whom a case is kept the rules say."""

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from shared import access
from shared.access import Operator
from shared.db import Connection

_OF_UNIT = """
    SELECT o.username, o.name, o.role, o.scope, o.badge
    FROM units u JOIN operators o ON o.scope = ANY(u.path) AND o.active AND o.role = ANY($2)
    WHERE u.unit_code = $1 ORDER BY array_position(u.path, o.scope) DESC, o.name, o.username
"""
_BUSY = """
    SELECT username, name, role, scope, badge,
           (SELECT count(*) FROM cases WHERE lead = o.username AND next_due_at IS NOT NULL)
    FROM operators o WHERE scope = ANY($1) AND active AND role = 'unit_operator' ORDER BY scope
"""
_LEADS = """
    SELECT c.case_id, o.username, o.name, o.role, o.scope, o.badge
    FROM cases c JOIN units u USING (unit_code)
    JOIN operators o ON o.username = c.lead AND o.scope = ANY(u.path) AND o.active
        AND o.role = ANY($2)
    WHERE c.case_id = ANY($1)
"""


async def list_workers(conn: Connection, unit_code: str) -> list[Operator]:
    """Everybody whose role and place let them work on a unit's cases, the unit's own first."""
    rows = await conn.fetch(_OF_UNIT, unit_code, list(access.CASE_WORKERS))
    return [Operator(**dict(row)) for row in rows]


async def list_busy(
    conn: Connection, unit_codes: Collection[str]
) -> dict[str, list[tuple[Operator, int]]]:
    """Each unit's own operators, each with how many cases with a duty they lead."""
    rows = await conn.fetch(_BUSY, list(unit_codes)) if unit_codes else []
    return {
        scope: [(Operator(*list(row.values())[:-1]), row["count"]) for row in own]
        for scope, own in groupby(rows, key=itemgetter("scope"))
    }


async def list_at(conn: Connection, scope: str) -> list[Operator]:
    """Everybody who works on cases at a place itself."""
    rows = await conn.fetch(
        """SELECT username, name, role, scope, badge FROM operators
           WHERE scope = $1 AND active AND role = ANY($2) ORDER BY name, username""",
        scope, list(access.CASE_WORKERS),
    )  # fmt: skip
    return [Operator(**dict(row)) for row in rows]


async def list_leads(conn: Connection, case_ids: Sequence[UUID]) -> dict[UUID, Operator]:
    """Who leads these cases, as far as they still work at the place."""
    rows = await conn.fetch(_LEADS, case_ids, list(access.CASE_WORKERS))
    return {row["case_id"]: Operator(*list(row.values())[1:]) for row in rows}
