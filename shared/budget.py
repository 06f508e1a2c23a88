"""Connections: what all services may open together fits what PostgreSQL lets in.

Otherwise it shows at the worst moment: under load every pool grows to its size, and whoever comes
last is refused. `instances` counts those of each service that run at once, so a rolling upgrade
with one instance more counts it too.
"""

from dataclasses import dataclass

from shared.db import Database
from shared.errors import Misconfigured
from shared.flows import SERVICES

# `mashang` and the backup: people's own connections, besides those for the superuser.
COMMANDS = 5

_LIMITS = """
    SELECT current_setting('max_connections')::int AS server,
           current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
           rolconnlimit AS role, datconnlimit AS database
    FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()
"""


@dataclass(frozen=True)
class Limits:
    """What the server allows in all, keeps back, allows one log-in, one database (-1: any).

    The relay's listener takes one of its service's pool, so it needs no place of its own.
    """

    server: int
    reserved: int
    role: int
    database: int


async def check(database: Database, pool_size: int, instances: int) -> None:
    """Misconfigured, in one line, when the pools could outgrow the server."""
    async with database.acquire() as conn:
        row = await conn.fetchrow(_LIMITS)
    if row and (problem := overdrawn(Limits(**dict(row)), pool_size, instances)):
        raise Misconfigured(problem)


def overdrawn(limits: Limits, pool_size: int, instances: int) -> str:
    """What does not fit, and what to do; empty when all fits."""
    own = pool_size * instances
    needed, free = own * len(SERVICES) + COMMANDS, limits.server - limits.reserved
    if needed > free:
        return (
            f"{len(SERVICES)} services × {instances} instances × {pool_size} connections"
            f" + {COMMANDS} for commands = {needed}, but PostgreSQL has {free}; lower"
            " MASHANG_POOL_SIZE or MASHANG_INSTANCES, or raise max_connections"
        )
    for limit, whose in ((limits.role, "log-in"), (limits.database, "database")):
        if 0 <= limit < own:
            return (
                f"{instances} instances × {pool_size} connections = {own}, but PostgreSQL allows"
                f" the service's {whose} {limit}; lower MASHANG_POOL_SIZE or raise CONNECTION LIMIT"
            )
    return ""
