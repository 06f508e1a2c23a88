"""PostgreSQL: the pool, transactions that wake the relay, the check of migrations.

Each service connects with its own role to its own database. The role owns nothing: tables belong to
the migrating role, so a service cannot drop a table or disable an append-only trigger.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared import faults
from shared.access import EVERYTHING, Operator, row_settings
from shared.errors import Unavailable
from shared.holding import Holding
from shared.observe import log, spans
from shared.values.backoff import apart

ROOT = Path(__file__).resolve().parent.parent
ACQUIRE_SECONDS = 5.0
AGAIN_SECONDS = 0.5
# A peer that vanished without a word delays others no longer than this, in all 60 s: its statement
# ends, then its transaction, and the kernel notices that nobody answers. Each is shorter than
# asyncpg's own patience (30 s), so that the server's reason arrives and not a mere silence.
SESSION = {
    "timezone": "UTC",
    "statement_timeout": "25s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
}

Connection = asyncpg.Connection | PoolConnectionProxy
_ACT_AS = """
    SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS s (name, value)
"""


class Database:
    """A pool of connections to one service's database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.after_commit: list[Callable[[], None]] = []

    @classmethod
    async def connect(cls, url: str, service: str, size: int = 10) -> Self:
        """Open the pool; the service's name is the connection's application_name."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=ACQUIRE_SECONDS,
            command_timeout=30,
            init=_prepare,
            reset=_as_it_was,
            connection_class=Holding,
            server_settings={
                "application_name": service,
                "timezone": "UTC",
                **SESSION,
                **EVERYTHING,
            },
        )
        return cls(pool)

    async def close(self) -> None:
        """Close the pool; connections that do not end within 5 s are cut."""
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except TimeoutError:
            self.pool.terminate()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection outside any transaction. Unavailable (503) if none is to be had in 5 s."""
        try:
            connection = await self.pool.acquire(timeout=ACQUIRE_SECONDS)
        except faults.AWAY as error:
            faults.count(error)
            raise Unavailable() from error
        try:
            yield connection
        except faults.PASSING as error:
            faults.count(error)
            raise
        finally:
            # What was committed stays so, even if the connection breaks on its way back.
            with suppress(*faults.PASSING):
                await self.pool.release(connection)

    @asynccontextmanager
    async def transaction(self, as_: Operator | None = None) -> AsyncIterator[Connection]:
        """A transaction; after COMMIT the relay is woken, since it may have published something.

        `as_` an operator, row-level security shows and takes only what is theirs.
        """
        async with self._begun(as_) as connection:
            yield connection
        self._wake()

    @asynccontextmanager
    async def reading(self, as_: Operator | None = None) -> AsyncIterator[Connection]:
        """The same for what only looks: PostgreSQL refuses it to write, and nobody is woken."""
        async with self._begun(as_, readonly=True) as connection:
            yield connection

    @asynccontextmanager
    async def _begun(
        self, as_: Operator | None, *, readonly: bool = False
    ) -> AsyncIterator[Connection]:
        async with self.acquire() as connection, connection.transaction(readonly=readonly):
            if as_ is not None:
                await act_as(connection, as_)
            yield connection

    @asynccontextmanager
    async def single(self) -> AsyncIterator[Connection]:
        """For one statement, which PostgreSQL commits by itself: three round trips become one.

        Then the relay is woken, as after any transaction.
        """
        async with self.acquire() as connection:
            yield connection
        self._wake()

    def _wake(self) -> None:
        for wake in self.after_commit:
            wake()


async def act_as(connection: Connection, operator: Operator) -> None:
    """Narrow the present transaction to what an operator may see, until it ends."""
    settings = row_settings(operator)
    await connection.execute(_ACT_AS, list(settings), list(settings.values()))


@asynccontextmanager
async def as_itself(connection: Connection, operator: Operator) -> AsyncIterator[None]:
    """Widen a transaction that acts for an operator to all that the service sees, for a while."""
    await connection.execute(_ACT_AS, list(EVERYTHING), list(EVERYTHING.values()))
    yield
    # After an error the transaction ends, and the settings with it.
    await act_as(connection, operator)


def holding(connection: Connection) -> Holding:
    """The connection by its own methods; those of a pool hide them."""
    return cast(Holding, connection)


def service_of(connection: Connection) -> str:
    """The service on whose behalf this connection was opened."""
    return str(connection.get_settings().application_name)


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=_dump, decoder=json.loads, schema="pg_catalog", format="text"
    )
    if spans.is_on():
        connection.add_query_logger(spans.queried)


async def _as_it_was(_: asyncpg.Connection) -> None:
    """Nothing to undo, which asyncpg would ask the server to do each time: a round trip.

    All that we set is set for a transaction, and no lock or cursor of ours outlives one.
    """


async def names(conn: Connection, statement: str, keys: Collection[str]) -> dict[str, str]:
    """Key → name, by a statement that selects the two for the keys in `$1`."""
    return {row[0]: row[1] for row in await conn.fetch(statement, list(keys))} if keys else {}


def array(values: Iterable[object]) -> str:
    """An array as PostgreSQL writes it: in an array of arrays `unnest` would find no rows."""
    texts = (str(one).replace("\\", "\\\\").replace('"', '\\"') for one in values)
    return "{" + ",".join(f'"{one}"' for one in texts) + "}"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def expected_heads(service: str) -> frozenset[str]:
    """The newest migrations that this code needs: the bus's and the service's own.

    By their files' names (see `migrate.numbered`): Alembic itself would cost every service half a
    second and 25 MB at its start.
    """
    folders = (
        ROOT / "shared" / "migrations" / "versions",
        ROOT / "services" / service / "migrations",
    )
    return frozenset(max(path.stem for path in folder.glob("*.py")) for folder in folders)


async def at_expected_heads(connection: Connection, heads: frozenset[str]) -> bool:
    """Whether the database serves this code: its migrations, or newer ones that keep to them.

    See bus_0003: what a migration breaks, it takes off the list.
    """
    try:
        rows = await connection.fetch("SELECT revision FROM served_revisions")
    except asyncpg.UndefinedTableError:
        return False
    return heads <= {row["revision"] for row in rows}


async def wait_until_ready(url: str, service: str, size: int) -> Database:
    """Connect; wait for the database and its migrations, saying once what is missing."""
    heads, said = expected_heads(service), ""
    while True:
        missing, database = await _try_connect(url, service, size, heads)
        if database:
            return database
        if missing != said:
            log.get().warning("waited for the database", reason=missing)
            said = missing
        await asyncio.sleep(apart(AGAIN_SECONDS))


async def _try_connect(
    url: str, service: str, size: int, heads: frozenset[str]
) -> tuple[str, Database | None]:
    try:
        database = await Database.connect(url, service, size)
    except asyncpg.InvalidCatalogNameError as error:
        return f"database missing: {error}", None
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        return f"DATABASE_URL refused: {error}", None
    except faults.AWAY as error:
        return f"not reachable: {faults.name_of(error)}", None
    async with database.acquire() as connection:
        if await at_expected_heads(connection, heads):
            return "", database
    await database.close()
    return f"migrations of {service} not at {', '.join(sorted(heads))}", None
