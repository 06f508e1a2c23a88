"""Row-level security: a query without any condition leaks nothing."""

from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession

from services.verification.casework.store import cases
from shared.access import Operator
from shared.db import Database, act_as
from tests.conftest import Clone
from tests.integration.test_access_matrix import Objects, objects
from tests.town import Town

TABLES = {
    "verification": ("units", "cases", "case_actions", "callback_attempts", "verdicts",
                     "case_additions", "commendations", "case_grams", "case_requests",
                     "notices", "notice_acknowledgements", "notices_waiting", "evidence",
                     "attributions", "holds",
                     "hold_decisions", "presences", "directory_changes", "postings",
                     "windows", "duties", "missed_words",
                     "duty_pages", "notice_reminders", "sample_draws", "papers"),
    "rewards": ("units", "rewards", "orders", "payout_transitions", "write_offs",
                "mismatches", "mismatch_resolutions", "incidents", "reconciliations",
                "reconciliation_differences", "vendor_stops", "vendor_stop_lifts",
                "ledger_closes"),
    "scoring": (
        "units", "officers", "submissions", "cases", "callbacks", "verdicts", "unit_scores",
        "points_entries", "strikes", "criticisms", "demands", "appeals",
        "sanctions", "sanction_decisions", "sanction_withdrawals", "papers", "paper_withdrawals",
        "commendations", "attributions", "answers", "questions", "holds", "incidents", "handed_in",
        "paper_readings", "figure_days", "found_months", "found_news",
        "figure_cases", "sanctions_waiting",
    ),
}  # fmt: skip
# Nobody's but their own, or their place's, wherever they stand.
PERSONAL = {"duty_phones", "drafts", "import_previews", "key_choices", "saved_views"}
_SECURED = """
    SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')
"""
SOUTH = Operator("southern", "吴五", "unit_operator", "s1")
NORTH = Operator("north1", "周四", "unit_operator", "n1", "A-2")
ABOVE = Operator("northern", "郑六", "county_supervisor", "north")
CITY = Operator("city", "王七", "city_supervisor", "root")
ACCUSED = Operator("accused", "赵一", "unit_operator", "n1", "A-1")
NOWHERE = Operator("lost", "无", "city_supervisor", "")


@pytest.fixture
async def found(place: Town) -> Objects:
    """One complaint of unit n1, played to its reward."""
    async with ClientSession() as http:
        return await objects(place, http)


async def seen(place: Town, service: str, table: str, who: Operator | None) -> set[str]:
    """The rows that `SELECT *` without a WHERE gives, as text."""
    async with place.databases[service].transaction(as_=who) as conn:
        return {str(row) for row in await conn.fetch(f"SELECT * FROM {table}")}


@pytest.mark.parametrize("service", TABLES)
@pytest.mark.usefixtures("found")
async def test_a_missing_where_leaks_nothing(place: Town, service: str) -> None:
    """Of every table, a unit of the south sees no row that belongs to the north."""
    for table in TABLES[service]:
        everything = await seen(place, service, table, None)
        north = await seen(place, service, table, NORTH)
        south = await seen(place, service, table, SOUTH)
        assert set() == north & south, table
        assert north | south <= everything, table
        assert set() == await seen(place, service, table, NOWHERE), table
        assert everything == await seen(place, service, table, CITY), table


@pytest.mark.parametrize("service", TABLES)
async def test_every_table_that_has_a_policy_is_looked_at(place: Town, service: str) -> None:
    """None of them is left out of the test above."""
    async with place.databases[service].acquire() as conn:
        secured = {row["relname"] for row in await conn.fetch(_SECURED)}
    assert set() == secured - {*TABLES[service], *PERSONAL}


async def test_the_condition_taken_out_of_a_query_changes_nothing(
    place: Town, found: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store's own WHERE removed, nobody reads another unit's case, or one about a colleague."""
    case_id = UUID(found.params["case_id"])
    bare = f"SELECT {cases.COLUMNS} FROM cases WHERE $1::text IS NOT NULL AND ($2::text[] IS NULL OR true) AND case_id = $3"  # noqa: E501
    monkeypatch.setattr(cases, "_GET", bare)
    database = place.databases["verification"]
    hidden, shown = (SOUTH, ACCUSED, NORTH), (ABOVE, CITY)
    for who, wanted in [*((who, None) for who in hidden), *((who, case_id) for who in shown)]:
        async with database.transaction(as_=who) as conn:
            case = await cases.get_case(conn, who, case_id)
        assert wanted == (case.case_id if case else None), who


async def test_a_write_over_the_border_is_refused(place: Town, found: Objects) -> None:
    """Acting for an operator, nobody can add to another unit's case, nor move a case away."""
    async with ClientSession() as http:
        await place.complain(http)  # one that names nobody, so that it is the unit's
    database = place.databases["verification"]
    case_id = found.params["case_id"]
    async with database.transaction(as_=SOUTH) as conn:
        assert "UPDATE 0" == await conn.execute("UPDATE cases SET urgent = true")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(as_=SOUTH) as conn:
            await conn.execute(
                """INSERT INTO case_actions (case_id, action, actor, acted_at, details)
                   VALUES ($1::text::uuid, 'x', 'y', now(), '{}')""",
                case_id,
            )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(as_=NORTH) as conn:
            await conn.execute("UPDATE cases SET unit_code = 's1'")


@pytest.mark.usefixtures("found")
async def test_a_connection_that_says_nothing_sees_nothing(place: Town) -> None:
    """Somebody with the service's password and a plain client gets no row of cases."""
    database = place.databases["verification"]
    async with database.transaction() as conn:
        await conn.execute("SET LOCAL mashang.scope = ''")
        assert [] == await conn.fetch("SELECT * FROM cases")


@pytest.mark.usefixtures("found")
async def test_acting_for_somebody_ends_with_the_transaction(place: Town) -> None:
    """The pooled connection that served an operator serves the next caller without their place."""
    database = place.databases["verification"]
    everything = await seen(place, "verification", "cases", None)
    for _ in range(8):
        assert set() == await seen(place, "verification", "cases", SOUTH)
        assert everything == await seen(place, "verification", "cases", None)
    assert database.pool.get_size() <= 4


async def test_two_transactions_on_one_connection_are_two_callers(clone: Clone) -> None:
    """Whoever was acted for is forgotten at COMMIT and ROLLBACK, not only when the pool cleans."""
    database = await Database.connect(await clone("verification"), "verification", 1)
    asked = "SELECT mashang_scope()"
    async with database.acquire() as conn:
        for commits in (True, False):
            transaction = conn.transaction()
            await transaction.start()
            await act_as(conn, SOUTH)
            assert "s1" == await conn.fetchval(asked)
            await (transaction.commit() if commits else transaction.rollback())
            assert "*" == await conn.fetchval(asked)
    await database.close()
