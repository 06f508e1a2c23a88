"""P5: nothing grows with the years; what every statement of every service touches at several sizes.

Judged are the rows and blocks that a statement asks for, which no other load changes; milliseconds
are told beside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from deploy.local.databases import database_of
from tests.bench import past
from tests.bench.allowed import BOUNDED
from tests.bench.city import found_city, touching
from tests.bench.growing import room
from tests.bench.servers import Lab
from tests.bench.table import Report, Series
from tests.bench.touched import Said, Told
from tests.town import town

# Ten times the history may make so much of it more: a level of a tree, a page here and there.
TIMES, ROWS, BLOCKS = 3, 60, 60
UNITS, TOLD = 242, 110


@dataclass(frozen=True)
class Growth:
    """What one statement touched at each size, smallest first."""

    said: Said
    told: tuple[Told, ...]

    @property
    def grows(self) -> bool:
        """Whether it does so with the history, and not merely with its logarithm.

        By the largest size beside all smaller ones: what grew once and then no more had other work
        to do, or is read by an index now.
        """
        *smaller, last = self.told
        rows, blocks = max(one.rows for one in smaller), max(one.blocks for one in smaller)
        return last.rows > TIMES * rows + ROWS or last.blocks > TIMES * blocks + BLOCKS

    @property
    def is_wrong(self) -> bool:
        """Whether it grows, and nobody has said why it may."""
        return self.grows and self.said.where not in BOUNDED

    def __str__(self) -> str:
        touched = ", ".join(f"{one.rows:,} rows {one.blocks:,} blocks" for one in self.told)
        most = sorted(self.told[-1].by.items(), key=lambda one: -one[1][1] - one[1][0])[:3]
        where = ", ".join(f"{name} {rows:,}/{blocks:,}" for name, (blocks, rows) in most)
        return f"{self.said} | {touched} | {where}"


async def measure(lab: Lab, _: float, __: int, *, cases: int) -> Report:
    """At a hundredth of so many cases, at a tenth, and at all of them; `wrong` is what grows."""
    room(lab.data, cases)
    sizes = [cases // parts for parts in (100, 10, 1)]

    async def owning(service: str) -> asyncpg.Connection:
        return await asyncpg.connect(lab.postgres.url(database_of(service)))

    await _hasten(lab)
    async with touching(), town(lab.database) as place:
        city = await found_city(place, owning, UNITS)
        city.patient = True
        touched: list[Mapping[Said, Told]] = []
        spent: list[Mapping[str, float]] = []
        for size in sizes:
            lab.say(f"growth: up to {size:,} cases")
            await city.age(size // past.CASES)
            said, acts = await city.measure()
            touched.append(said)
            spent.append(acts)
            lab.say(f"growth: {len(spent[-1]):,} jobs, pages and answers with {size:,} cases")
    return report(sizes, compared(touched), spent)


async def _hasten(lab: Lab) -> None:
    """What a server does for safety and by itself makes no row or block more, and takes hours."""
    owner = await asyncpg.connect(lab.postgres.admin_url)
    for setting in ("fsync = off", "full_page_writes = off", "autovacuum = off"):
        await owner.execute(f"ALTER SYSTEM SET {setting}")
    await owner.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
    await owner.execute("SELECT pg_reload_conf()")
    await owner.close()


def report(
    sizes: Sequence[int], grown: Sequence[Growth], spent: Sequence[Mapping[str, float]]
) -> Report:
    """Milliseconds of every job, page and answer, and of every statement; what grows is wrong."""
    acts = [(name, [one.get(name, 0.0) for one in spent]) for name in spent[-1]]
    lines = sorted(acts, key=lambda act: -act[1][-1])
    told = [f"{str(one)[:TOLD]}  {_ms([told.ms for told in one.told])}" for one in grown]
    return Report(
        "growth",
        f"P5 · what {' · '.join(f'{size:,}' for size in sizes)} cases cost",
        tuple(Series(f"the slowest {name}", tuple(max(_of(one, name)) for one in spent))
              for name in ("job", "page or answer")),
        (),
        (
            "milliseconds at each size, each thing once; growth is judged by rows and blocks",
            *(f"{name[:TOLD]}  {_ms(times)}" for name, times in lines),
            *told,
        ),
        tuple(str(one) for one in grown if one.is_wrong),
        unit=" ms",
    )  # fmt: skip


def _of(spent: Mapping[str, float], name: str) -> list[float]:
    return [ms for act, ms in spent.items() if act.startswith("job, ") == (name == "job")]


def _ms(times: Sequence[float]) -> str:
    return " · ".join(f"{ms:,.1f}" for ms in times) + " ms"


def compared(sizes: Sequence[Mapping[Said, Told]]) -> list[Growth]:
    """Each statement that was said at every size."""
    said = set.intersection(*(set(one) for one in sizes))
    return sorted(
        (Growth(one, tuple(size[one] for size in sizes)) for one in said), key=lambda g: str(g.said)
    )
