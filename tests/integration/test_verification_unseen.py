"""A city without an inspection: what only the inspection may see is told of, and to whom."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from services.verification.directory import commands as directory
from services.verification.watching import Watch
from shared.db import Database
from tests.integration.verification_case import DESK
from tests.integration.verification_office import Office, import_all, office

SERVICE = "verification"
SAID = "廉洁、施压类办件现在没有人看得到"
INSPECTORS = ("inspector", "inspector2")


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau, with two inspectors."""
    async with office(database) as opened:
        yield opened


async def disable(bureau: Office, *usernames: str) -> None:
    """They have left."""
    async with bureau.database.transaction() as conn:
        for username in usernames:
            assert await directory.disable_operator(conn, username)


async def looked(bureau: Office) -> tuple[float | None, str]:
    """The gauge, and the word of readiness, after a look."""
    watch = Watch(bureau.database, DESK.policies)
    await watch.observe()
    counted = REGISTRY.get_sample_value("mashang_cases_unseen")
    return counted, watch.state()["inspection"]


async def test_cases_that_nobody_may_see_are_counted(bureau: Office) -> None:
    """As long as one inspector is left they are not; what is everybody's never is."""
    await bureau.case()
    await bureau.case(categories=("integrity",))
    await disable(bureau, INSPECTORS[0])
    assert (0, "ok") == await looked(bureau)
    await disable(bureau, INSPECTORS[1])
    assert (1, "1 cases that nobody may see") == await looked(bureau)


async def test_the_one_who_is_meant_is_no_inspection(bureau: Office) -> None:
    """Who is complained about is not who could see the case; a colleague of theirs is."""
    case_id = await bureau.case(categories=("integrity",))
    await disable(bureau, INSPECTORS[1])
    async with bureau.database.acquire() as conn:
        await conn.execute(
            "UPDATE cases SET recused = recused || '@inspector'::text WHERE case_id = $1", case_id
        )
    assert 1 == (await looked(bureau))[0]
    row = "another,远,inspection,ZMD,\n"
    await import_all(bureau.database, f"username,name,role,scope,badge\n{row}")
    assert 0 == (await looked(bureau))[0]


async def test_who_keeps_and_who_watches_accounts_is_told(bureau: Office) -> None:
    """On the page where they begin; until somebody is there."""
    told = {}
    for left in ((), INSPECTORS):
        await disable(bureau, *left)
        pages = [await bureau.browse(who, "/desk/accounts") for who in ("audit", "security")]
        told[len(left)] = [SAID in page.text for page in pages]
    assert {0: [False, False], 2: [True, True]} == told
