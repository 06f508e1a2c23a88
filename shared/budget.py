"""Connections: what all services may open together fits what PostgreSQL lets in.

Otherwise it shows at the worst moment: under load every pool grows to its size, and whoever comes
last is refused. `instances` counts those of each service that run at once, so a rolling upgrade
with one instance more counts it too. Each of a service's `workers` has a pool; what the others have
it does not know, and takes one for granted.
"""

from dataclasses import dataclass

from shared.db import Connection, Database
from shared.errors import Misconfigured
from shared.flows import SERVICES

# `mashang` and the backup: people's own connections, besides those for the superuser.
COMMANDS = 5

ROLES = [f"mashang_{service}" for service in SERVICES]

_LIMITS = """
    SELECT current_setting('max_connections')::int AS server,
           current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role,
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database,
           count(*)::int AS limited, coalesce(sum(rolconnlimit), 0)::int AS together
    FROM pg_roles WHERE rolname = ANY($1) AND rolconnlimit >= 0
"""


@dataclass(frozen=True)
class Limits:
    """What the server allows in all, keeps back, allows one log-in, one database (-1: any).

    So many of the services' log-ins are `limited`, `together` to so many connections. The relay's
    listener takes one of its service's pool, so it needs no place of its own.
    """

    server: int
    reserved: int
    role: int
    database: int
    limited: int = 0
    together: int = 0

    @property
    def free(self) -> int:
        """What is left for the services and the commands."""
        return self.server - self.reserved

    @property
    def share(self) -> int:
        """The equal part of each service: limits of so many fit the server together."""
        return max(1, (self.free - COMMANDS) // len(SERVICES))


async def get_limits(conn: Connection) -> Limits:
    """As the server tells them."""
    row = await conn.fetchrow(_LIMITS, ROLES)
    if row is None:
        raise LookupError("PostgreSQL tells no limits")
    return Limits(**dict(row))


async def check(database: Database, pool_size: int, instances: int, workers: int) -> None:
    """Misconfigured, in one line, when the pools could outgrow the server."""
    async with database.acquire() as conn:
        limits = await get_limits(conn)
    if problem := overdrawn(limits, pool_size, instances, workers):
        raise Misconfigured(problem)


def overdrawn(limits: Limits, pool_size: int, instances: int, workers: int = 1) -> str:
    """What does not fit, and what to do; empty when all fits.

    Where every service's log-in has a limit, these are the budget, whatever sizes the pools of the
    others have; else each service is taken to have pools like this one.
    """
    own = pool_size * instances * workers
    if limits.limited == len(SERVICES):
        needed, what = limits.together, f"the CONNECTION LIMITs of {limits.limited} log-ins"
    else:
        needed = own + pool_size * instances * (len(SERVICES) - 1)
        what = f"{_pools(workers)} × {instances} instances × {pool_size} connections"
    if needed + COMMANDS > limits.free:
        return (
            f"{what} + {COMMANDS} for commands = {needed + COMMANDS}, but PostgreSQL has"
            f" {limits.free}; lower MASHANG_POOL_SIZE, MASHANG_INSTANCES, MASHANG_WORKERS or the"
            " limits, or raise max_connections"
        )
    for limit, whose in ((limits.role, "log-in"), (limits.database, "database")):
        if 0 <= limit < own:
            return (
                f"{instances} instances × {workers} workers × {pool_size} connections = {own}, but"
                f" PostgreSQL allows the service's {whose} {limit}; lower MASHANG_POOL_SIZE or"
                " raise CONNECTION LIMIT"
            )
    return ""


def _pools(workers: int) -> str:
    if workers == 1:
        return f"{len(SERVICES)} services"
    return f"({len(SERVICES) - 1} services and {workers} workers of this one)"
