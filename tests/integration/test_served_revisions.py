"""Rolling upgrades: an instance of before starts on a newer database, unless that broke with it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from deploy.local.postgres import Postgres
from shared import db, migrate
from shared.db import Database
from tests.conftest import PASSWORD, Clone

SERVICE = "scoring"
NEWER = '''"""Tomorrow's."""

revision = "bus_{number}"
down_revision = "bus_{before}"
{breaks}

def upgrade() -> None:
    """Nothing."""
'''
Upgrade = Callable[[str], Awaitable[str]]


@pytest.fixture
def upgraded(clone: Clone, postgres: Postgres, tmp_path: Path) -> Upgrade:
    """Migrates a clone with two revisions of tomorrow, the first as told; the service's URL."""

    async def make(breaks: str) -> str:
        url = await clone(SERVICE)
        newest = max(name for name in db.expected_heads(SERVICE) if name.startswith("bus_"))
        for number, before, line in (("9001", newest[4:], breaks), ("9002", "9001", "")):
            text = NEWER.format(number=number, before=before, breaks=line)
            (tmp_path / f"bus_{number}.py").write_text(text)
        config = migrate.alembic_config(SERVICE, postgres.url(url.rpartition("/")[2]))
        folders = config.get_main_option("version_locations")
        config.set_main_option("version_locations", f"{folders}:{tmp_path}")
        await asyncio.to_thread(command.upgrade, config, "heads")
        return url

    return make


@pytest.mark.parametrize(
    ("breaks", "served"), [("", True), ("breaks = False\n", True), ("breaks = True\n", False)]
)
async def test_code_of_before_starts_where_nothing_broke_with_it(
    upgraded: Upgrade, breaks: str, served: bool
) -> None:
    """Unknown revisions do not stop it; one that says it breaks does, and what follows stays so."""
    database = await Database.connect(await upgraded(breaks), SERVICE)
    async with database.acquire() as conn:
        assert served == await db.at_expected_heads(conn, db.expected_heads(SERVICE))
        assert await db.at_expected_heads(conn, frozenset({"bus_9001", "bus_9002"}))
        # Breaking with the bus's old code says nothing of the service's own branch.
        own = frozenset(name for name in db.expected_heads(SERVICE) if name.startswith(SERVICE))
        assert await db.at_expected_heads(conn, own)
    await database.close()


async def test_code_of_tomorrow_waits_on_a_database_of_today(clone: Clone) -> None:
    """A revision that is not there is missing, as ever."""
    database = await Database.connect(await clone(SERVICE), SERVICE)
    async with database.acquire() as conn:
        heads = db.expected_heads(SERVICE)
        assert await db.at_expected_heads(conn, heads)
        assert not await db.at_expected_heads(conn, heads | {"bus_9001"})
    await database.close()


async def test_a_service_cannot_write_itself_onto_the_list(templates: Postgres) -> None:
    """Only who migrates says whom the database serves."""
    url = templates.url(f"{SERVICE}_template", f"mashang_{SERVICE}", PASSWORD)
    conn = await asyncpg.connect(url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute("INSERT INTO served_revisions VALUES ('bus_9999')")
    await conn.close()
