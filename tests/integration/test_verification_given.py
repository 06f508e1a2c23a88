"""A new case gets its lead by itself: whoever of its unit has the fewest open, if anybody may."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from services.verification.casework import handlers
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules import assigning
from shared import policy
from shared.bus.handling import Heard
from shared.db import Connection, Database
from tests.integration.test_verification_assigning import sent, team
from tests.integration.verification_case import PEOPLE, SEAL, Casework, submission
from tests.integration.verification_office import FAR_UNIT, office

SERVICE = "verification"
SHIPPED = Path("deploy/policy.toml")
DESK = Desk(policy.load(SHIPPED), SEAL)


@pytest.fixture
async def casework(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


async def opened(casework: Casework, **changed: object) -> UUID:
    """A case, under the policy as it is shipped."""
    event = submission(**changed)
    await handlers.on_submissions_received(DESK, casework.conn, [Heard(event)])
    found: UUID = await casework.conn.fetchval(
        "SELECT case_id FROM cases WHERE submission_id = $1", event.submission_id
    )
    return found


async def test_the_least_burdened_of_the_unit_gets_it(casework: Casework) -> None:
    """Of four cases each of the two gets two; the time line says that nobody said so."""
    cases = [await opened(casework) for _ in range(4)]
    leads = [(await casework.stands(case_id)).lead for case_id in cases]
    assert [2, 2] == [leads.count(who) for who in ("desk", "accused")]
    assert [("opened", ""), ("lead", "")] == await casework.timeline(cases[0])


async def test_whom_a_case_may_mean_does_not_get_it(casework: Casework) -> None:
    """Nor anybody of a unit that a case is kept from; a unit without operators has nobody."""
    case = replace(await casework.stands(await casework.open()), recused=frozenset({"@accused"}))
    workers = [(PEOPLE["accused"], 0), (PEOPLE["desk"], 9)]
    assert "desk" == assigning.by_itself(case, workers)
    above = [
        await opened(casework, officer_badge="170001"),
        await opened(casework, categories=("integrity",)),
        await opened(casework, unit_code=FAR_UNIT),
    ]
    assert [None] * 3 == [(await casework.stands(case_id)).lead for case_id in above]


async def test_what_is_done_counts_no_more(casework: Casework) -> None:
    """Who has finished gets the next one; who was disabled gets none."""
    first = await opened(casework, phone=None, words=None, kind="rating", categories=())
    lead = (await casework.stands(first)).lead
    await casework.judge(lead or "", first, "helped")
    await casework.conn.execute("UPDATE operators SET active = false WHERE username <> $1", lead)
    others = [await opened(casework) for _ in range(2)]
    assert [lead, lead] == [(await casework.stands(case_id)).lead for case_id in others]


async def test_among_equals_a_lot_is_drawn(casework: Casework) -> None:
    """Not always the first of the alphabet; and for one case always the same."""
    workers = [(PEOPLE[who], 0) for who in ("accused", "desk")]
    cases = [await casework.stands(await casework.open()) for _ in range(20)]
    drawn = [assigning.by_itself(case, workers) for case in cases]
    assert {"accused", "desk"} == set(drawn)
    assert drawn == [assigning.by_itself(case, workers[::-1]) for case in cases]


async def test_it_is_undone_by_assigning(database: Database) -> None:
    """The page says how it came; above or the lead give it to another, and who got it disputes."""
    async with office(database, policy_file=SHIPPED) as bureau:
        async with bureau.database.acquire() as conn:
            await conn.execute("UPDATE operators SET active = false WHERE username = 'accused'")
        case_id = await bureau.case()
        assert ("desk", []) == await team(bureau, case_id)
        page = await bureau.browse("desk", f"/desk/cases/{case_id}")
        assert "自动分派，经办：值班员" in page.text
        other = await bureau.case()
        assert 303 == (await sent(bureau, "desk", other, "dispute", reason="当天不在岗")).status
        await sent(bureau, "county", case_id, "lead", who="county", word="县里办")
        assert ("county", []) == await team(bureau, case_id)
