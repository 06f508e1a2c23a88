"""The rewards themselves."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.rewards.rules.payouts import Reward
from services.rewards.rules.settling import LOOK_UNTIL
from services.rewards.store.statements import COVERED
from shared.db import Connection

_COLUMNS = tuple(field.name for field in fields(Reward))
ALL = ", ".join(_COLUMNS)
# What a move writes. The incident is none of it: its own event may have changed it meanwhile.
_FIXED = (
    "id", "case_id", "submission_id", "incident_id", "unit_code", "kept_from", "verifiers",
)  # fmt: skip
_LISTS = ("kept_from", "verifiers", "counters", "near")
_MOVED = tuple(name for name in _COLUMNS if name not in _FIXED)
_MARK = f"""
    UPDATE rewards SET {", ".join(f"{name} = ${n}" for n, name in enumerate(_MOVED, 2))}
    WHERE id = $1 AND version = ${_MOVED.index("version") + 2} - 1 RETURNING true
"""  # noqa: S608
# Any constant. Decisions are few and share one budget, so they queue up behind one lock: two cases
# at once cannot both take the last place, and no two transactions can wait for each other.
_DECISIONS = 0x72657761


def as_reward(row: Any) -> Reward:
    values = {name: row[name] for name in _COLUMNS}
    return Reward(**values | {name: tuple(values[name]) for name in _LISTS})


async def lock_decisions(conn: Connection) -> None:
    """Decide alone until the transaction ends; take this before any row's lock."""
    await conn.execute("SELECT pg_advisory_xact_lock($1)", _DECISIONS)


async def get_now(conn: Connection) -> datetime:
    """The database's clock, by which everything is due."""
    now: datetime = await conn.fetchval("SELECT mashang_now()")
    return now


async def add(conn: Connection, reward: Reward) -> None:
    """Store a new reward; UniqueViolationError (rewards_case_key) if its case has one."""
    values = [getattr(reward, name) for name in _COLUMNS]
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await conn.execute(f"INSERT INTO rewards ({ALL}) VALUES ({places})", *values)  # noqa: S608


async def get(conn: Connection, reward_id: UUID) -> Reward | None:
    """One reward, to look at."""
    row = await conn.fetchrow(f"SELECT {ALL} FROM rewards WHERE id = $1", reward_id)  # noqa: S608
    return as_reward(row) if row else None


async def claim_one(conn: Connection, reward_id: UUID) -> Reward | None:
    """One reward, locked until the transaction ends."""
    row = await conn.fetchrow(
        f"SELECT {ALL} FROM rewards WHERE id = $1 FOR UPDATE",  # noqa: S608
        reward_id,
    )
    return as_reward(row) if row else None


async def claim_by_case(conn: Connection, case_id: UUID) -> Reward | None:
    """The reward of a case, locked until the transaction ends."""
    row = await conn.fetchrow(
        f"SELECT {ALL} FROM rewards WHERE case_id = $1 FOR UPDATE",  # noqa: S608
        case_id,
    )
    return as_reward(row) if row else None


async def claim_by_submission(conn: Connection, submission_id: UUID) -> Reward | None:
    """The reward of a submission's case, locked until the transaction ends."""
    row = await conn.fetchrow(
        f"SELECT {ALL} FROM rewards WHERE submission_id = $1 FOR UPDATE",  # noqa: S608
        submission_id,
    )
    return as_reward(row) if row else None


async def set_people(
    conn: Connection, case_id: UUID, kept_from: Sequence[str], verified_by: str | None
) -> None:
    """Who neither sees nor decides the reward of a case, and who decides it not, if it has one."""
    await conn.execute(
        """UPDATE rewards SET kept_from = $2, verifiers = CASE
               WHEN $3::text IS NULL OR $3 = ANY(verifiers) THEN verifiers
               ELSE verifiers || $3 END
           WHERE case_id = $1""",
        case_id,
        list(kept_from),
        verified_by,
    )


async def mark(conn: Connection, reward: Reward) -> bool:
    """Save a moved reward over the version before it; False if somebody else moved it first."""
    done = await conn.fetchval(_MARK, reward.id, *(getattr(reward, name) for name in _MOVED))
    return done is True


async def claim_due(conn: Connection, state: str, limit: int) -> list[Reward]:
    """Rewards of a state that are due, the most urgent first, locked; others skip them.

    While the vendor has an earlier order after all, its answer comes before a new one.
    """
    rows = await conn.fetch(
        f"""SELECT {ALL} FROM rewards WHERE state = $1 AND act_at <= mashang_now()
              AND (late_order IS NULL OR state = 'submitting')
            ORDER BY due_at, act_at LIMIT $2 FOR UPDATE SKIP LOCKED""",  # noqa: S608
        state,
        limit,
    )
    return [as_reward(row) for row in rows]


async def is_due(conn: Connection, reward_id: UUID) -> bool:
    """Whether anything may be sent for it, as of now."""
    due = await conn.fetchval(
        "SELECT withdrawn_at IS NULL AND late_order IS NULL FROM rewards WHERE id = $1", reward_id
    )
    return due is True


