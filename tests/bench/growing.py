"""Years of history from the few cases that came to an end: their rows again and again, set by set.

Every table grows that is not left out below, so also one that comes later. A copy `n` has ids of
its own, the same ones in all services, lies at its own moment of three years, and at its own unit.
What was a day's total stays one: of rows with the same key only the first is kept. Indexes are
built when all rows are in.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.process import StartError
from tests.bench.copied import (
    COUNTED,
    FUNCTIONS,
    KEPT,
    LEFT,
    NAMES,
    NUMBER,
    OVER,
    PHONES,
    SPECIAL,
    phone,
)

# Told of each batch: a service's table, and how many copies.
Done = Callable[[str, int], None]

BATCH = 20_000
# Keys of templates are small; each copy has so many of its own.
NUMBERS = 100
# Of all five databases together, with what writing ahead and building an index take meanwhile.
BYTES_A_CASE = 10_000
_OWN = f"{KEPT}.own({{own}}::text, c.n, c.ms)"
# By a column's type, and by its name where that says more.
_KINDS = {
    "uuid": _OWN,
    "uuid[]": f"ARRAY(SELECT {_OWN.format(own='one')} FROM unnest({{own}}) AS one)",
    "bytea": "CASE WHEN length({own}) = 32 THEN sha256({own} || c.n::text::bytea) ELSE {own} END",
    "timestamp with time zone": "{own} - c.ago",
    "date": "({own} - c.days)::date",
}
_ARRAYS = {
    ("month", "date"): "date_trunc('month', {own} - c.ago)::date",
    ("officers", "text[]"): "CASE WHEN {own} = '{{}}' THEN {own} ELSE ARRAY[c.badge] END",
}
SETTINGS = (
    "SET session_replication_role = replica", "SET maintenance_work_mem = '512MB'",
    "SET synchronous_commit = off", "SET jit = off",
)  # fmt: skip
_TABLES = """
    SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND NOT relispartition AND relname <> ALL($1::text[])
        AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique)
    ORDER BY relname
"""
_COLUMNS = """
    SELECT attname AS name, format_type(atttypid, NULL) AS kind, attnotnull AS needed,
        attidentity <> '' OR EXISTS (SELECT FROM pg_constraint f JOIN pg_attribute i
            ON i.attrelid = f.confrelid AND i.attnum = ANY(f.confkey) AND i.attidentity <> ''
            WHERE f.contype = 'f' AND f.conrelid = attrelid AND attnum = ANY(f.conkey)) AS numbered,
        EXISTS (SELECT FROM pg_index x WHERE x.indrelid = attrelid AND x.indisunique
            AND attnum = ANY(x.indkey) AND NOT EXISTS (SELECT FROM pg_attribute k
                WHERE k.attrelid = x.indrelid AND k.attnum = ANY(x.indkey)
                    AND format_type(k.atttypid, NULL) IN ('uuid', 'bytea'))) AS keyed,
        attidentity <> '' AS counted
    FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
        AND attgenerated = '' ORDER BY attnum
"""
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        AND tablename = ANY($1::text[]) AND indexname NOT IN (
            SELECT conname FROM pg_constraint UNION
            SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indisunique)
"""


@dataclass(frozen=True)
class Place:
    """Where copies lie: units with their officers, `unit` and `badge` with a number in each."""

    units: int
    unit: str = "u{:03}"
    badge: str = "B-{:03}"

    def codes(self) -> tuple[list[str], list[str]]:
        """Of the units, and of the officer of each."""
        return [self.unit.format(n) for n in range(self.units)], [
            self.badge.format(n) for n in range(self.units)
        ]


@dataclass(frozen=True)
class Span:
    """Which copies: from number `first` to `last`, evenly over so many days, until lately.

    Of what is older than `personal` days, nothing personal is left; nor of what will be within a
    day, or it would fall due while this goes on.
    """

    first: int
    last: int
    days: int = 3 * 365
    newest: int = 10
    personal: int = 180


