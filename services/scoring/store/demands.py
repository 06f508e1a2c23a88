"""The journal of demands: +1 when one comes into force, −1 when it is taken back."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.scoring.rules.reach import Reach
from services.scoring.rules.values import Cause, Change, Demand, Fact, Scope, Subject
from shared.db import Connection

# Held to the end of the transaction. One lock for all verdicts, since an inbox batch touches many
# units and officers in any order, and two batches with a lock for each would stop one another.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('scoring.verdicts'))"
# A unit has ever more of them, of ever more periods; a case and an officer have few.
_IN_FORCE = """
    SELECT subject_kind, subject, rule, scope_kind, scope, incident_id, period, centipoints,
           sum(delta)::int AS times, max(edition) AS edition
    FROM (
        SELECT * FROM demands
        WHERE (scope_kind, scope) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        UNION ALL SELECT * FROM demands
        WHERE scope_kind = 'unit' AND scope = ANY($3::text[]) AND period = ANY($4::text[])
    ) AS of_these
    GROUP BY subject_kind, subject, rule, scope_kind, scope, incident_id, period, centipoints
    HAVING sum(delta) > 0
"""
_ADD = """
    INSERT INTO demands (case_id, revision, subject_kind, subject, rule, scope_kind, scope,
                         incident_id, period, centipoints, edition, delta)
    SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                 $8::uuid[], $9::text[], $10::int[], $11::date[], $12::int[])
"""


async def lock_verdicts(conn: Connection) -> None:
    """Score one verdict at a time; released when the transaction ends."""
    await conn.execute(_LOCK)


async def get_in_force(
    conn: Connection, scopes: Sequence[Scope], reach: Reach | None = None
) -> Counter[Demand]:
    """What is in force at present for these causes, and how often; of units within a reach."""
    whole = [scope for scope in scopes if reach is None or scope.kind != "unit"]
    kinds, ids = [scope.kind for scope in whole], [scope.id for scope in whole]
    units = [scope.id for scope in scopes if reach and scope.kind == "unit"]
    periods = sorted(reach.periods) if reach else []
    return Counter(
        {
            Demand(
                Subject(row["subject_kind"], row["subject"]),
                Cause(row["rule"], Scope(row["scope_kind"], row["scope"]), row["incident_id"]),
                row["period"],
                row["centipoints"],
                row["edition"],
            ): row["times"]
            for row in await conn.fetch(_IN_FORCE, kinds, ids, units, periods)
        }
    )


async def add_changes(conn: Connection, fact: Fact, changes: Sequence[Change]) -> None:
    """Append what a verdict changed. The caller holds `lock_verdicts`."""
    if changes:
        columns = zip(*map(_row, changes), strict=True)
        await conn.execute(_ADD, fact.case_id, fact.revision, *map(list, columns))


def _row(change: Change) -> tuple[str | UUID | int | date | None, ...]:
    demand, cause = change.demand, change.demand.cause
    return (
        demand.subject.kind,
        demand.subject.id,
        cause.rule,
        cause.scope.kind,
        cause.scope.id,
        cause.incident_id,
        demand.period,
        demand.centipoints,
        demand.edition,
        change.delta,
    )
