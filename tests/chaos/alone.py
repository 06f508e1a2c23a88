"""`python -m tests.chaos.alone URL FOLDER`: one person's act after the other, each died in alone.

The service is loaded once; every life of it is a fork. One life ends at an act's point, and the
next begins with the same act under the same repeat key: somebody who saw the page fail presses the
button once more. A line of JSON each tells how many rows lay in the act's table before, between and
after, and what the second press was answered.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from shared.db import Database
from tests.chaos import hooks, points
from tests.chaos.fate import Fate
from tests.chaos.points import Point
from tests.chaos.tally import Tally
from tests.integration.rewards_desk import ANN, BEN, Desk, opened, token
from tests.integration.test_access_matrix import RUN
from tests.integration.test_rewards_decisions import RECEIVED, deny
from tests.vendors import AIRTIME

SERVICE = "rewards"
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

    prepare: Callable[[Desk, datetime], Awaitable[str]]
    table: str
    body: Mapping[str, Any]


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
}


async def life(url: str, folder: Path, turn: int) -> None:
    """After the death in one point, up to the next."""
    named = points.by_hand(SERVICE)
    async with at_the_desk(url) as desk:
        if turn:
            await again(desk, folder, named[turn - 1])
        for point in named[turn : turn + 1]:
            await doom(desk, folder, point, turn)


async def doom(desk: Desk, folder: Path, point: Point, turn: int) -> None:
    """Prepare it, and do it where one dies."""
    act = ACTS[point.purpose]
    for _ in range(PHONES * turn):
        next(desk._phones)
    address = await act.prepare(desk, RECEIVED - timedelta(days=40 * turn))
    body = dict(act.body) or await _open_month(desk)
    told = {"address": address, "body": body, "before": await _count(desk, act)}
    (folder / "act.json").write_text(json.dumps(told))
    tally = Tally(folder)
    tally.want({SERVICE: {point.name: 1}})
    hooks.install(Fate(SERVICE, SERVICE, tally))
    await _press(desk, told, point)


async def again(desk: Desk, folder: Path, point: Point) -> None:
    """What was stored; the same once more, and what is stored then."""
    told = json.loads((folder / "act.json").read_text())
    between = await _count(desk, ACTS[point.purpose])
    status = await _press(desk, told, point)
    after = await _count(desk, ACTS[point.purpose])
    rows = [told["before"], between, after]
    hits = Tally(folder).hits(SERVICE, point.name)
    told = {"point": point.name, "rows": rows, "status": status, "hits": hits}
    print(json.dumps(told), flush=True)


class at_the_desk:  # noqa: N801  reads as what it is
    """The service on its database."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Desk:
        self._database = await Database.connect(self._url, SERVICE)
        self._desk = opened(self._database)
        return await self._desk.__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        await self._desk.__aexit__(*error)
        await self._database.close()


async def _open_month(desk: Desk) -> dict[str, Any]:
    _, listed = await desk.get("/api/v1/closes")
    return {"month": listed["open_month"] or f"{date.today():%Y-%m-01}"}


async def _count(desk: Desk, act: Act) -> int:
    async with desk.database.acquire() as conn:
        return int(await conn.fetchval(f"SELECT count(*) FROM {act.table}"))


async def _press(desk: Desk, told: Mapping[str, Any], point: Point) -> int:
    """Ben's click; the key is that of the form he looks at."""
    headers = token(BEN) | {"Idempotency-Key": f"{point.name:-<20}".replace(" ", "-")[:120]}
    async with desk.client.post(told["address"], json=told["body"], headers=headers) as answer:
        return answer.status


def lived(work: Coroutine[Any, Any, None]) -> int:
    """In a process of its own; the signal that killed it, or its exit code."""
    child = os.fork()
    if not child:
        code = 1
        try:
            asyncio.run(work)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    work.close()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(url: str, folder: Path) -> int:
    """All of them; 0 if only the last life ended by itself."""
    deaths = len(points.by_hand(SERVICE))
    codes = [lived(life(url, folder, turn)) for turn in range(deaths + 1)]
    return int(codes != [-signal.SIGKILL] * deaths + [0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
