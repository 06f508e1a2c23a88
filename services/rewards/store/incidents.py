"""Which cases are one incident, and the rewards of one that can still be decided otherwise."""

from uuid import UUID

from services.rewards.rules.payouts import Reward
from services.rewards.store.rewards import ALL, as_reward
from shared.db import Connection
from shared.events import IncidentChanged

_MARK = """
    INSERT INTO incidents (case_id, incident_id, unit_code, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (case_id) DO UPDATE SET incident_id = $2, version = $4
    WHERE incidents.version < $4 RETURNING true
"""


async def mark_incident(conn: Connection, event: IncidentChanged) -> bool:
    """Take over the incident of a case; False if we know as new a one."""
    row = (event.case_id, event.incident_id, event.unit_code, event.version)
    return await conn.fetchval(_MARK, *row) is True


async def get_incident(conn: Connection, case_id: UUID) -> UUID | None:
    """The incident to which a case has changed; None while its verdict's own counts."""
    found: UUID | None = await conn.fetchval(
        "SELECT incident_id FROM incidents WHERE case_id = $1", case_id
    )
    return found


async def set_incident(conn: Connection, case_id: UUID, incident_id: UUID) -> None:
    """Bring the reward of a case to an incident.

    No move and no new version: what is on its way to the vendor goes on as it was.
    """
    await conn.execute(
        "UPDATE rewards SET incident_id = $2 WHERE case_id = $1", case_id, incident_id
    )


async def claim_undecided(conn: Connection, incident_id: UUID) -> list[Reward]:
    """An incident's rewards that have not left, locked, the earliest verdict first.

    Of the held ones only those that the incident's caps hold.
    """
    rows = await conn.fetch(
        f"""SELECT {ALL} FROM rewards WHERE incident_id = $1 AND (state = 'ready' OR
                state = 'held' AND reason IN ('phone_incident_cap', 'incident_cap'))
            ORDER BY verified_at, id FOR UPDATE""",  # noqa: S608
        incident_id,
    )
    return [as_reward(row) for row in rows]
