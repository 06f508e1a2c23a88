"""Invited phones, by their index: which were asked lately, and which are asked no more."""

from datetime import datetime
from hashlib import sha256

from shared.db import Connection

_TAKE = """
    INSERT INTO invited_phones (phone_index, invited_at, link_hash) VALUES ($1, $2, $4)
    ON CONFLICT ON CONSTRAINT invited_phones_pkey DO UPDATE
    SET invited_at = excluded.invited_at, link_hash = excluded.link_hash
    WHERE invited_phones.invited_at <= $3 RETURNING true
"""
# A link that something was said with leads to its phone for good.
_OF_LINK = """
    SELECT phone_index FROM invited_phones WHERE link_hash = $1
    UNION SELECT phone_index FROM declined WHERE link_hash = $1
"""
_DECLINES = "SELECT no_more FROM declined WHERE phone_index = $1 ORDER BY number DESC LIMIT 1"


async def take(
    conn: Connection, phone_index: str, code: str, now: datetime, since: datetime
) -> bool:
    """Whether a phone was not asked since then; now it is, with this code."""
    return bool(await conn.fetchval(_TAKE, phone_index, now, since, _link(code)))


async def forget(conn: Connection, since: datetime) -> int:
    """Phones that were asked before, and may be asked again; how many there were."""
    old = await conn.fetch("DELETE FROM invited_phones WHERE invited_at <= $1 RETURNING 1", since)
    return len(old)


async def of_link(conn: Connection, code: str) -> str | None:
    """The phone to which an invitation went; None where it went to none, or long ago."""
    index: str | None = await conn.fetchval(_OF_LINK, _link(code))
    return index


async def declines(conn: Connection, phone_index: str) -> bool:
    """Whether a phone is to be invited no more."""
    return bool(await conn.fetchval(_DECLINES, phone_index))


async def add_word(
    conn: Connection, phone_index: str, code: str, at: datetime, *, no_more: bool
) -> None:
    """Whoever has the link says so, or takes it back."""
    await conn.execute(
        """INSERT INTO declined (phone_index, no_more, link_hash, said_at)
           VALUES ($1, $2, $3, $4)""",
        phone_index, no_more, _link(code), at,
    )  # fmt: skip


def _link(code: str) -> bytes:
    return sha256(f"link\n{code}".encode()).digest()
