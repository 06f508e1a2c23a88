"""Requests of apps, as far as anybody may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db import Connection
from shared.events import Kind

_SEEN = """
    SELECT s.id, s.kind, s.categories, s.received_at, coalesce(f.state, 'open') AS state
    FROM open311_sent o JOIN submissions s ON s.receipt_hash = o.receipt_hash
    LEFT JOIN open_facts f ON f.submission_id = s.id
"""
MOST = 1000
_NOTE = "INSERT INTO open311_sent (receipt_hash, client) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class Seen(NamedTuple):
    """A request without its words, place and person."""

    id: UUID
    kind: Kind
    categories: Sequence[str]
    received_at: datetime
    state: str


async def list_by_ids(conn: Connection, ids: Sequence[UUID]) -> list[Seen]:
    """Those of these that are an app's."""
    sql = f"{_SEEN} WHERE s.id = ANY($1::uuid[]) ORDER BY s.received_at DESC, s.id"
    return [Seen(*row) for row in await conn.fetch(sql, ids)]


async def list_between(
    conn: Connection,
    since: datetime,
    until: datetime,
    categories: Sequence[str],
    *,
    requests: bool,
    states: Sequence[bool],
) -> list[Seen]:
    """The newest of a span: complaints of these categories, requests if wanted; closed or not."""
    sql = f"""{_SEEN} WHERE s.received_at >= $1 AND s.received_at < $2
        AND (s.categories && $3::text[] OR $4 AND s.kind = 'request')
        AND (coalesce(f.state, 'open') <> 'open') = ANY($5::boolean[])
        ORDER BY s.received_at DESC, s.id LIMIT {MOST}"""
    return [Seen(*row) for row in await conn.fetch(sql, since, until, categories, requests, states)]


async def note(conn: Connection, receipt_hash: bytes, client: str) -> None:
    """What will be stored under this receipt comes from an app."""
    await conn.execute(_NOTE, receipt_hash, client)
