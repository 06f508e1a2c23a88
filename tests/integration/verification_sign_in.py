"""For tests of signing in: the small bureau, and somebody there with a password."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.verification.directory import commands as directory
from services.verification.directory.store.operators import StoredOperator
from shared.db import Database
from tests.integration.verification_office import PASSWORD, UNIT, Office, office

ADA = StoredOperator("ada", "阿达", "unit_operator", UNIT, None, active=True)


@asynccontextmanager
async def with_ada(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with one operator who has a password."""
    async with office(database) as opened:
        await add_ada(database)
        yield opened


async def add_ada(database: Database) -> None:
    """The operator, and the password."""
    async with database.transaction() as conn:
        assert await directory.set_operator(conn, ADA, PASSWORD) is None
