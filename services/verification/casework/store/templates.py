"""Templates of answers, each in its newest version."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Connection


@dataclass(frozen=True)
class Template:
    """A text for answers, for one category or for all; who changed it last, and when."""

    template_id: UUID
    title: str
    category: str | None
    body: str
    active: bool
    version: int
    changed_by: str
    changed_at: datetime


_COLUMNS = "template_id, title, category, body, active, version, changed_by, changed_at"
_PUT = """
    INSERT INTO answer_templates (template_id, title, category, body, active, version, changed_by)
    VALUES ($1, $2, $3, $4, $5, $6 + 1, $7)
    ON CONFLICT (template_id) DO UPDATE SET title = $2, category = $3, body = $4, active = $5,
        version = answer_templates.version + 1, changed_by = $7, changed_at = mashang_now()
    WHERE answer_templates.version = $6 RETURNING 1
"""


async def list_all(conn: Connection) -> list[Template]:
    """All of them by title; those out of use last."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM answer_templates ORDER BY active DESC, title, template_id"  # noqa: S608
    )
    return [Template(**dict(row)) for row in rows]


async def get(conn: Connection, template_id: UUID) -> Template | None:
    """One of them."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM answer_templates WHERE template_id = $1",  # noqa: S608
        template_id,
    )
    return Template(**dict(row)) if row else None


async def put(
    conn: Connection, template_id: UUID, title: str, category: str | None, body: str,
    *, active: bool, seen: int, by: str,
) -> bool:  # fmt: skip
    """A new one (`seen` is 0), or the next version; False where somebody was faster."""
    row = (template_id, title, category, body, active, seen, by)
    return await conn.fetchval(_PUT, *row) is not None
