"""P5: that tables do not swell: what a row takes after a tenth of the load, and at its end.

`--seconds 3600 --rounds 1` is an hour. Meanwhile submissions come steadily, cases are opened for
them, and somebody leafs through the desk. What is emptied again must not grow; what is kept must
not take more room a row. PostgreSQL here has no pgstattuple: sizes and exact counts of rows say the
same, dead ones its statistics.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import asyncpg

from tests.bench import desk, screen
from tests.bench.servers import Lab
from tests.bench.table import Aim, Report, of_rounds

SERVICES = ("intake", "verification")
# Emptied as it is read; a page of its own may be half full, so small ones are not judged.
QUEUES = ("outbox", "inbox_pending", "unread_words", "figure_changes", "story_news")
SMALL = 64 * 1024
QUEUE_GROWTH, ROW_GROWTH = 200.0, 120.0
SHARE, LEAFING = 0.1, 1.0
_TABLES = """
    SELECT relid::regclass::text AS name, n_dead_tup AS dead,
           pg_table_size(relid) AS heap, pg_indexes_size(relid) AS indexes
    FROM pg_stat_user_tables ORDER BY 1
"""


class Size(NamedTuple):
    """A table, in bytes with its indexes; rows that are there, and that VACUUM has yet to take."""

    bytes: int
    rows: int
    dead: int

    @property
    def a_row(self) -> float:
        """Bytes."""
        return self.bytes / max(1, self.rows)


async def measure(lab: Lab, seconds: float, rounds: int) -> Report:
    """`rounds` times the load, one after the other, on the same tables."""
    lasting = seconds * rounds
    async with screen.course(lab) as course:
        leafing = asyncio.create_task(_leaf(course))
        await course.send(max(1.0, lasting * SHARE), [], [])
        first = await _sizes(lab)
        await course.send(lasting * (1 - SHARE), [], [])
        last = await _sizes(lab)
        leafing.cancel()
    judged = {name: size for name, size in last.items() if size.bytes > SMALL and name in first}
    grown = {_label(name): 100 * _growth(name, first[name], size) for name, size in judged.items()}
    return Report(
        "bloat",
        f"P5 · tables after {lasting:,.0f} s of {screen.RATE} submissions/s",
        of_rounds([grown]),
        tuple(_aim(name) for name in judged),
        tuple(_note(name, first[name], size) for name, size in judged.items()),
        unit=" %",
    )


async def _leaf(course: screen.Course) -> None:
    """Somebody looks at the inbox again and again."""
    url = course.lab.ports.url("verification")
    while True:
        await desk.open_inbox(course.http, course.token, url)
        await asyncio.sleep(LEAFING)


async def _sizes(lab: Lab) -> dict[str, Size]:
    return {
        f"{service}.{name}": size
        for service in SERVICES
        for name, size in (await _sizes_of(lab.owner_url(service))).items()
    }


async def _sizes_of(url: str) -> Mapping[str, Size]:
    connection = await asyncpg.connect(url)
    try:
        return {
            row["name"]: Size(
                row["heap"] + row["indexes"],
                await connection.fetchval(f"SELECT count(*) FROM {row['name']}"),
                row["dead"],
            )
            for row in await connection.fetch(_TABLES)
        }
    finally:
        await connection.close()


def _is_queue(name: str) -> bool:
    return name.partition(".")[2].startswith(QUEUES)


def _label(name: str) -> str:
    return f"{name}, {'in all' if _is_queue(name) else 'a row'}"


def _growth(name: str, first: Size, last: Size) -> float:
    return last.bytes / first.bytes if _is_queue(name) else last.a_row / first.a_row


def _aim(name: str) -> Aim:
    most = QUEUE_GROWTH if _is_queue(name) else ROW_GROWTH
    return Aim(_label(name), _label(name), None, most, at_most=True)


def _note(name: str, first: Size, last: Size) -> str:
    return (
        f"{name}: {first.bytes // 1024:,} kB of {first.rows:,} rows ({first.dead:,} dead), then "
        f"{last.bytes // 1024:,} kB of {last.rows:,} ({last.dead:,} dead)"
    )
