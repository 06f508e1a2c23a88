"""A unit's page: every figure leads to its cases, every entry to the words of its rule."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.access import OUTSIDERS, Operator
from shared.db import Database
from shared.events import AppealChanged
from tests.integration.scoring_desk import SEED, Scores, opened
from tests.integration.scoring_parts import DAY, cleared
from tests.integration.staff_tab import Tab
from tests.support import at

SERVICE = "scoring"
DESK = "http://desk.example"


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service, beside a desk."""
    async with opened(database, DESK) as found:
        yield found


def figures_of(page: str) -> dict[str, str]:
    """What stands large above, by the words over it."""
    found = re.findall(
        '<div><span class="quiet">([^<]+)</span><b><a href="[^"]+">([^<]+)</a>', page
    )
    return dict(found)


async def three(scores: Scores) -> list[UUID]:
    """Three incidents of March, of which the second was true in part."""
    kinds = (("substantiated", "cold_attitude"), ("partly", "buck_passing"), ("substantiated", "x"))
    return [
        await scores.judge(
            "n1", verdict=found, categories=(category,), number=f"26-00000{n + 1}",
            received_at=DAY + timedelta(days=n), attribution="unit", officers=(),
        )
        for n, (found, category) in enumerate(kinds)
    ]  # fmt: skip


async def test_every_figure_leads_to_its_cases(scores: Scores) -> None:
    """Points, incidents of the year and the month; each case by its number, at the desk."""
    with at(DAY + timedelta(days=10)):
        cases = await three(scores)
        page = scores.tab("county_supervisor", "north")
        assert 200 == await page.get("/scores/n1")
        told = figures_of(page.text)
        assert ("-3.50", "-3.50", "3", "3") == tuple(
            told[name] for name in ("现有分值", "今年变动", "今年查实", "本月查实")
        )
        assert "这个月已是“反映突出”" in page.text
        for n, case in enumerate(cases):
            assert f'<a class="no" href="{DESK}/desk/cases/{case}">26-00000{n + 1}</a>' in page.text
        for anchor in ("entries", "months", "praise"):
            assert 2 <= page.text.count(f"#{anchor}") + page.text.count(f'id="{anchor}"')
        assert 200 == await page.get("/scores/n1/found")
        assert ["−1.00", "−1.50", "−1.00"] == re.findall("−[0-9.]+", page.text)


async def test_every_entry_says_why(scores: Scores) -> None:
    """The article's words, the category's points, the half of what is true in part."""
    with at(DAY + timedelta(days=10)):
        first, *_ = await three(scores)
        page = scores.tab("auditor")
        await page.get("/scores/n1")
        for words in (
            "态度冷淡，单位承担，1.00 分", "推诿扯皮，单位承担，3.00 分，部分属实只计 50%",
            "没有对应的类别，按最低一档 1.00 分", "不记到人",
        ):  # fmt: skip
            assert words in page.text, words
        await scores.judge("n1", received_at=DAY, number="26-000009")
        await page.get("/scores/n1")
        assert "「经核查属实的，通报批评并扣除相应的绩效考评分值」" in page.text
        await scores.hear(cleared(first, 2).model_copy(update={"unit_code": "n1"}))
        await page.get("/scores/n1")
        assert ("退还" in page.text, False) == (True, "态度冷淡，单位承担" in page.text)


async def test_the_chart_tells_how_it_came_about(scores: Scores) -> None:
    """A line that the server draws, with a sentence for who cannot see it."""
    with at(DAY + timedelta(days=10)):
        await three(scores)
        page = scores.tab("leadership")
        await page.get("/scores/n1")
        assert "从 2025-03-01 的 0 开始，有 1 天变动，现在 -3.50" in page.text
        assert 1 == page.text.count('class="dot"')
        await page.get("/scores/n2")
        assert 0 == page.text.count('class="dot"')
        status, told = await scores.get("/api/v1/units/n1/course")
        assert (200, [(-350, -350)]) == (
            status,
            [(day["change_centipoints"], day["balance_centipoints"]) for day in told["days"]],
        )


async def test_what_may_still_fall_is_told_apart(scores: Scores) -> None:
    """Dashed and in words while an officer may appeal (rule 15), also on the list and on paper.

    What only the unit answers for is firm at once; after the window, and once it was given back,
    nothing is provisional.
    """
    words = "虚线：其中 -2.00 还在申诉期内或申诉中，若全部退还是 -1.00"
    with at(DAY + timedelta(days=1)):
        await scores.judge("n1", officers=(), attribution="unit")
        case = await scores.judge("n1")
        page = scores.tab("county_supervisor", "north")
        await page.get("/scores/n1")
        assert (2, 1, 2, 1) == tuple(
            page.text.count(each)
            for each in (words, 'class="dot open"', 'class="course firm"', "暂定，可申诉")
        )
        _, told = await scores.get("/api/v1/units/n1/score")
        assert [True, False] == [one["provisional"] for one in told["entries"]]
        _, ran = await scores.get("/api/v1/units/n1/course")
        assert [-200] == [day["provisional_centipoints"] for day in ran["days"]]
        await page.get("/scores/n1?lang=en")
        assert "Provisional, may be appealed" in page.text
        await scores.hear(cleared(case, 2).model_copy(update={"unit_code": "n1"}))
        _, told = await scores.get("/api/v1/units/n1/score")
        assert [False] * 3 == [one["provisional"] for one in told["entries"]]
        again = await scores.judge("n1")
        await scores.hear(appealed(again))
    with at(DAY + timedelta(days=20)):
        _, told = await scores.get("/api/v1/units/n1/score")
        assert [True, False] == [one["provisional"] for one in told["entries"][:2]], "an appeal"
        await scores.hear(appealed(again, state="upheld", version=2))
        await page.get("/scores/n1")
        assert [0, 0] == [page.text.count(each) for each in ("虚线", "暂定，可申诉")]


