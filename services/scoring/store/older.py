"""Verdicts from before a rule was there, until their units were looked at by it."""

from services.scoring.rules.values import Fact, Scope
from services.scoring.store import verdicts
from shared.db import Connection

_NEXT = "SELECT unit_code FROM verdicts WHERE older ORDER BY unit_code LIMIT 1"
_TAKE = "UPDATE verdicts SET older = false WHERE older AND unit_code = $1 RETURNING case_id"


async def next_unit(conn: Connection) -> str | None:
    """One that has any."""
    found: str | None = await conn.fetchval(_NEXT)
    return found


async def take(conn: Connection, unit_code: str) -> list[Fact]:
    """Those of a unit, from now on no older than others. The caller holds `lock_verdicts`."""
    rows = await conn.fetch(_TAKE, unit_code)
    return await verdicts.list_facts(conn, [Scope("case", str(row["case_id"])) for row in rows])
