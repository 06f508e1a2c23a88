"""What other rewards have taken of the caps, and what they have in common with one."""

from datetime import timedelta

from services.rewards.rules.entitlement import Usage
from services.rewards.rules.payouts import Reward
from shared.db import Connection
from shared.policy import Odd

_ON_ROSTER = "SELECT EXISTS (SELECT 1 FROM officers WHERE active AND phone_index = $1)"
# Of one incident and of one phone there are few; they are counted as they stand.
_OTHERS = """
    SELECT count(*) FILTER (WHERE incident_id = $3 AND phone_index = $2) AS phone_incident,
           count(*) FILTER (WHERE incident_id = $3) AS incident,
           coalesce(sum(amount_fen) FILTER (WHERE month = $4 AND phone_index = $2), 0)
               AS phone_month_fen
    FROM rewards WHERE (incident_id = $3 OR phone_index = $2 AND month = $4) AND id <> $1
      AND takes_a_place(state)
"""
_TAKEN = """
    SELECT scope, fen FROM taken
    WHERE (scope, key, since) IN (('month', '', $1), ('unit_month', $2, $1), ('day', '', $3))
"""
# Held ones belong to a pattern as well; what is not due any more does not.
_LIKE = """
    FROM rewards WHERE id <> $1 AND withdrawn_at IS NULL
      AND verified_at BETWEEN $2::timestamptz - $3::interval AND $2::timestamptz + $3::interval
"""
_UNITS = f"SELECT count(DISTINCT unit_code) {_LIKE} AND phone_index = $4 AND unit_code <> $5"
_NEAR = f"""
    SELECT count(DISTINCT phone_index) {_LIKE}
      AND id IN (SELECT rewards_near($4)) AND phone_index <> $5
"""
_AT_COUNTER = f"""
    SELECT count(*) {_LIKE} AND unit_code = $4 AND counters <> '{{}}' AND counters && $5::int[]
"""


async def get(conn: Connection, reward: Reward, odd: Odd) -> Usage:
    """All of it, beside the reward itself; held and refused ones take nothing."""
    others = await conn.fetchrow(
        _OTHERS, reward.id, reward.phone_index, reward.incident_id, reward.month
    )
    rows = await conn.fetch(_TAKEN, reward.month, reward.unit_code, reward.day)
    taken = {row["scope"]: row["fen"] for row in rows}
    own = reward.amount_fen if reward.takes_a_place else 0
    return Usage(
        on_roster=await conn.fetchval(_ON_ROSTER, reward.phone_index),
        **dict(others or {}),
        month_fen=taken.get("month", 0) - own,
        unit_month_fen=taken.get("unit_month", 0) - own,
        day_fen=taken.get("day", own) - own,
        **await _patterns(conn, reward, odd),
    )


async def _patterns(conn: Connection, reward: Reward, odd: Odd) -> dict[str, int]:
    asked = {
        "phone_units": (_UNITS, timedelta(days=odd.phone_units_days), reward.phone_index,
                        reward.unit_code),
        "near_phones": (_NEAR, timedelta(days=odd.near_phones_days), reward.near[1:2],
                        reward.phone_index),
        "at_counter": (_AT_COUNTER, timedelta(hours=odd.counter_hours), reward.unit_code,
                       list(reward.counters)),
    }  # fmt: skip
    found = {}
    for name, (query, span, one, other) in asked.items():
        if one and other:
            one = one[0] if isinstance(one, tuple) else one
            found[name] = await conn.fetchval(
                query, reward.id, reward.verified_at, span, one, other
            )
    return found
