"""The keys that operators have chosen for themselves."""

from shared.db import Connection
from shared.values.keystrokes import Keys

_PUT = """
    INSERT INTO key_choices (username, single, own) VALUES ($1, $2, $3)
    ON CONFLICT (username) DO UPDATE SET single = excluded.single, own = excluded.own
"""


async def get(conn: Connection, username: str) -> Keys:
    """Somebody's; the usual ones of who has chosen none."""
    row = await conn.fetchrow("SELECT single, own FROM key_choices WHERE username = $1", username)
    return Keys(**dict(row)) if row else Keys()


async def put(conn: Connection, username: str, keys: Keys) -> bool:
    """From now on."""
    await conn.execute(_PUT, username, keys.single, dict(keys.own))
    return True
