"""An officer's record, and the complaints behind a figure, as lists to take away."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from shared import statements
from shared.access import OUTSIDERS, Operator
from shared.db import Database
from shared.web import exports
from tests.integration.scoring_desk import SEED, Scores, officer, opened
from tests.integration.scoring_parts import DAY, cleared, verdict
from tests.integration.staff_tab import Tab, somebody
from tests.integration.test_scoring_leadership import complaint
from tests.support import at

SERVICE = "scoring"
RECORD, CASES = "/scores/officers/exports", "/leadership/cases/exports"
MARCH = "month=2026-03&which=complaints"
HIDDEN: dict[str, Any] = {"number": "26-000666", "recused": (OUTSIDERS,)}


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service with its database."""
    async with opened(database) as found:
        yield found


def tab(scores: Scores, who: Operator, language: str = "zh") -> Tab:
    """A browser of somebody."""
    return Tab(scores.client, SEED, who, language)


async def taken(page: Tab, shown: str, form: str, asked: str) -> list[dict[str, str]]:
    """The rows of a CSV that the form of a page gives, by their columns' names."""
    assert 200 == await page.get(shown)
    assert 200 == await page.send(form, asked=asked, format="csv"), page.text
    return list(csv.DictReader(io.StringIO(page.text.lstrip("\ufeff"))))


async def judged(scores: Scores, unit: str, hours: int, **changes: Any) -> None:
    """A complaint of March was taken in, and found true."""
    own, events = complaint(unit, DAY + timedelta(hours=hours))
    await scores.hear(*events)
    await scores.judge(unit, case_id=own, received_at=DAY + timedelta(hours=hours), **changes)


async def test_an_officers_record_is_a_list_to_take_away(scores: Scores) -> None:
    """Each mark, what took it back, each document; in English as well."""
    with at(DAY + timedelta(days=1)):
        await scores.judge("n1", number="26-000001")
        gone = await scores.judge("n1", number="26-000002", received_at=DAY + timedelta(hours=1))
    with at(DAY + timedelta(days=2)):
        await scores.hear(cleared(gone, 2).model_copy(
            update={"unit_code": "n1", "number": "26-000002", "named": ("P-n1",)}))  # fmt: skip
        page = tab(scores, somebody("county_supervisor", "north"))
        rows = await taken(page, "/scores/officers/P-n1", RECORD, "badge=P-n1")
        told = sorted((one["种类"], one["办件"], one["查明"], one["第几次"]) for one in rows)
        fell = "态度冷淡、不属实"
        assert [
            ("撤销一次", "26-000002", fell, ""), ("澄清通知", "26-000002", fell, ""),
            ("记一次", "26-000001", "态度冷淡、属实", "1"), ("记一次", "26-000002", fell, ""),
        ] == told  # fmt: skip
        assert {"P-n1"} == {one["民警"] for one in rows}
        assert "申诉期内，至" in next(one["状态"] for one in rows if one["第几次"] == "1")
        assert sorted((one["时间"] for one in rows), reverse=True) == [one["时间"] for one in rows]
        english = tab(scores, somebody("auditor"), "en")
        rows = await taken(english, "/scores/officers/P-n1", RECORD, "badge=P-n1")
        assert "Officer" in rows[0]


async def test_marks_of_one_moment_are_a_record_too(scores: Scores) -> None:
    """Set, set and taken back at once, of which only one stands and has a number."""
    stays, goes = uuid4(), uuid4()
    named: dict[str, Any] = {"unit_code": "n1", "officers": ("P-n1",)}
    await scores.hear(
        verdict(stays, **named), verdict(goes, **named),
        cleared(goes, 2).model_copy(update={"unit_code": "n1"}),
    )  # fmt: skip
    page = tab(scores, somebody("auditor"))
    rows = await taken(page, "/scores/officers/P-n1", RECORD, "badge=P-n1")
    assert ["", "", "1"] == sorted(one["第几次"] for one in rows)


