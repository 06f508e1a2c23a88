"""What can only be added to: by the service's own role, and by the owner of the tables, too."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from services.rewards.store import history
from shared.db import Database
from tests.integration.test_rewards_decisions import hear, verified

SERVICE = "rewards"
# History: nobody changes it, not even by hand.
GUARDED = {
    "intake": ("timeline",),
    "verification": ("callback_attempts", "verdicts", "case_actions", "hold_decisions"),
    "rewards": ("payout_transitions", "write_offs"),
    "notifications": ("attempts", "message_states"),
    "scoring": ("points_entries", "strikes", "criticisms", "criticism_withdrawals", "demands"),
}
# Facts: the service that wrote them cannot change them.
ADDED = {
    **GUARDED,
    "intake": ("timeline", "submissions", "additions", "receipt_keys"),
    "scoring": (*GUARDED["scoring"], "commendations"),
    "rewards": (*GUARDED["rewards"], "statement_orders", "mismatches"),
}
# What moves, but never goes.
KEPT = {"rewards": ("rewards", "orders")}
_TRIGGERS = """
    SELECT tgrelid::regclass::text FROM pg_trigger
    WHERE tgfoid = 'refuse_change()'::regprocedure AND tgenabled = 'O' AND tgtype = 27
"""  # 27: before, each row, update and delete


@pytest.fixture
async def owner(templates: Postgres) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    """A connection to each service's migrated database, as the owner of its tables."""
    names = sorted(GUARDED)
    urls = [templates.url(f"{name}_template") for name in names]
    opened = {name: await asyncpg.connect(url) for name, url in zip(names, urls, strict=True)}
    yield opened
    for connection in opened.values():
        await connection.close()


async def test_a_service_can_only_add(owner: dict[str, asyncpg.Connection]) -> None:
    """Its role may change, remove or empty none of these tables."""
    may: list[str] = []
    for refused, tables in (("UPDATE", ADDED), ("DELETE", ADDED), ("TRUNCATE", ADDED),
                            ("DELETE", KEPT), ("TRUNCATE", KEPT)):  # fmt: skip
        for service, names in tables.items():
            for table in names:
                asked = "SELECT has_table_privilege($1, $2, $3)"
                if await owner[service].fetchval(asked, f"mashang_{service}", table, refused):
                    may.append(f"{service} may {refused} {table}")
    assert [] == may


async def test_history_is_guarded_against_its_owner(owner: dict[str, asyncpg.Connection]) -> None:
    """On each table of history stands the trigger that refuses every change of a row."""
    for service, tables in GUARDED.items():
        found = {row[0] for row in await owner[service].fetch(_TRIGGERS)}
        assert set(tables) == found, service


@pytest.mark.parametrize("change", ["UPDATE {0} SET actor = 'x'", "DELETE FROM {0}"])
async def test_an_owner_who_tries_is_refused(
    database: Database, templates: Postgres, change: str
) -> None:
    """The history of a reward survives a hasty repair by hand."""
    async with database.transaction() as conn:
        reward = await hear(conn, verified())
        name = await conn.fetchval("SELECT current_database()")
    assert reward is not None
    hand = await asyncpg.connect(templates.url(name))
    try:
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await hand.execute(change.format("payout_transitions"))
    finally:
        await hand.close()
    async with database.acquire() as conn:
        assert ["scheduled"] == [row["step"] for row in await history.list_of(conn, reward)]
