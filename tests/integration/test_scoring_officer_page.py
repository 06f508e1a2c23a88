"""An officer's page: each strike with its case and why, until when it may be appealed against."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.access import Operator, Role
from shared.db import Database
from shared.events import AppealChanged
from tests.integration.scoring_desk import SEED, Scores, officer, opened
from tests.integration.scoring_parts import DAY, cleared
from tests.integration.staff_tab import Tab
from tests.support import at

SERVICE = "scoring"
DESK = "http://desk.example"
PAGE = "/scores/officers/P-n1"


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service, beside a desk."""
    async with opened(database, DESK) as found:
        yield found


def appealed(case: UUID) -> AppealChanged:
    """The officer does not accept the mark."""
    return AppealChanged(
        appeal_id=uuid4(), case_id=case, unit_code="n1", badge="P-n1", revision=1, version=1,
        state="filed", due_at=DAY + timedelta(days=9), changed_at=DAY,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "badge", "leads_to"),
    [
        ("unit_operator", "P-n1", "/desk/appeals"),
        ("county_supervisor", None, "/desk/cases/{case}/appeal"),
        ("auditor", None, None),
        ("leadership", None, None),
    ],
)
async def test_a_strike_says_until_when_it_is_provisional(
    scores: Scores, role: Role, badge: str | None, leads_to: str | None
) -> None:
    """「2次」: its case and what was found; the officer appeals, others for them, others read."""
    with at(DAY + timedelta(days=1)):
        case = await scores.judge("n1", number="26-000001")
        scope = "n1" if role == "unit_operator" else "city"
        tab = Tab(scores.client, SEED, Operator("o", "o", role, scope, badge))
        assert 200 == await tab.get(PAGE)
        for words in ("2026 年第 1 次是暂记", "26-000001", "态度冷淡、属实", "申诉期内"):
            assert words in tab.text, words
        shown = [at_ for at_ in ("/desk/appeals", f"/desk/cases/{case}/appeal")
                 if f'href="{DESK}{at_}"' in tab.text]  # fmt: skip
        assert shown == ([leads_to.format(case=case)] if leads_to else [])


async def test_an_appeal_keeps_it_provisional(scores: Scores) -> None:
    """While it waits nobody is invited to a second one; without one it stands when time is up."""
    case = await scores.judge("n1")
    tab = scores.tab("city_supervisor")
    with at(DAY + timedelta(days=30)):
        assert 200 == await tab.get(PAGE)
        assert [True, False] == [words in tab.text for words in ("已作数", "是暂记")]
        await scores.hear(appealed(case))
        await tab.get(PAGE)
        assert [True, False] == [words in tab.text for words in ("申诉中", "是暂记")]


async def test_what_was_cleared_stands_beside_the_strikes(scores: Scores) -> None:
    """With its note; a program reads the same, with every case that it rests on."""
    first = await scores.judge("n1", number="26-000001")
    gone = cleared(uuid4(), 1).model_copy(
        update={"unit_code": "n1", "named": ("P-n1",), "number": "26-000002"}
    )
    await scores.hear(gone)
    tab = scores.tab("city_supervisor")
    assert 200 == await tab.get(PAGE)
    for words in ("查明不属实的", "26-000002", "澄清，不计次数"):
        assert words in tab.text, words
    status, told = await scores.get("/api/v1/officers/P-n1/record")
    assert (200, ["26-000001", "26-000002"]) == (status, sorted(c["number"] for c in told["cases"]))
    assert ["clearing"] == [one["kind"] for one in told["documents"]]
    assert [str(first)] == told["strikes"][0]["case_ids"]
    assert 404 == (await scores.get("/api/v1/officers/P-n1/record", "unit_operator", "n2"))[0]


async def test_a_case_of_the_old_unit_is_told_without_a_link(scores: Scores) -> None:
    """Whoever leads the new unit knows why, but the desk there has no such case."""
    case = await scores.judge("n1", number="26-000001")
    await scores.hear(officer("n1", 2).model_copy(update={"unit_code": "s1"}))
    tab = scores.tab("county_supervisor", "south")
    assert 200 == await tab.get(PAGE)
    assert [True, False] == [words in tab.text for words in ("26-000001", str(case))]
    tab = scores.tab("city_supervisor")
    await tab.get(PAGE)
    assert f'href="{DESK}/desk/cases/{case}">26-000001</a>' in tab.text
