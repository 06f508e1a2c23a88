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

# Told of each batch: a service's table, and how many copies.
Done = Callable[[str, int], None]

BATCH = 20_000
# Keys of templates are small; each copy has so many of its own.
NUMBERS = 100
# Of all five databases together, with what writing ahead and building an index take meanwhile.
BYTES_A_CASE = 8_000
KEPT = "templates"
# Who works there, what is waiting for a moment, and what is kept for a few days only. What waits
# to be added up mostly has no key, and is left out by that.
LEFT = {
    "alembic_version", "served_revisions", "simulation_clock", "staff", "outbox", "inbox_pending",
    "repeats", "exports", "units", "officers", "places", "operators", "postings", "windows",
    "sessions", "sign_in_addresses", "sign_in_failures", "account_events", "second_factors",
    "recovery_codes", "key_choices", "directory_changes", "import_previews", "answer_templates",
    "limits", "received_before", "figure_news", "receipt_keys", "close_keys", "vendor_shares",
    "vendor_pauses", "open_progress",
    "story_news", "receipts_due", "phone_checks", "ledger_fresh", "unread_words", "missed_words",
    "untold_papers", "evidence_coming", "drafts", "spending", "sample_seeds", "sample_reveals",
    "sample_commitments", "duties", "duty_phones", "duty_pages", "ledger_closes", "stops",
}  # fmt: skip
# What vendors and people call things by.
NAMES = {"order_id", "other_order_id", "late_order", "vendor_ref", "ref", "number"}
PHONES = {"phone_index", "phone_hash"}
# What the services' own jobs would have done to rows of that age, and what no two people share.
SPECIAL = {
    ("attachments", "erased_at"): "CASE WHEN c.old THEN t.created_at - c.ago END",
    ("attachments", "removed_at"): "CASE WHEN c.old THEN t.created_at - c.ago END",
    ("cases", "erased_at"): "CASE WHEN c.old THEN t.received_at - c.ago END",
    ("case_grams", "grams"):
        "(SELECT array_agg((one + 7919 * c.n % 16384)::int % 16384) FROM unnest(t.grams) AS one)",
    ("cases", "examined"): "1000000",
    ("messages", "phone_sealed"):
        "CASE WHEN c.since < 86400 * 14 AND NOT c.old THEN t.phone_sealed END",
    ("rewards", "act_at"): "NULL",
    ("rewards", "near"): "CASE WHEN c.old THEN '{}' ELSE ARRAY(SELECT left(md5(one || c.n / 3), 22)"
        " FROM unnest(t.near) AS one) END",
    ("rewards", "phone_sealed"): "CASE WHEN c.old THEN '' ELSE t.phone_sealed END",
}  # fmt: skip
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
FUNCTIONS = """
    CREATE SCHEMA IF NOT EXISTS templates;
    CREATE OR REPLACE FUNCTION templates.own(id text, n bigint, ms bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT (CASE WHEN substr(id, 15, 1) = '7' THEN
            lpad(to_hex(('x' || substr(id, 1, 8) || substr(id, 10, 4))::bit(48)::bigint - ms),
                 12, '0') || '7' || substr(md5(id || n), 14)
            ELSE md5(id || n) END)::uuid
    $$
"""
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

    Of what is older than `personal` days, nothing personal is left.
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
        made = await owner.execute(f"CREATE TABLE {KEPT}.{table} AS TABLE public.{table}")
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
            (since * 1000)::bigint AS ms, since > 86400 * $9::int AS old,
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
        return f"CASE WHEN NOT c.old THEN {_phone(own) if name in PHONES else own} END"
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
        return _phone(own)
    if name in NAMES:
        return f"CASE WHEN {own} = '' THEN '' ELSE left(md5({own} || c.n), length({own})) END"
    uuid = f"{own} ~ '^[0-9a-f]{{8}}-[0-9a-f-]{{27}}$'"
    return f"CASE WHEN {uuid} THEN {KEPT}.own({own}, c.n, c.ms)::text ELSE {own} END"


def _phone(own: str) -> str:
    """Three of one citizen."""
    return f"left(md5({own} || c.n / 3), 22)"