async def test_what_was_overturned_may_fall_until_it_did(scores: Scores) -> None:
    """A new verdict may wait for a second look; once it is there, whatever it says stands."""
    with at(DAY + timedelta(days=1)):
        case = await scores.judge("n1")
        await scores.hear(appealed(case))
        await scores.hear(appealed(case, state="overturned", version=2))
    with at(DAY + timedelta(days=60)):
        _, told = await scores.get("/api/v1/units/n1/score")
        assert [True] == [one["provisional"] for one in told["entries"]]
    with at(DAY + timedelta(days=1)):
        await scores.judge("n1", case_id=case, revision=2)
    with at(DAY + timedelta(days=60)):
        _, told = await scores.get("/api/v1/units/n1/score")
        assert [False] == [one["provisional"] for one in told["entries"]]


def appealed(case_id: UUID, **changed: Any) -> AppealChanged:
    """The unit's officer appeals."""
    told = {
        "appeal_id": case_id, "case_id": case_id, "unit_code": "n1", "badge": "P-n1",
        "revision": 1, "version": 1, "state": "filed", "due_at": DAY, "changed_at": DAY,
    }  # fmt: skip
    return AppealChanged.model_validate(told | changed)


async def test_what_is_the_inspections_is_told_to_nobody_else(scores: Scores) -> None:
    """The points are there, the case has neither number nor subject nor link."""
    with at(DAY + timedelta(days=10)):
        case = await scores.judge(
            "n1", categories=("integrity",), number="26-000666", recused=(OUTSIDERS,)
        )
        for path in ("/scores/n1", "/scores/n1/found"):
            page = scores.tab("city_supervisor")
            assert 200 == await page.get(path)
            shown = [words in page.text for words in ("26-000666", str(case), "廉洁")]
            assert [False] * 3 == shown, path
            assert "市局督察办理的件" in page.text or path == "/scores/n1"
        page = scores.tab("inspection")
        await page.get("/scores/n1")
        assert f'href="{DESK}/desk/cases/{case}">26-000666</a>' in page.text
        _, told = await scores.get("/api/v1/units/n1/score")
        assert [("", "", True)] == [
            (one["number"], one["about"], one["hidden"]) for one in told["entries"][0]["cases"]
        ]


async def test_months_are_told_with_their_incidents(scores: Scores) -> None:
    """Two prominent months in a row: the second calls for an interview; the same to a program."""
    with at(DAY + timedelta(days=60)):
        for month in (3, 4):
            for day in range(1, 4):
                when = DAY.replace(month=month, day=day)
                await scores.judge("n1", officers=(), attribution="unit", received_at=when)
        page = scores.tab("city_supervisor")
        await page.get("/scores/n1")
        assert ["反映突出", "约谈主要领导"] == sorted(
            set(re.findall("反映突出(?=</span>)|约谈主要领导(?=</span>)", page.text))
        )
        _, told = await scores.get("/api/v1/units/n1/months")
        assert [("2026-04", 3, True, True), ("2026-03", 3, True, False)] == [
            (one["month"], len(one["incidents"]), one["prominent"], one["interview"])
            for one in told["months"]
        ]
        assert 422 == await page.get("/scores/n1/found?month=2026-13")
        assert 200 == await page.get("/scores/n1/found?month=2026-02")
        assert "这个月没有查实的事" in page.text


async def test_a_ledger_is_a_list_to_take_away(scores: Scores) -> None:
    """With its numbers and reasons; of another county there is none."""
    await three(scores)
    page = scores.tab("county_supervisor", "north")
    await page.get("/scores/n1")
    assert 200 == await page.send("/scores/entries/exports", asked="unit=n1", format="csv")
    lines = page.text.lstrip("\ufeff").splitlines()
    assert 4 == len(lines)
    assert ["26-000003", "26-000002", "26-000001"] == [line.split(",")[7] for line in lines[1:]]
    await page.get("/scores/n1")
    assert 404 == await page.send("/scores/entries/exports", asked="unit=s1", format="csv")


async def test_an_officer_finds_no_colleagues_page(scores: Scores) -> None:
    """Their own opens; another's is not there, for the browser and for a program."""
    for badge, status in (("P-n1", 200), ("P-n2", 404)):
        tab = Tab(scores.client, SEED, Operator("o", "o", "unit_operator", "n1", badge))
        assert status == await tab.get("/scores/officers/P-n1")
