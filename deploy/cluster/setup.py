"""Databases, migrations and queues, made by who may, before services start or beside them.

Services wait for both, so nothing here has to come first.
"""

from __future__ import annotations

import asyncio

import asyncpg

from deploy.local import databases
from deploy.local.keys import Keys
from deploy.local.process import StartError
from shared import secret
from shared.bus import broker
from shared.flows import SERVICES


async def set_up() -> None:
    """All of it on plain servers, as their administrator."""
    keys = Keys(
        owner_password=needed("OWNER_PASSWORD"), service_password=needed("SERVICE_PASSWORD")
    )
    await databases.prepare(needed("DATABASE_URL"), keys, None)
    try:
        await broker.set_up(needed("AMQP_URL"))
    except (*broker.AWAY, ValueError) as problem:
        raise StartError(f"AMQP_URL: the queues cannot be declared: {problem!r}") from None


async def migrate() -> None:
    """The databases that are there already, as their owner: who may enter, and the tables."""
    owner = needed("DATABASE_URL")
    for service in SERVICES:
        await _migrate(service, databases.url_of(owner, databases.database_of(service)))


async def _migrate(service: str, url: str) -> None:
    from shared import migrate  # half a second that the other commands do not need

    try:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await databases.keep_to_service(connection, databases.database_of(service))
        finally:
            await connection.close()
        await migrate.migrate(service, url)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError) as problem:
        reason = str(problem) or type(problem).__name__
        raise StartError(f"DATABASE_URL: {service} cannot be migrated: {reason}") from None
    print(f"{service} is migrated", flush=True)


def needed(variable: str) -> str:
    """A secret, from the environment or its file; StartError when it is nowhere."""
    value = secret.read(variable)
    if not value:
        raise StartError(f"{variable} or {secret.file_of(variable)} should be set")
    return value


def run(work: str) -> None:
    """`setup` or `migrate`."""
    asyncio.run(set_up() if work == "setup" else migrate())