def room(folder: Path, cases: int) -> None:
    """StartError where a disk is too small for so many."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free, needed = shutil.disk_usage(folder).free, cases * BYTES_A_CASE
    if free < needed:
        raise StartError(
            f"{cases:,} cases take about {needed / 1e9:,.0f} GB, and {free / 1e9:,.0f} are free"
        )


async def keep(owner: asyncpg.Connection) -> int:
    """Remember what there is now as that which copies are made of; how many tables have any."""
    await owner.execute(FUNCTIONS)
    count = 0
    for (table,) in await owner.fetch(_TABLES, sorted(LEFT)):
        of = f"WHERE day = (SELECT min(day) FROM public.{table})" if table in OVER else ""
        made = await owner.execute(
            f"CREATE TABLE {KEPT}.{table} AS SELECT * FROM public.{table} {of}"
        )
        count += made != "SELECT 0"
    return count


async def forget(owner: asyncpg.Connection) -> None:
    """What copies were made of, where no more are wanted."""
    await owner.execute(f"DROP SCHEMA {KEPT} CASCADE")


async def grow(owner: asyncpg.Connection, place: Place, span: Span, done: Done) -> None:
    """Add the copies of all tables, and what an installation of that age would have analysed."""
    for setting in SETTINGS:
        await owner.execute(setting)
    tables = [row["relname"] for row in await owner.fetch(_TABLES, sorted(LEFT))]
    indexes = await owner.fetch(_INDEXES, tables)
    for index in indexes:
        await owner.execute(f'DROP INDEX "{index["indexname"]}"')
    for table in tables:
        await _copy(owner, table, place, span, done)
    for table in COUNTED.keys() & set(tables):
        await owner.execute(COUNTED[table], timeout=7200)
    for index in indexes:
        await owner.execute(index["indexdef"], timeout=7200)
    await owner.execute("VACUUM (ANALYZE)", timeout=7200)
    await owner.execute("RESET session_replication_role")


async def _copy(
    owner: asyncpg.Connection, table: str, place: Place, span: Span, done: Done
) -> None:
    if not await owner.fetchval(f"SELECT EXISTS (SELECT FROM {KEPT}.{table})"):
        return
    columns = await owner.fetch(_COLUMNS, f"public.{table}")
    sql = statement(table, columns)
    for first in range(span.first, span.last + 1, BATCH):
        last = min(first + BATCH - 1, span.last)
        since = (span.first, span.last, span.days, span.newest)
        values = (*since, *place.codes(), span.personal)
        await owner.execute(sql, first, last, *values, timeout=7200)
        done(table, last - first + 1)
    for column in columns:
        if column["counted"]:
            await owner.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column['name']}'),"
                f" (SELECT max({column['name']}) FROM {table}))"
            )


def statement(table: str, columns: Sequence[asyncpg.Record]) -> str:
    """Pure: the copies `$1` to `$2` of a table's templates."""
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    values = ",\n        ".join(
        SPECIAL.get((table, column["name"])) or _value(column) for column in columns
    )
    return f"""
    INSERT INTO public.{table} ({names}) OVERRIDING SYSTEM VALUE
    SELECT {values}
    FROM (SELECT n, since, make_interval(secs => since) AS ago, (since / 86400)::int AS days,
            (since * 1000)::bigint AS ms, since > 86400 * ($9::int - 1) AS old,
            ($7::text[])[1 + n % cardinality($7)] AS unit,
            ($8::text[])[1 + n % cardinality($8)] AS badge
          FROM (SELECT n, 86400 * ($6::int + $5::int * ($4::bigint - n)::float8
                    / greatest($4::bigint - $3::bigint, 1)) AS since
                FROM generate_series($1::bigint, $2::bigint) AS n) AS dated OFFSET 0) AS c
        CROSS JOIN {KEPT}.{table} t
    ON CONFLICT DO NOTHING
    """


def _value(column: asyncpg.Record) -> str:
    name, kind = column["name"], column["kind"]
    own = f't."{name}"'
    if not column["needed"] and (name.endswith("_sealed") or name in PHONES):
        return f"CASE WHEN NOT c.old THEN {phone(own) if name in PHONES else own} END"
    if column["numbered"] or (
        column["keyed"] and kind in ("integer", "bigint") and name not in ("year", "month")
    ):
        return f"{own} + {NUMBERS} * c.n"
    if kind == "text":
        return _text(name, own)
    return _ARRAYS.get((name, kind), _KINDS.get(kind, "{own}")).format(own=own)


def _text(name: str, own: str) -> str:
    if name in ("unit_code", "unit"):
        return f"CASE WHEN {own} = '' THEN '' ELSE c.unit END"
    if name in ("badge", "officer_badge"):
        return f"CASE WHEN {own} IS NOT NULL THEN c.badge END"
    if name in PHONES:
        return phone(own)
    if name in NAMES:
        return f"CASE WHEN {own} = '' THEN '' ELSE {NUMBER.format(own=own)} END"
    uuid = f"{own} ~ '^[0-9a-f]{{8}}-[0-9a-f-]{{27}}$'"
    return f"CASE WHEN {uuid} THEN {KEPT}.own({own}, c.n, c.ms)::text ELSE {own} END"
