"""`python -m tests.chaos.alone SERVICE URL FOLDER`: one person's act after the other, each died in
alone.

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
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from shared.db import Database
from tests.chaos import hooks, points
from tests.chaos.acts import ACTS, DESKS, Act
from tests.chaos.fate import Fate
from tests.chaos.points import Point
from tests.chaos.tally import Tally
from tests.integration.rewards_desk import BEN, token
from tests.integration.test_rewards_decisions import RECEIVED


async def life(service: str, url: str, folder: Path, turn: int) -> None:
    """After the death in one point, up to the next."""
    named = points.by_hand(service)
    async with at_the_desk(service, url, turn) as desk:
        if turn:
            await again(desk, folder, named[turn - 1])
        for point in named[turn : turn + 1]:
            await doom(desk, folder, point, turn)


async def doom(desk: Any, folder: Path, point: Point, turn: int) -> None:
    """Prepare it, and do it where one dies."""
    act, [service] = ACTS[point.purpose], point.services
    address = await act.prepare(desk, RECEIVED - timedelta(days=40 * turn))
    body = dict(act.body) or await _open_month(desk)
    told = {"address": address, "body": body, "before": await _count(desk, act)}
    (folder / "act.json").write_text(json.dumps(told))
    tally = Tally(folder)
    tally.want({service: {point.name: 1}})
    hooks.install(Fate(service, service, tally))
    await _press(desk, told, point)


async def again(desk: Any, folder: Path, point: Point) -> None:
    """What was stored; the same once more, and what is stored then."""
    told = json.loads((folder / "act.json").read_text())
    between = await _count(desk, ACTS[point.purpose])
    status = await _press(desk, told, point)
    after = await _count(desk, ACTS[point.purpose])
    rows = [told["before"], between, after]
    hits = sum(Tally(folder).hits(service, point.name) for service in point.services)
    told = {"point": point.name, "rows": rows, "status": status, "hits": hits}
    print(json.dumps(told), flush=True)


@asynccontextmanager
async def at_the_desk(service: str, url: str, turn: int) -> AsyncIterator[Any]:
    """The service on its database."""
    database = await Database.connect(url, service)
    try:
        async with DESKS[service](database, turn) as desk:
            yield desk
    finally:
        await database.close()


async def _open_month(desk: Any) -> dict[str, Any]:
    _, listed = await desk.get("/api/v1/closes")
    return {"month": listed["open_month"] or f"{date.today():%Y-%m-01}"}


async def _count(desk: Any, act: Act) -> int:
    async with desk.database.acquire() as conn:
        return int(await conn.fetchval(f"SELECT count(*) FROM {act.table}"))


async def _press(desk: Any, told: Mapping[str, Any], point: Point) -> int:
    """Ben's click; the key is that of the form he looks at."""
    key = f"{point.name:-<20}".replace(" ", "-")[:120]
    headers = token(BEN, ACTS[point.purpose].role) | {"Idempotency-Key": key}
    async with desk.client.post(told["address"], json=told["body"], headers=headers) as answer:
        return int(answer.status)


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


def main(service: str, url: str, folder: Path) -> int:
    """All of them; 0 if only the last life ended by itself."""
    deaths = len(points.by_hand(service))
    codes = [lived(life(service, url, folder, turn)) for turn in range(deaths + 1)]
    return int(codes != [-signal.SIGKILL] * deaths + [0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