async def test_a_record_is_for_whom_the_page_is(scores: Scores) -> None:
    """No colleague takes it, no other county; what is the inspection's stays without a subject."""
    await scores.judge("n1", categories=("integrity",), **HIDDEN)
    for who in (Operator("o", "o", "unit_operator", "n1", "P-n2"),
                somebody("county_supervisor", "south")):  # fmt: skip
        page = tab(scores, who)
        await page.get("/scores")
        assert 404 == await page.send(RECORD, asked="badge=P-n1", format="csv")
    page = tab(scores, somebody("unit_operator", "n1"))
    await page.get("/scores")
    assert 404 == await page.send(RECORD, asked="", format="csv")
    own = tab(scores, Operator("p", "p", "unit_operator", "n1", "P-n1"))
    [mark] = await taken(own, "/scores/officers/P-n1", RECORD, "badge=P-n1")
    assert ("", "市局督察办理的件") == (mark["办件"], mark["查明"])
    seen = tab(scores, somebody("inspection"))
    [mark] = await taken(seen, "/scores/officers/P-n1", RECORD, "badge=P-n1")
    assert ("26-000666", "廉洁问题、属实") == (mark["办件"], mark["查明"])


async def test_what_a_figure_counts_is_a_list_to_take_away(scores: Scores) -> None:
    """All of them and no page of fifty, chosen as the page was, with the way each was found."""
    for hours in range(51):
        await judged(scores, "n1", hours, number=f"26-{hours:06}")
    await judged(scores, "s1", 60, categories=("integrity",), **HIDDEN)
    page = tab(scores, somebody("leadership"))
    shown = f"/leadership/cases?{MARCH}"
    rows = await taken(page, shown, CASES, MARCH)
    assert [52, 51] == [len(rows), len({one["办件"] for one in rows if one["办件"]})]
    kept = [one for one in rows if not one["办件"]]
    assert [("", "", "市局督察办理的件", "")] == [
        (one["单位编号"], one["窗口单位"], one["查明"], one["谁承担"]) for one in kept
    ]
    first = rows[-1]
    assert ("2026-03-02 10:00", "n1", "窗口n1", "态度冷淡、属实") == (
        first["收件时间"], first["单位编号"], first["窗口单位"], first["查明"],
    )  # fmt: skip
    inspection = await taken(tab(scores, somebody("inspection")), shown, CASES, MARCH)
    assert {"26-000666"} == {one["办件"] for one in inspection if one["单位编号"] == "s1"}
    assert [] == await taken(page, shown, CASES, "month=2026-02&which=true")
    assert 52 == len(await taken(page, shown, CASES, "month=2026-03&which=nothing"))
    async with scores.database.acquire() as conn:
        noted = await conn.fetch("SELECT what, asked, number FROM exports ORDER BY export_id")
    assert ("complaints", MARCH, 52) == tuple(noted[0].values())


async def test_no_more_leaves_than_a_list_may_have(
    scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so; whoever reads no figures of the city takes none of them away."""
    for hours in range(3):
        await judged(scores, "n1", hours)
    page = tab(scores, somebody("leadership"))
    assert 200 == await page.get(f"/leadership/cases?{MARCH}")
    monkeypatch.setattr(exports, "MOST", 2)
    assert 422 == await page.send(CASES, asked=MARCH, format="csv")
    assert "超过 2 行" in page.text
    unit = tab(scores, somebody("unit_operator", "n1"))
    await unit.get("/scores")
    assert 403 == await unit.send(CASES, asked=MARCH, format="csv")


async def test_a_name_like_a_formula_stays_a_name(scores: Scores) -> None:
    """What a sheet would reckon out is text in both files, for people and for programs."""
    evil = '=HYPERLINK("http://x","y")'
    await scores.hear(officer("n1", 2).model_copy(update={"badge": evil, "unit_code": "n1"}))
    await scores.judge("n1", officers=(evil,), number="=1+1")
    who = somebody("city_supervisor")
    bearer = {"Authorization": f"Bearer {statements.issue(who, SEED)}"}
    for kind in ("csv", "xlsx"):
        async with scores.client.post(
            f"/api/v1{RECORD}", json={"asked": f"badge={evil}", "format": kind},
            headers=bearer | {"Idempotency-Key": str(uuid4())},
        ) as response:  # fmt: skip
            content = await response.read()
            assert 200 == response.status, content
        if kind == "csv":
            [row] = list(csv.DictReader(io.StringIO(content.decode().lstrip("\ufeff"))))
            assert ["'" + evil, "'=1+1"] == [row["民警"], row["办件"]]
            continue
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        cells = [cell for line in list(sheet.iter_rows())[1:] for cell in line]
        assert "f" not in {cell.data_type for cell in cells}
        assert evil in {cell.value for cell in cells}
