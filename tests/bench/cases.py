"""A city's years of cases, made in the database: a tree of units, open cases on top of closed ones.

The open ones have words and a phone that open. Most of the closed ones were erased half a year
after they came in: only the newest of them have words, and are found by these or by a phone. The
indexes are built when all rows are in.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import asyncpg
from uuid_utils.compat import uuid7

from services.verification.directory import commands as directory
from shared.access import Operator
from shared.db import Database
from shared.values import clock
from shared.values.seal import Seal
from tests.bench.rounds import Say

COUNTIES, UNITS = 10, 242
# Of all cases so many wait for something, half of them in one county, which is far behind.
OPEN, BEHIND = 100_000, 2
WRITERS, BATCH = 2, 250_000
LEVELS = ("city", "county", "unit")
PHRASES = (
    "窗口没有人，等了一个多小时", "网上写着只要户口本，到了又要房产证", "问落户要带什么",
    "身份证办了四十多天没有消息", "照相说要交三十块", "叫号机坏了也没有人管，全靠喊",
)  # fmt: skip
PEOPLE = (
    Operator("unit", "unit", "unit_operator", "u000"),
    Operator("county", "county", "county_supervisor", "c0"),
    Operator("city", "city", "city_supervisor", "root"),
)
_CLOSED = """
    INSERT INTO cases (number, case_id, submission_id, incident_id, kind, unit_code, categories,
        urgent, language, received_at, opened_at, callback_due_at, verification_due_at,
        callback_state, callback_settled_at, state, revision, verdict, attribution, verified_at,
        final_at, words_sealed, erased_at, phone_index, examined)
    SELECT '00-' || lpad(n::text, 9, '0'), own, uuidv7(at - now()), own, 'complaint',
        'u' || lpad((n % $3)::text, 3, '0'), '{inefficiency}', false, 'zh', at, at,
        at + interval '1 day', at + interval '1 day', 'reached', at, 'verified', 1, 'helped',
        'none', at, at, CASE WHEN kept THEN repeat('x', 220) END, at,
        CASE WHEN kept THEN md5((n / 3)::text) END, 1000000
    FROM (SELECT n, at, uuidv7(at - now()) AS own, at > now() - interval '180 days' AS kept
          FROM (SELECT n, now() - interval '3 years' * (1 - n::float8 / $4) - interval '10 days'
                AS at FROM generate_series($1::bigint, $2::bigint) AS n) AS dated OFFSET 0) AS told
"""
_GRAMS = """
    INSERT INTO case_grams SELECT case_id,
        ARRAY(SELECT DISTINCT (16383 * random() * random())::int
              FROM generate_series(1, 20) WHERE case_id IS NOT NULL)
    FROM cases WHERE words_sealed IS NOT NULL
"""
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('cases', 'case_grams')
        AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
_OPEN = ("number", "case_id", "submission_id", "incident_id", "kind", "unit_code", "categories",
         "urgent", "language", "received_at", "opened_at", "callback_due_at",
         "verification_due_at", "callback_state", "words_sealed", "phone_sealed", "phone_index",
         "examined")  # fmt: skip


async def fill(database: Database, owner_url: str, seal: Seal, cases: int, say: Say) -> None:
    """A directory and so many cases, with what they are found by."""
    await directory_of(database, seal)
    owner = await asyncpg.connect(owner_url, command_timeout=3600)
    await owner.execute("SET maintenance_work_mem = '1GB'")
    await owner.execute("ALTER TABLE cases DISABLE TRIGGER USER")
    indexes = await owner.fetch(_INDEXES)
    for index in indexes:
        await owner.execute(f"DROP INDEX {index['indexname']}")
    few = min(OPEN, cases // 10)
    batches = iter(range(1, cases - few + 1, BATCH))
    told = partial(_closed, owner_url, batches, cases, cases - few, say)
    await asyncio.gather(*(told() for _ in range(WRITERS)))
    await owner.copy_records_to_table("cases", records=_open(seal, few), columns=_OPEN)
    await owner.execute(_GRAMS, timeout=3600)
    for index in indexes:
        await owner.execute(index["indexdef"], timeout=3600)
        say(f"desk: {index['indexname']}")
    await owner.execute("ALTER TABLE cases ENABLE TRIGGER USER")
    for statement in ("VACUUM ANALYZE cases", "VACUUM ANALYZE case_grams", "ANALYZE"):
        await owner.execute(statement, timeout=3600)
    await owner.close()
    say(f"desk: {few:,} open cases, half of them in one county")


async def _closed(owner_url: str, batches: Iterator[int], cases: int, count: int, say: Say) -> None:
    """One of several writers, until all batches are taken."""
    owner = await asyncpg.connect(owner_url, command_timeout=3600)
    for first in batches:
        last = min(first + BATCH - 1, count)
        await owner.execute(_CLOSED, first, last, UNITS, cases, timeout=3600)
        say(f"desk: {last:,} closed cases")
    await owner.close()


async def directory_of(database: Database, seal: Seal) -> None:
    """The tree, its units, and the people who ask."""
    async with database.transaction() as conn:
        for table in _directory():
            told = await directory.import_csv(conn, table.encode(), seal, LEVELS)
            if not isinstance(told, directory.Imported):
                raise ValueError(str(told))


def _directory() -> Iterator[str]:
    yield "code,name,level,parent\nroot,全市,city,\n" + "".join(
        f"c{n},第{n}县,county,root\n" for n in range(COUNTIES)
    )
    yield "code,name,parent,kind,counters\n" + "".join(
        f"u{n:03},第{n}派出所户籍室,c{n % COUNTIES},household,2\n" for n in range(UNITS)
    )

    yield "username,name,role,scope,badge\n" + "".join(
        f"{one.username},{one.name},{one.role},{one.scope},\n" for one in PEOPLE
    )


def _open(seal: Seal, count: int) -> Iterator[tuple[object, ...]]:
    now = clock.now()
    for n in range(count):
        unit = n // BEHIND % (UNITS // COUNTIES) * COUNTIES if n % BEHIND else n // BEHIND % UNITS
        yield _case(seal, n, f"u{unit:03}", now - timedelta(minutes=n % 20_000))


def _case(seal: Seal, n: int, unit: str, at: datetime) -> tuple[object, ...]:
    own, phone = uuid4(), f"+861380{n:07}"
    # Most have days left, one in fourteen is late.
    due = clock.end_of_day(clock.service_day(at + timedelta(days=13)))
    return (
        f"99-{n}", uuid7(), own, uuid4(), "complaint", unit, ["inefficiency"], n % 500 == 0, "zh",
        at, at, due, due, "open", seal.close(f"{PHRASES[n % len(PHRASES)]}（{n}）", f"words:{own}"),
        seal.close(phone, f"phone:{own}"), seal.index(phone), 1_000_000,
    )  # fmt: skip
