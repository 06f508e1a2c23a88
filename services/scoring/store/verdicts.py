"""Verdicts as the rules look at them: each case's newest, with the incident that it belongs to."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from asyncpg import Record

from services.scoring.rules.reach import Reach, reach_of_period
from services.scoring.rules.values import Demand, Fact, Scope, ScopeKind
from shared.db import Connection
from shared.policy import Policies

_EVER, _NEVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_FACT = """
    SELECT v.case_id, v.revision, v.kind, v.unit_code,
           coalesce(i.incident_id, v.incident_id) AS incident_id, v.verdict, v.attribution,
           v.officers, v.categories, v.received_at, v.verified_at, v.named
    FROM verdicts v LEFT JOIN incidents i ON i.case_id = v.case_id
"""
_FACTS = f"""{_FACT}
    WHERE v.case_id IN (
        SELECT unnest($1::uuid[]) UNION SELECT verdicts_on($2::text[])
        UNION SELECT case_id FROM verdicts
        WHERE unit_code = ANY($3::text[]) AND kind = 'complaint'
            AND verdict IN ('substantiated', 'partly')
            AND received_at >= $4::timestamptz AND received_at < $5::timestamptz)
    ORDER BY v.received_at, v.case_id
"""  # noqa: S608  the parts are this module's own
_OF_INCIDENTS = f"""{_FACT}
    WHERE v.case_id IN (
        SELECT case_id FROM verdicts WHERE incident_id = ANY($1::uuid[])
        UNION SELECT case_id FROM incidents WHERE incident_id = ANY($1::uuid[]))
    AND coalesce(i.incident_id, v.incident_id) = ANY($1::uuid[])
"""  # noqa: S608
_FOUND = f"""{_FACT}
    WHERE v.unit_code = $1 AND v.kind = 'complaint' AND v.verdict IN ('substantiated', 'partly')
      AND v.received_at >= $2
    ORDER BY v.received_at, v.case_id
"""
_MARKS = """
    v.kind = 'complaint' AND v.verdict IN ('substantiated', 'partly') AND v.attribution = 'officers'
"""
_MARKED = f"""{_FACT}
    WHERE v.case_id IN (
        SELECT unnest($4::uuid[])
        UNION SELECT v.case_id FROM verdicts v
        WHERE v.unit_code = $1 AND {_MARKS} AND v.verified_at >= $3)
    AND v.unit_code = $1 AND {_MARKS} AND v.verified_at >= $2
"""  # noqa: S608


async def get_fact(conn: Connection, case_id: UUID) -> Fact | None:
    """A case's verdict as it stands."""
    facts = await list_facts(conn, [Scope("case", str(case_id))])
    return facts[0] if facts else None


async def list_facts(
    conn: Connection, scopes: Sequence[Scope], reach: Reach | None = None
) -> list[Fact]:
    """The verdicts of these cases, officers and units as they stand, in the order of receipt.

    Of units those within a reach, if there is one, each with all of its incident.
    """
    ids: dict[ScopeKind, list[str]] = {"case": [], "officer": [], "unit": []}
    for scope in scopes:
        ids[scope.kind].append(scope.id)
    since, until = (reach.since, reach.until) if reach else (_EVER, _NEVER)
    rows = await conn.fetch(_FACTS, ids["case"], ids["officer"], ids["unit"], since, until)
    found = [_fact(row) for row in rows]
    if reach is None:
        return found
    known = {one.case_id: one for one in found}
    own = {one.incident_id for one in found if one.unit_code in ids["unit"]}
    known |= {one.case_id: one for one in await list_of_incidents(conn, own)}
    return sorted(known.values(), key=lambda one: (one.received_at, one.case_id))


async def list_of_demand(conn: Connection, demand: Demand, policies: Policies) -> list[Fact]:
    """What a demand may count: of an officer all there is, of a unit what its period reaches."""
    scope, period = demand.cause.scope, demand.period
    reach = reach_of_period(period, policies) if scope.kind == "unit" and period else None
    return await list_facts(conn, [scope], reach)


async def list_of_incidents(conn: Connection, incident_ids: Collection[UUID]) -> list[Fact]:
    """The verdicts of all cases of these incidents."""
    return [_fact(row) for row in await conn.fetch(_OF_INCIDENTS, list(incident_ids))]


async def list_found(conn: Connection, unit_code: str, since: datetime) -> list[Fact]:
    """What was found true of complaints about a unit since then, in the order of receipt."""
    return [_fact(row) for row in await conn.fetch(_FOUND, unit_code, since)]


async def list_marked(
    conn: Connection, unit_code: str, ever: datetime, since: datetime, appealed: Collection[UUID]
) -> list[Fact]:
    """What marks officers of a unit by a verdict since then; of these cases also since `ever`."""
    rows = await conn.fetch(_MARKED, unit_code, ever, since, list(appealed))
    return [_fact(row) for row in rows]


def _fact(row: Record) -> Fact:
    arrays = {name: tuple(row[name]) for name in ("officers", "categories", "named")}
    return Fact(**dict(row) | arrays)
