"""The public keys that ever signed receipts; none is ever removed."""

from shared.db import Connection
from shared.values.notes import PublicKey


async def add(conn: Connection, key: PublicKey) -> bool:
    """A key that signs from now on; False when it is known already."""
    done = await conn.fetchval(
        """
        INSERT INTO receipt_keys (key_id, name, public_key) VALUES ($1, $2, $3)
        ON CONFLICT ON CONSTRAINT receipt_keys_pkey DO NOTHING RETURNING true
        """,
        key.key_id, key.name, key.raw,
    )  # fmt: skip
    return bool(done)


async def list_all(conn: Connection) -> list[PublicKey]:
    """All of them, the newest first."""
    sql = "SELECT name, public_key FROM receipt_keys ORDER BY since DESC, key_id"
    return [PublicKey(*row) for row in await conn.fetch(sql)]