async def is_held(conn: Connection, claimed: Reward) -> bool:
    """Whether a claim for sending still stands: nobody took it over, and its time is not up."""
    held = await conn.fetchval(
        """SELECT state = 'submitting' AND fence = $2 AND act_at > mashang_now()
           FROM rewards WHERE id = $1""",
        claimed.id,
        claimed.fence,
    )
    return held is True


async def claim_same(conn: Connection, called: Reward) -> Reward | None:
    """The reward about whose order a vendor was called, locked, if that call still counts.

    A verdict may have been noted in between: that changes the version, not the order.
    """
    row = await conn.fetchrow(
        f"""SELECT {ALL} FROM rewards WHERE id = $1 AND state = $2 AND attempt = $3
              AND fence = $4 FOR UPDATE""",  # noqa: S608
        called.id,
        called.state,
        called.attempt,
        called.fence,
    )
    return as_reward(row) if row else None


async def claim_questions(
    conn: Connection, vendor: str, lease: timedelta, limit: int
) -> list[Reward]:
    """Rewards about whose order to ask this vendor now; not again until `lease` is over.

    One question at a time: a report that comes meanwhile makes the next due, and does not take this
    one's answer away.
    """
    rows = await conn.fetch(
        f"""UPDATE rewards SET asked = asked + 1, fence = fence + 1,
                   act_at = mashang_now() + $1
            WHERE id IN (SELECT id FROM rewards
                         WHERE state IN ('accepted', 'unknown', 'paid') AND act_at <= mashang_now()
                           AND EXISTS (SELECT FROM orders o
                                       WHERE o.reward_id = rewards.id AND o.vendor = $3
                                         AND o.outcome IS DISTINCT FROM 'rejected'
                                         AND (o.asking_until > mashang_now()) IS NOT TRUE)
                         ORDER BY act_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING {ALL}""",  # noqa: S608
        lease,
        limit,
        vendor,
    )
    return [as_reward(row) for row in rows]


async def claim_listed(
    conn: Connection, window: timedelta, vendor: str, lease: timedelta, limit: int
) -> list[Reward]:
    """Rewards about whose order the statements of this vendor say something new, leased.

    It is listed, or proved absent, or its look a day after the payment has waited a week.
    """
    rows = await conn.fetch(
        f"""UPDATE rewards SET asked = asked + 1, fence = fence + 1,
                   act_at = mashang_now() + $1
            WHERE id IN (
                SELECT r.id FROM rewards r JOIN orders o ON o.reward_id = r.id
                WHERE o.vendor = $4 AND o.outcome IS DISTINCT FROM 'rejected'
                  AND r.state IN ('accepted', 'unknown', 'paid') AND r.act_at <= mashang_now()
                  AND (EXISTS (SELECT FROM statement_orders s
                               WHERE s.vendor = o.vendor AND s.order_id = o.order_id)
                       OR r.state = 'paid' AND r.paid_at <= mashang_now() - $5::interval
                       OR r.state <> 'paid' AND o.last_answer IS DISTINCT FROM 'notfound'
                          AND {COVERED})
                ORDER BY r.act_at LIMIT $3 FOR UPDATE OF r SKIP LOCKED)
            RETURNING {ALL}""",  # noqa: S608
        lease,
        window,
        limit,
        vendor,
        LOOK_UNTIL,
    )
    return [as_reward(row) for row in rows]


async def mark_asked(
    conn: Connection, reward_id: UUID, leased_until: datetime | None, next_at: datetime | None
) -> None:
    """Put the next question off, unless the vendor has called since this one was leased."""
    await conn.execute(
        "UPDATE rewards SET act_at = $3 WHERE id = $1 AND act_at = $2",
        reward_id,
        leased_until,
        next_at,
    )


async def mark_due(conn: Connection, vendor: str, order_id: str) -> str | None:
    """Ask about the live order of a reward now. Its state, or None if the order is not that."""
    state: str | None = await conn.fetchval(
        """UPDATE rewards SET act_at = mashang_now()
           FROM orders WHERE order_id = $1 AND vendor = $2 AND reward_id = id
             AND outcome IS DISTINCT FROM 'rejected' AND state IN ('accepted', 'unknown', 'paid')
           RETURNING state""",
        order_id,
        vendor,
    )
    return state


async def list_page(
    conn: Connection, state: str | None, before: int | None, limit: int
) -> Sequence[tuple[int, Reward]]:
    """Rewards with their place in the list, newest first."""
    rows = await conn.fetch(
        f"""SELECT seq, {ALL} FROM rewards
            WHERE ($1::text IS NULL OR state = $1) AND ($2::bigint IS NULL OR seq < $2)
            ORDER BY seq DESC LIMIT $3""",  # noqa: S608
        state,
        before,
        limit,
    )
    return [(row["seq"], as_reward(row)) for row in rows]
