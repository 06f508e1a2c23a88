"""What older keys sealed is sealed with the one in use, while services run; and what is left.

A table is read from its first block to its last, some blocks at a time, and each value changes only
where it is still what was read: whoever writes meanwhile wins. Ended in the middle, it begins
again, and finds less. It runs as the server's superuser and past the triggers that keep history as
it was, which it does: the same words under another key.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from deploy.cli.backup.server import Server
from deploy.cli.keys.sealed import COLUMNS, EVENT_FIELDS, EVENTS, PASSING, Column, purpose_of
from shared.flows import SERVICES
from shared.values.seal import Purpose, Seal, SealBroken

BLOCKS = 32
_PAST_TRIGGERS = "SET session_replication_role = replica"
_SIZE = "SELECT pg_relation_size($1::regclass) / current_setting('block_size')::int"


@dataclass
class Told:
    """How far a column is: blocks read of all, values sealed anew, values that do not open."""

    column: Column
    blocks: int
    all: int
    done: int = 0
    broken: int = 0


@asynccontextmanager
async def opened(server: Server, databases: Mapping[str, str], service: str) -> AsyncIterator[Any]:
    """A service's database, as the superuser."""
    conn = await server.connect(databases[service])
    try:
        yield conn
    finally:
        await conn.close()


async def reseal(
    server: Server, databases: Mapping[str, str], seal: Seal, purpose: Purpose
) -> AsyncIterator[Told]:
    """All that older keys sealed for a purpose; told after every few blocks, the last one whole."""
    for column in COLUMNS:
        if column.seals(purpose):
            async with opened(server, databases, column.service) as conn:
                await conn.execute(_PAST_TRIGGERS)
                async for told in _column(conn, column, seal, purpose):
                    yield told


async def _column(
    conn: asyncpg.Connection, column: Column, seal: Seal, purpose: Purpose
) -> AsyncGenerator[Told, None]:
    told = Told(column, 0, await conn.fetchval(_SIZE, column.table))
    while True:
        rows = await conn.fetch(
            _read(column), f"({told.blocks},0)", f"({told.blocks + BLOCKS},0)",
            patterns(column, older(seal, purpose), purpose),
        )  # fmt: skip
        changes = list(_changes(column, rows, seal, purpose))
        try:
            await conn.executemany(_write(column), changes)
        except asyncpg.DeadlockDetectedError:
            continue  # whoever else it was has written by now
        told.done, told.broken = told.done + len(changes), told.broken + len(rows) - len(changes)
        told.blocks = min(told.blocks + BLOCKS, told.all)
        yield told
        if told.blocks >= told.all:
            return


def _changes(
    column: Column, rows: Sequence[asyncpg.Record], seal: Seal, purpose: Purpose
) -> Iterator[tuple[str, str, str]]:
    """Where, what stands there, what should; nothing for what does not open."""
    for row in rows:
        with suppress(SealBroken):
            yield row["place"], row["value"], anew(column, row, seal, purpose)


def older(seal: Seal, purpose: Purpose) -> list[str]:
    """The ids of those that only open."""
    return list(seal.rings[purpose])[1:]


def patterns(column: Column, ids: Sequence[str], purpose: Purpose) -> list[str]:
    """Which values one of these keys sealed, as regular expressions."""
    if not column.inside:
        return [rf"^{own}\." for own in ids]
    names = [name for name, told in column.inside.items() if purpose_of(told) == purpose]
    return [inside(names, own) for own in ids]


def inside(names: Sequence[str], own: str) -> str:
    """Such a value in a document."""
    return rf'"({"|".join(names)})": ?"{own}\.'


def anew(column: Column, row: asyncpg.Record, seal: Seal, purpose: Purpose) -> str:
    """A value, or a document with some, sealed with the key in use."""
    fields = {name: row[name] for name, _ in column.wanted()}
    if not column.inside:
        return again(seal, row["value"], column.context.format(**fields))
    names = {name: told for name, told in column.inside.items() if purpose_of(told) == purpose}
    return json.dumps(_within(json.loads(row["value"]), names, fields, seal), ensure_ascii=False)


def again(seal: Seal, sealed: str, context: str) -> str:
    """The same words, closed with the key in use. SealBroken where they do not open."""
    if not sealed:
        return sealed
    return seal.close(seal.open(sealed, context), context)


def _within(told: Any, names: Mapping[str, str], fields: dict[str, str], seal: Seal) -> Any:
    if isinstance(told, list):
        return [_within(one, names, fields, seal) for one in told]
    if not isinstance(told, dict):
        return told
    known = told | fields
    return {
        name: again(seal, value, names[name].format(**known))
        if name in names and value
        else _within(value, names, fields, seal)
        for name, value in told.items()
    }


def _value(column: Column) -> str:
    if column.array:
        return f"to_jsonb({column.table}.{column.name})::text"
    return f"{column.table}.{column.name}::text"


def _read(column: Column) -> str:
    fields = "".join(f", ({how})::text AS {name}" for name, how in column.wanted())
    return f"""
        SELECT {column.table}.ctid::text AS place, {_value(column)} AS value{fields}
        FROM {column.table} {column.joined}
        WHERE {column.table}.ctid >= $1::text::tid AND {column.table}.ctid < $2::text::tid
          AND {_value(column)} ~ ANY($3::text[])
    """  # noqa: S608


def _write(column: Column) -> str:
    told = "$3::text"
    if column.array:
        told = "ARRAY(SELECT jsonb_array_elements($3::text::jsonb))"
    elif column.inside:
        told = "$3::text::jsonb"
    return f"""
        UPDATE {column.table} SET {column.name} = {told}
        WHERE ctid = $1::text::tid AND {_value(column)} = $2::text
    """  # noqa: S608


async def left(
    server: Server, databases: Mapping[str, str], purpose: Purpose, own: str
) -> dict[str, int]:
    """By table, how many rows hold what this key sealed."""
    found: dict[str, int] = {}
    for service in SERVICES:
        async with opened(server, databases, service) as conn:
            for table, column, pattern in _places(service, purpose, own):
                count = await conn.fetchval(_count(table, column), pattern)
                if count:
                    found[f"{service}.{table}"] = found.get(f"{service}.{table}", 0) + count
    return found


def _count(table: str, column: str) -> str:
    return f"SELECT count(*) FROM {table} WHERE {column} ~ $1"  # noqa: S608


def _places(service: str, purpose: Purpose, own: str) -> Iterator[tuple[str, str, str]]:
    """Table, column as text, and what it holds where that key sealed it."""
    for column in COLUMNS:
        if column.service == service and column.seals(purpose):
            yield column.table, _value(column), patterns(column, [own], purpose)[0]
    names = [name for name, sealed_for in EVENT_FIELDS.items() if sealed_for == purpose]
    if names:
        yield from ((table, "body::text", inside(names, own)) for table in EVENTS)
    if purpose == "note":
        for its, table, name in PASSING:
            if its == service:
                yield table, f"encode(substr({name}, 1, 2), 'escape')", rf"^{own}\."
