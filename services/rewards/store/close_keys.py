"""The public keys with which months were ever signed; none is ever removed."""

from shared.db import Connection
from shared.values.notes import PublicKey


async def add(conn: Connection, key: PublicKey) -> bool:
    """A key that signs from now on; False when it is known already."""
    done = await conn.fetchval(
        """INSERT INTO close_keys (key_id, name, public_key) VALUES ($1, $2, $3)
           ON CONFLICT ON CONSTRAINT close_keys_pkey DO NOTHING RETURNING true""",
        key.key_id,
        key.name,
        key.raw,
    )
    return done is True


async def list_all(conn: Connection) -> list[PublicKey]:
    """All of them, the newest first."""
    sql = "SELECT name, public_key FROM close_keys ORDER BY since DESC, key_id"
    return [PublicKey(*row) for row in await conn.fetch(sql)]


async def get(conn: Connection, key_id: str) -> PublicKey | None:
    """The one with which a month was signed."""
    row = await conn.fetchrow("SELECT name, public_key FROM close_keys WHERE key_id = $1", key_id)
    return PublicKey(*row) if row else None
