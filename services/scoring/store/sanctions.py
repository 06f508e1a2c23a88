"""Sanctions: proposed, decided by a person, withdrawn with the verdicts that demanded them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from asyncpg import Record

from services.scoring.rules.sanctions import Rule, Sanction
from services.scoring.rules.values import Change, Demand, Fact
from services.scoring.store.directory import sees_few
from shared.db import Connection

View = Literal["waiting", "decided"]

_ADD = """
    INSERT INTO sanctions (sanction_id, rule, badge, unit_code, period, case_ids, case_id, revision,
                           proposed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# The newest that still stands: equal ones may stand side by side where years roll.
_WITHDRAW = """
    INSERT INTO sanction_withdrawals (sanction_id, case_id, revision, withdrawn_at)
    SELECT s.sanction_id, $5, $6, $7
    FROM sanctions s LEFT JOIN sanction_withdrawals w USING (sanction_id)
    WHERE s.rule = $1 AND s.badge IS NOT DISTINCT FROM $2 AND s.unit_code = $3
      AND s.period IS NOT DISTINCT FROM $4 AND w.sanction_id IS NULL
    ORDER BY s.proposed_at DESC, s.sanction_id LIMIT 1
    RETURNING sanction_id
"""
_SANCTIONS = """
    SELECT s.sanction_id, s.rule, s.badge, s.unit_code, s.period, s.case_ids, s.proposed_at,
           d.outcome, d.reason, d.decided_by, d.decided_at, w.withdrawn_at, p.year, p.number
    FROM sanctions s LEFT JOIN sanction_decisions d USING (sanction_id)
    LEFT JOIN sanction_withdrawals w USING (sanction_id)
    LEFT JOIN papers p USING (sanction_id)
"""
# A page first, by an index; then each by its id (LIMIT), however long the planner thinks it is.
_PAGE = f"""
    WITH page AS MATERIALIZED ({{page}}) SELECT one.* FROM page CROSS JOIN LATERAL (
        {_SANCTIONS} WHERE s.sanction_id = page.sanction_id LIMIT 1) AS one
    ORDER BY one.proposed_at DESC, one.sanction_id DESC
"""  # noqa: S608  the parts are this module's own
_FIRST = """
    SELECT s.proposed_at, s.sanction_id FROM {table} s
    WHERE {those} AND (s.proposed_at, s.sanction_id) < ($1, $2)
    ORDER BY s.proposed_at DESC, s.sanction_id DESC LIMIT {most}
"""
# Whoever sees few units would look through everybody's to find a page of theirs.
_OF_EACH = """
    SELECT proposed_at, sanction_id FROM units u CROSS JOIN LATERAL ({first}) AS of_unit
    ORDER BY proposed_at DESC, sanction_id DESC LIMIT {most}
"""
_DECIDED = "NOT EXISTS (SELECT FROM sanctions_waiting w WHERE w.sanction_id = s.sanction_id)"
_WANTED: dict[View, tuple[str, str]] = {
    "waiting": ("sanctions_waiting", "true"), "decided": ("sanctions", _DECIDED),
}  # fmt: skip
_COUNT = "SELECT count(*) FROM sanctions_waiting"
_END = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
_DECIDE = """
    INSERT INTO sanction_decisions (sanction_id, outcome, reason, decided_by, decided_at)
    VALUES ($1, $2, $3, $4, $5)
"""
_VERIFIED_BY = """
    SELECT DISTINCT verified_by FROM verdicts
    WHERE case_id = ANY($1::uuid[]) AND verified_by IS NOT NULL
"""


async def propose(
    conn: Connection, change: Change, case_ids: Sequence[UUID], fact: Fact, at: datetime
) -> UUID:
    """Something to sign; `fact` is the verdict that crossed the line."""
    sanction_id, demand = uuid4(), change.demand
    what = (demand.cause.rule, _badge(demand), demand.subject.id, demand.period, list(case_ids))
    await conn.execute(_ADD, sanction_id, *what, fact.case_id, fact.revision, at)
    return sanction_id


async def withdraw(conn: Connection, demand: Demand, fact: Fact, at: datetime) -> UUID | None:
    """What is demanded no longer; which one it was."""
    whose = (demand.cause.rule, _badge(demand), demand.subject.id, demand.period)
    found: UUID | None = await conn.fetchval(_WITHDRAW, *whose, fact.case_id, fact.revision, at)
    return found


def _badge(demand: Demand) -> str | None:
    return demand.cause.scope.id if demand.cause.scope.kind == "officer" else None


async def get(conn: Connection, sanction_id: UUID) -> Sanction | None:
    """One, if the operator may see it."""
    row = await conn.fetchrow(f"{_SANCTIONS} WHERE s.sanction_id = $1", sanction_id)
    return _sanction(row) if row else None


async def list_newest(
    conn: Connection,
    view: View,
    rule: Rule | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Sanction]:
    """Those of a view that the operator may see, the newest first, from before the given one."""
    statement = _statement(view, rule, few=await sees_few(conn)).format(most=limit)
    rows = await conn.fetch(statement, *before or _END, *([rule] if rule else ()))
    return [_sanction(row) for row in rows]


def _statement(view: View, rule: Rule | None, *, few: bool) -> str:
    """Yet without how `{most}` there are: a plan for any number of them would read them all."""
    table, those = _WANTED[view]
    if rule:
        those += " AND s.rule = $3"
    if few:
        those += " AND s.unit_code = u.unit_code"
    first = _FIRST.format(table=table, those=those, most="{most}")
    page = _OF_EACH.format(first=first, most="{most}") if few else first
    return _PAGE.format(page=page)


async def count_waiting(conn: Connection, rule: Rule | None = None) -> int:
    """How many nobody has decided yet, of a rule or of all, as far as the operator sees."""
    if rule is None:
        return int(await conn.fetchval(_COUNT))
    return int(await conn.fetchval(f"{_COUNT} WHERE rule = $1", rule))


async def list_of_officer(conn: Connection, badge: str) -> list[Sanction]:
    """All of an officer's, the newest first."""
    rows = await conn.fetch(f"{_SANCTIONS} WHERE s.badge = $1 ORDER BY s.proposed_at DESC", badge)
    return [_sanction(row) for row in rows]


async def list_verifiers(conn: Connection, case_ids: Sequence[UUID]) -> list[str]:
    """Who found what these cases say, as far as it was told."""
    return [row["verified_by"] for row in await conn.fetch(_VERIFIED_BY, list(case_ids))]


async def decide(
    conn: Connection, sanction_id: UUID, outcome: str, reason: str | None, who: str, at: datetime
) -> None:
    """Once a sanction. The caller holds `lock_verdicts`."""
    await conn.execute(_DECIDE, sanction_id, outcome, reason, who, at)


def _sanction(row: Record) -> Sanction:
    values: dict[str, Any] = dict(row)
    return Sanction(**values | {"case_ids": tuple(values["case_ids"])})
