"""What is done to the city while people go on: each phase returns what really happened.

points    processes die at named moments, each so many times
kills     SIGKILL at random: services, sandbox, broker, database
freezes   SIGSTOP, longer than a lease, and SIGCONT
vanish    the second machine goes silent in the middle of a decision, without FIN
away      no database for half an hour of moved time
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from deploy.demo.__main__ import KILLABLE
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from shared.flows import SERVICES
from tests.chaos import points
from tests.chaos.city import DOOMED, TWIN, TWINS, City

HALF_AN_HOUR = timedelta(minutes=30)
FREEZABLE = (*DOOMED, "postgres", "rabbitmq")
DECIDES = "rewards"


@dataclass(frozen=True)
class Measure:
    """How much of everything; without `purposes` all points are hit."""

    times: int = 20
    most_seconds: float = 1200.0
    kills: int = 15
    freezes: int = 10
    away_seconds: float = 30.0
    vanished_seconds: float = 70.0
    at_once: int = 16
    seed: int = 1
    purposes: tuple[str, ...] = ()


Did = dict[str, str | int]
Phase = Callable[[City, Measure], Awaitable[Did]]


async def crash_points(city: City, measure: Measure) -> Did:
    """Until each point was hit so often (about ten minutes for 20), or the time is over."""
    wanted, began = points.wanted(measure.times, measure.purposes), time.monotonic()
    city.tally.want(wanted)
    while short := city.tally.short_of(wanted):
        if time.monotonic() - began > measure.most_seconds:
            break
        await asyncio.sleep(0.5)
    city.tally.want({})
    deaths = sum(city.tally.hits(s, p) for s, named in wanted.items() for p in named)
    return {"deaths": deaths, "points too seldom": len({point for _, point in short})}


async def kills(city: City, measure: Measure) -> Did:
    """One after the other, each is waited for."""
    dice, killed = random.Random(measure.seed), 0
    for _ in range(measure.kills):
        await asyncio.sleep(dice.uniform(0.3, 1.5))
        name = dice.choice((*KILLABLE, *TWINS))
        await city.kill(name)
        await city.until_back(name)
        killed += 1
    return {"kills": killed}


async def freezes(city: City, measure: Measure) -> Did:
    """Each a while, services longer than their leases last."""
    dice = random.Random(measure.seed)
    chosen = [dice.choice(FREEZABLE) for _ in range(measure.freezes)]
    for name in chosen:
        await asyncio.sleep(dice.uniform(0.2, 1.0))
        city.send(name, signal.SIGSTOP)
        await asyncio.sleep(dice.uniform(1.0, 5.0))
        city.send(name, signal.SIGCONT)
    return {"freezes": len(chosen)}


async def vanish(city: City, measure: Measure) -> Did:
    """The first machine must go on although a lock is held by nobody any more."""
    city.tally.flag("linger", DECIDES + TWIN)
    waited = await _until(lambda: bool(city.tally.flagged("lingering")), 60)
    since = time.monotonic()
    # It counts once it has said nothing for a moment, and goes nowhere before our word.
    held = await _holders(city)
    while waited and not held and time.monotonic() < since + measure.vanished_seconds:
        held = await _holders(city)
    for network in city.network.values():
        network.freeze()
    city.tally.flag("go")
    await asyncio.sleep(measure.vanished_seconds)
    left = await _holders(city)
    for network in city.network.values():
        network.thaw()
        network.drop()
    return {"vanished in a decision": int(waited and held > 0), "locks held for ever": left}


async def _holders(city: City) -> int:
    """How many sit idle in a transaction of the service that decides."""
    conn = await asyncpg.connect(city.owner_url(DECIDES))
    try:
        return int(await conn.fetchval(
            """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
               AND state = 'idle in transaction' AND now() - state_change > interval '20 ms'"""
        ))  # fmt: skip
    finally:
        await conn.close()


async def away(city: City, measure: Measure) -> Did:
    """Stopped; the clock is moved behind everybody's back; started."""
    if city.postgres is None:
        return {"minutes away": 0}
    await city.postgres.stop()
    await asyncio.sleep(measure.away_seconds)
    await _move_clocks(city, HALF_AN_HOUR)
    await city.postgres.start()
    return {"minutes away": int(HALF_AN_HOUR.total_seconds() // 60)}


async def _move_clocks(city: City, by: timedelta) -> None:
    # At another port, so that no service sees the database before it is half an hour later.
    async with Postgres(city.data / "postgres", free_port()) as hidden:
        for service in SERVICES:
            conn = await asyncpg.connect(hidden.url(f"mashang_{service}"))
            await conn.execute("UPDATE simulation_clock SET moved = moved + $1", by)
            await conn.close()


async def _until(probe: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not probe() and time.monotonic() < deadline:  # noqa: ASYNC110  files have no events
        await asyncio.sleep(0.01)
    return probe()


PHASES: Mapping[str, Phase] = {
    "points": crash_points,
    "kills": kills,
    "freezes": freezes,
    "vanish": vanish,
    "away": away,
}
