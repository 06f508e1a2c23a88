"""Alembic's environment, one for all services: a transaction, an advisory lock, plain SQL."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.migrate import served_revisions

_LOCK = 0x6D617368  # any constant: one migration run at a time in a database


def _upgrade(connection: Connection) -> None:
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
        _list_served(connection)


def _list_served(connection: Connection) -> None:
    """Whose code the database serves now; see bus_0003, before which there is no such list."""
    if not connection.scalar(text("SELECT to_regclass('served_revisions') IS NOT NULL")):
        return
    served = served_revisions(context.script, context.get_context().get_current_heads())
    rows = [{"revision": name} for name in sorted(served)]
    connection.execute(text("DELETE FROM served_revisions"))
    connection.execute(text("INSERT INTO served_revisions VALUES (:revision)"), rows)


async def _run() -> None:
    engine = create_async_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)
    await engine.dispose()


asyncio.run(_run())
