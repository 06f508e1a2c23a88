"""Numbered documents that wait to be read at a unit, as far as scoring has told of them."""

from shared import access
from shared.access import Operator
from shared.db import Connection
from shared.events import PaperChanged

_MARK = """
    INSERT INTO papers (paper, unit_code, badge, version, waits) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (paper) DO UPDATE SET version = excluded.version, waits = excluded.waits
    WHERE papers.version < excluded.version RETURNING true
"""
# About an officer it is for that one; who has no badge leads the window and may tell them.
_COUNT = """
    SELECT count(*) FROM (SELECT FROM papers WHERE unit_code = $1 AND waits
        AND (badge IS NULL OR $2 OR badge = ANY($3::text[])) LIMIT $4) AS found
"""


async def mark(conn: Connection, event: PaperChanged) -> bool:
    """Take over its state; False if we know a later one."""
    row = (event.paper, event.unit_code, event.badge, event.version, event.state == "issued")
    return await conn.fetchval(_MARK, *row) is True


async def count_unread(conn: Connection, operator: Operator, most: int) -> int:
    """What waits for somebody at a unit; `most` stands for that many or more."""
    own = access.identities(operator)
    return int(await conn.fetchval(_COUNT, operator.scope, operator.badge is None, own, most))
