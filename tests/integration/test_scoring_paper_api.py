"""Sanctions and documents for programs and to take away; interviews that are due."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.db import Database
from shared.values import clock
from tests.integration.scoring_desk import Scores, opened
from tests.integration.scoring_parts import DAY

SERVICE = "scoring"
YEAR = clock.service_day(clock.now()).year


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """Two strikes of an officer in one county; two prominent months of a unit in the other."""
    async with opened(database) as found:
        for day in range(2):
            await found.judge("n1", received_at=DAY + timedelta(days=day), number=f"26-00000{day}")
        for month in (3, 4):
            for day in range(1, 4):
                at = DAY.replace(month=month, day=day)
                await found.judge("s1", officers=(), attribution="unit", received_at=at)
        yield found


async def test_sanctions_are_told_to_programs(scores: Scores) -> None:
    """Those of one's own county; one of them with the article's words and its cases."""
    status, listed = await scores.get("/api/v1/sanctions", "county_supervisor", "north")
    assert (200, None) == (status, listed["next"])
    [one] = listed["sanctions"]
    assert ("accountability", "P-n1", "proposed") == (one["rule"], one["badge"], one["state"])
    own = one["sanction_id"]
    _, told = await scores.get(f"/api/v1/sanctions/{own}")
    assert ["26-000000", "26-000001"] == [case["number"] for case in told["cases"]]
    assert "「对年内窗口投诉问题属实次数2次" in told["phrase"]
    assert 404 == (await scores.get(f"/api/v1/sanctions/{own}", "county_supervisor", "south"))[0]
    assert 403 == (await scores.get("/api/v1/sanctions", "unit_operator", "n1"))[0]


async def test_documents_are_told_to_programs(scores: Scores) -> None:
    """By kind with their numbers; one of them with its text."""
    status, listed = await scores.get("/api/v1/papers?kind=criticism", "unit_operator", "n1")
    assert (200, [2, 1]) == (status, [one["number"] for one in listed["papers"]])
    _, told = await scores.get(f"/api/v1/papers/criticism/{YEAR}/1", "unit_operator", "n1")
    assert (f"驻公通〔{YEAR}〕1号", True) == (told["ref"], "态度冷淡" in told["body"][0])
    assert ["26-000000"] == [case["number"] for case in told["cases"]]
    path = f"/api/v1/papers/criticism/{YEAR}/3"
    assert 404 == (await scores.get(path, "unit_operator", "n1"))[0]
    assert 404 == (await scores.get(f"/api/v1/papers/nothing/{YEAR}/1"))[0]


async def test_interviews_that_are_due_have_a_view(scores: Scores) -> None:
    """It lists them alone, and says what comes first where there is none."""
    tab = scores.tab("leadership")
    assert 200 == await tab.get("/sanctions?rule=interview")
    assert [True, False] == [words in tab.text for words in ("窗口s1", "民警n1")]
    tab = scores.tab("county_supervisor", "north")
    assert 200 == await tab.get("/sanctions?rule=interview")
    assert "没有要约谈的单位" in tab.text


async def test_both_lists_are_taken_away_as_they_are_chosen(scores: Scores) -> None:
    """Interviews alone, or one's own county's criticisms."""
    tab = scores.tab("leadership")
    await tab.get("/sanctions?rule=interview")
    asked = "view=waiting&rule=interview"
    assert 200 == await tab.send("/sanctions/exports", asked=asked, format="csv")
    lines = tab.text.lstrip("\ufeff").splitlines()
    assert ["约谈主要领导"] == [line.split(",")[0] for line in lines[1:]]
    tab = scores.tab("county_supervisor", "north")
    await tab.get("/papers?kind=criticism")
    assert 200 == await tab.send("/papers/exports", asked="kind=criticism", format="csv")
    numbers = [line.split(",")[0] for line in tab.text.lstrip("\ufeff").splitlines()[1:]]
    assert [f"驻公通〔{YEAR}〕{number}号" for number in (2, 1)] == numbers
