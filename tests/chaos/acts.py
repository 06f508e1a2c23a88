"""What people decide, one act at a time: how each is prepared, and what it leaves behind."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from shared.access import Role
from shared.db import Database
from tests.integration import notifications_desk, rewards_desk
from tests.integration.notifications_desk import Counter
from tests.integration.rewards_desk import ANN, SEED, Desk
from tests.integration.test_access_matrix import RUN
from tests.integration.test_rewards_decisions import deny
from tests.vendors import AIRTIME

# More than an act needs, so that none meets another one's.
PHONES = 5
NOTE = {"note": "looked into it"}
MISMATCH = """
    INSERT INTO mismatches (kind, vendor, order_id, facts, found_at)
    VALUES ('no_order', 'elsewhere', $1, '{}', now()) RETURNING mismatch_id::text
"""
TOP_UP = {"vendor": AIRTIME.name, "yuan": "5.00", "day": "2026-03-03", **NOTE}


@dataclass(frozen=True)
class Act:
    """What somebody does: `prepare` gives the address; a row of `table` is what it leaves.

    Each point has a month of its own, as a unit earns only so much in one.
    """

    prepare: Callable[[Any, datetime], Awaitable[str]]
    table: str
    body: Mapping[str, Any]
    role: Role = "reward_approver"
    answered: int = 200


async def held(desk: Desk, at: datetime) -> str:
    """The fourth reward of an incident."""
    incident = uuid4()
    *_, reward = [await desk.earn(incident_id=incident, verified_at=at) for _ in range(4)]
    return f"/api/v1/rewards/{reward.id}/approvals"


async def manual(desk: Desk, at: datetime) -> str:
    """The vendor refused it for good."""
    reward = await desk.earn("leased", "rejected", "given_up", verified_at=at)
    return f"/api/v1/rewards/{reward.id}/approvals"


async def ready(desk: Desk, at: datetime) -> str:
    """It has not left."""
    return f"/api/v1/rewards/{(await desk.earn(verified_at=at)).id}/holds"


async def lost(desk: Desk, at: datetime) -> str:
    """An order of long ago, on no statement, denied by the vendor; one has signed already."""
    reward = await desk.earn("leased", "lost", verified_at=at)
    await desk.age(reward, 8)
    async with desk.database.transaction() as conn:
        await deny(conn, reward)
    await desk.write_off(reward, ANN)
    return f"/api/v1/rewards/{reward.id}/write-offs"


async def stopped(desk: Desk, _: datetime) -> str:
    """A vendor whose statement has what we never made; one has signed already."""
    async with desk.database.transaction() as conn:
        address = f"/api/v1/reconciliations/{await conn.fetchval(RUN)}/lifts"
    await desk.post(address, NOTE, ANN)
    return address


async def mismatch(desk: Desk, _: datetime) -> str:
    """An order that nobody made."""
    async with desk.database.transaction() as conn:
        own = await conn.fetchval(MISMATCH, os.urandom(8).hex())
    return f"/api/v1/mismatches/{own}/resolutions"


async def wallet(*_: object) -> str:
    """Nothing is needed."""
    return "/api/v1/ledger/top-ups"


async def topped_up(desk: Desk, _: datetime) -> str:
    """A posting that a person made."""
    made = (await desk.post("/api/v1/ledger/top-ups", TOP_UP, ANN))[1]
    return f"/api/v1/ledger/{made['posting_no']}/reversal"


async def month(desk: Desk, _: datetime) -> str:
    """One is over in which something was booked."""
    await desk.post("/api/v1/ledger/top-ups", TOP_UP, ANN)
    return "/api/v1/closes"


async def failed(counter: Counter, _: datetime) -> str:
    """An SMS that did not arrive."""
    own = await notifications_desk.add(counter.database, counter.settings, "failed")
    return f"/api/v1/messages/{own}/resend"


APPROVED = {"decision": "approve", **NOTE}
ACTS: Mapping[str, Act] = {
    "reward: commit of an approval": Act(held, "payout_transitions", APPROVED),
    "reward: commit of a retry by hand": Act(manual, "payout_transitions", APPROVED),
    "reward: commit of a hold": Act(ready, "payout_transitions", NOTE),
    "reward: commit of a second signature": Act(lost, "write_offs", NOTE),
    "stop: commit of a second lift": Act(stopped, "vendor_stop_lifts", NOTE),
    "mismatch: commit of a resolution": Act(mismatch, "mismatch_resolutions", NOTE),
    "ledger: commit of a top-up": Act(wallet, "ledger_postings", TOP_UP),
    "ledger: commit of a reversal": Act(topped_up, "ledger_postings", NOTE),
    "month: commit of a close": Act(month, "ledger_closes", {}),
    "sms: commit of a sending by hand": Act(
        failed, "resends", {"reason": "he says nothing came"}, "system_admin", 201
    ),
}


@asynccontextmanager
async def rewards(database: Database, turn: int) -> AsyncIterator[Desk]:
    """With phones that no act of before has used."""
    async with rewards_desk.opened(database) as desk:
        for _ in range(PHONES * turn):
            next(desk._phones)
        yield desk


def notifications(database: Database, _: int) -> AbstractAsyncContextManager[Counter]:
    """Whoever signs in is known there, too."""
    return notifications_desk.opened(database, SEED)


DESKS: Mapping[str, Callable[[Database, int], AbstractAsyncContextManager[Any]]] = {
    "rewards": rewards,
    "notifications": notifications,
}
