"""For tests of signing in: the small bureau, somebody there with a password, and cheap hashes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from argon2 import PasswordHasher

from services.verification.directory import commands as directory
from services.verification.directory.store.operators import StoredOperator
from services.verification.signin import passwords
from shared.db import Database
from tests.integration.verification_office import PASSWORD, UNIT, Office, office

ADA = StoredOperator("ada", "阿达", "unit_operator", UNIT, None, active=True)
CHEAP = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


def make_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost a millisecond: how much work they are is tested elsewhere."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
    monkeypatch.setattr(passwords, "_NOBODY", CHEAP.hash("nobody has this password"))


@asynccontextmanager
async def with_ada(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with one operator who has a password."""
    async with office(database) as opened:
        async with database.transaction() as conn:
            assert await directory.set_operator(conn, ADA, PASSWORD) is None
        yield opened
