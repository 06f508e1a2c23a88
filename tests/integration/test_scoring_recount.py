"""`mashang score recount`: the ledgers are what the cases say, or a line says where not."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from deploy.cli import main
from services.scoring import recount
from services.scoring.commands import recount_all
from services.scoring.store import held
from shared.db import Database
from shared.events import IncidentChanged
from shared.observe import log
from tests.conftest import Clone
from tests.integration.scoring_desk import Scores, opened
from tests.integration.scoring_parts import DAY, POLICIES, cleared, verdict
from tests.town import environ

SERVICE = "scoring"


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


async def year(scores: Scores) -> list[UUID]:
    """Strikes up to an alert, an inspection, prominent months; one is joined, one falls."""
    day = timedelta(days=1)
    cases = [await scores.judge("n1", received_at=DAY + day * n) for n in range(5)]
    for n in range(6):
        at = DAY.replace(month=3 + n % 2, day=10 + n)
        told = {"attribution": "unit", "officers": (), "received_at": at}
        cases.append(await scores.judge("s1", **told))
    both = {"officers": ("P-s1", "P-n1"), "received_at": DAY + day * 9}
    cases.append(await scores.judge("s1", verdict="partly", **both))
    unfounded = cleared(uuid4(), 1).model_copy(update={"named": ("P-n1",), "unit_code": "n1"})
    joined = IncidentChanged(
        case_id=cases[1], incident_id=cases[0], unit_code="n1", received_at=DAY, changed_at=DAY,
        version=1,
    )  # fmt: skip
    fallen = cleared(cases[5], 2).model_copy(update={"unit_code": "s1"})
    await scores.hear(unfounded, joined, fallen)
    return cases


async def differences(scores: Scores) -> list[str]:
    """What the recount says."""
    told: list[str] = []
    async with scores.database.transaction() as conn:
        done = await recount_all(conn, POLICIES, told.append)
    assert len(told) == done.differences
    return told


async def test_the_ledgers_are_what_the_cases_say(scores: Scores) -> None:
    """After all that may happen, and again when everything comes once more in another order."""
    cases = await year(scores)
    assert [] == await differences(scores)
    async with scores.database.acquire() as conn:
        kinds = {row["rule"] for row in await conn.fetch("SELECT rule FROM sanctions")}
    assert {"accountability", "transfer", "alert", "inspection"} <= kinds
    await scores.hear(verdict(cases[5], 3, unit_code="s1", officers=("P-s1",)),
                      verdict(cases[5], 1, unit_code="s1", officers=("P-n1",)))  # fmt: skip
    assert [] == await differences(scores)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("UPDATE unit_scores SET balance_centipoints = balance_centipoints - 1"
         " WHERE unit_code = 'n1'", "balance: n1: "),
        ("INSERT INTO strikes (badge, case_id, incident_id, revision, unit_code, year,"
         " received_at, delta) SELECT 'X-1', gen_random_uuid(), gen_random_uuid(), 1, 'n1', 2026,"
         " now(), 1", "strikes: X-1 "),
        ("INSERT INTO criticism_withdrawals SELECT year, number, 2, now() FROM criticisms"
         " WHERE number = 1", "criticisms: n1 "),
        ("INSERT INTO sanction_withdrawals SELECT sanction_id, case_id, 2, now() FROM sanctions"
         " WHERE rule = 'transfer'", "sanctions: transfer P-n1 n1 2026: 0 stands there, 1"),
        ("INSERT INTO paper_withdrawals SELECT kind, year, number, now() FROM papers",
         "clearings: P-n1 "),
        ("UPDATE verdicts SET attribution = 'policy' WHERE unit_code = 's1'", "points: s1 "),
    ],
)  # fmt: skip
async def test_whatever_stands_otherwise_is_named(scores: Scores, wrong: str, said: str) -> None:
    """In each book."""
    await year(scores)
    async with scores.database.acquire() as conn:
        await conn.execute(wrong)
    told = await differences(scores)
    assert said in " ".join(told), told


async def test_verdicts_that_come_meanwhile_neither_wait_nor_count(scores: Scores) -> None:
    """One moment is counted, a unit at a time; what is scored between two of them is not seen."""
    await year(scores)
    async with scores.database.transaction() as conn:
        await held.begin(conn)
        units, officers = held.list_held(conn, "unit"), held.list_held(conn, "officer")
        seen = [await anext(units)]
        await scores.judge("s1", received_at=DAY + timedelta(days=20))
        await scores.judge("n2")
        seen += [one async for one in units]
        both = [one async for one in officers]
    assert ["n1", "s1"] == [one.whose for one in seen]
    assert ["P-n1", "P-s1"] == [one.whose for one in both]
    counted = [recount.count_unit(one.whose, one.found, POLICIES) for one in seen]
    counted += [recount.count_officer(one.whose, one.found, POLICIES) for one in both]
    for wanted, one in zip(counted, [*seen, *both], strict=True):
        assert [] == list(recount.differences(wanted, one.books))
    assert [] == await differences(scores)


async def test_a_case_that_moves_takes_its_books_along(scores: Scores) -> None:
    """Its strike was written at the first unit, and is looked for where the case is now."""
    case = await scores.judge("n1")
    await scores.judge("n2", case_id=case, revision=2, officers=("P-n1",))
    assert [] == await differences(scores)


async def test_the_command_ends_with_what_it_found(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 and a line where nothing differs; 1 and a line each where something does."""
    monkeypatch.setattr(log, "configure", lambda *_: None)
    url = await clone(SERVICE)
    database = await Database.connect(url, SERVICE)
    async with opened(database) as scores:
        await scores.judge("n1")
        ends = []
        for wrong in ("SELECT 1", "UPDATE unit_scores SET balance_centipoints = 7"):
            async with database.acquire() as conn:
                await conn.execute(wrong)
            with environ({**os.environ, "DATABASE_URL_SCORING": url}):
                code = await asyncio.to_thread(main, ["score", "recount"])
            ends.append((code, capsys.readouterr().out))
    await database.close()
    good = "1 verdicts recounted: nothing differs\n"
    bad = "balance: n1: 7 stands there, -200 by 1 entries up to no. 1\n"
    assert [(0, good), (1, f"{bad}1 verdicts recounted: 1 differences\n")] == ends
