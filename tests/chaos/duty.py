"""The person on duty at the console of parked events, who does what README says of them."""

import asyncpg

from shared.bus import parked
from shared.flows import SERVICES
from tests.chaos.city import City

ENDED = "the process ended in each of them"


async def replay(city: City) -> int:
    """Another try for events that were parked because we killed the process in each attempt; how
    many. An event that is parked for anything else stays so, and is a fault."""
    return sum([await _replay(city.owner_url(service)) for service in SERVICES])


async def _replay(url: str) -> int:
    conn = await asyncpg.connect(url)
    try:
        ended = [one for one in await parked.list_parked(conn) if ENDED in (one.error or "")]
        return sum([await parked.replay(conn, one.event_id) for one in ended])
    finally:
        await conn.close()
