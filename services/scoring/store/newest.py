"""The newest documents of a kind, a page at a time: by numbers, or by the units whose they are.

Whoever sees many units finds a page of theirs among the newest of all; whoever sees few would look
through everybody's for it, and looks at the newest of each instead.
"""

from services.scoring.store.directory import sees_few
from services.scoring.store.papers import CRITICISMS, NAMED, OTHERS, Kind, Numbered, numbered
from shared.db import Connection

_BEFORE = """
    SELECT year, number FROM {table} WHERE {those} AND (year, number) < ($1, $2)
    ORDER BY year DESC, number DESC LIMIT {most}
"""
_OF_EACH = """
    SELECT year, number FROM units u CROSS JOIN LATERAL ({before}) AS of_unit
    ORDER BY year DESC, number DESC LIMIT {most}
"""
_PAGE = f"""
    WITH page AS MATERIALIZED ({{page}}) {NAMED} ORDER BY n.year DESC, n.number DESC
"""
# Each by its number (LIMIT), however large the planner thinks a page is.
_OF_PAGE = """
    SELECT one.* FROM page CROSS JOIN LATERAL (
        {whole} WHERE year = page.year AND number = page.number AND {those} LIMIT 1) AS one
"""
_END = (2**31 - 1, 0)


async def list_newest(
    conn: Connection, kind: Kind, before: tuple[int, int] | None, limit: int
) -> list[Numbered]:
    """Those of a kind that the operator may see, the newest first, from before this number."""
    few = await sees_few(conn)
    kinds = () if kind == "criticism" else (kind,)
    statement = _statement(few=few, criticisms=not kinds).format(most=limit)
    return [numbered(row) for row in await conn.fetch(statement, *before or _END, *kinds)]


def _statement(*, few: bool, criticisms: bool) -> str:
    """Yet without how `{most}` there are: a plan for any number of them would read them all."""
    table, whole, those = (
        ("criticisms", CRITICISMS, "true") if criticisms else ("papers", OTHERS, "kind = $3")
    )
    page = _BEFORE.format(table=table, those=those, most="{most}")
    if few:
        of_unit = f"unit_code = u.unit_code AND {those}"
        before = _BEFORE.format(table=table, those=of_unit, most="{most}")
        page = _OF_EACH.format(before=before, most="{most}")
    return _PAGE.format(page=page, those=_OF_PAGE.format(whole=whole, those=those))
