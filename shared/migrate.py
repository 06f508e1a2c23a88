"""Migrations with Alembic: one environment, a folder of versions for the bus and for each service.

Only what migrates imports this; a running service merely checks where its database is.
"""

import asyncio
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from sqlalchemy.util import await_only

from shared.db import ROOT


def alembic_config(service: str, owner_url: str) -> Config:
    """One environment for all: the bus's versions and the service's."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "shared" / "migrations"))
    config.set_main_option(
        "version_locations",
        f"{ROOT}/shared/migrations/versions:{ROOT}/services/{service}/migrations",
    )
    config.set_main_option("path_separator", ":")
    config.attributes["url"] = owner_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    config.attributes["service"] = service
    return config


async def migrate(service: str, owner_url: str) -> None:
    """Bring one service's database to its heads. Safe to repeat and to run in several processes."""
    await asyncio.to_thread(command.upgrade, alembic_config(service, owner_url), "heads")


def served_revisions(script: ScriptDirectory, heads: tuple[str, ...]) -> set[str]:
    """All up to `heads`, but those before one of their branch that says `breaks = True`."""
    served: set[str] = set()
    broken: set[str] = set()
    for one in script.iterate_revisions(heads, "base", inclusive=True):  # the newest first
        if one.revision not in broken:
            served.add(one.revision)
        if one.revision in broken or getattr(one.module, "breaks", False):
            broken.update(to_tuple(one.down_revision, default=()))
    return served


def numbered(file: str) -> tuple[str, str | None]:
    """A migration's own name, and whose it follows: those of a folder are in their numbers' order.

    A number that is taken twice is one file twice, which Git refuses to merge.
    """
    own = Path(file)
    before = [path.stem for path in own.parent.glob("*.py") if path.stem < own.stem]
    return own.stem, max(before, default=None)


def run_script(sql: str) -> None:
    """Run several SQL statements in a migration (Alembic's own execute takes only one)."""
    driver = op.get_bind().connection.driver_connection
    await_only(driver.execute(sql))  # type: ignore[union-attr]


def secure(table: str, seen: str) -> None:
    """Row-level security: who acts for an operator sees and changes only rows that are `seen`.

    The service itself sees all; a connection that says neither (see bus_0002) sees nothing.
    """
    run_script(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY {table}_seen ON {table} USING (mashang_scope() = '*' OR ({seen}))
    """)
