"""The inbox taken away as a list: what the page shows and no more, each time noted."""

import csv
import io
from collections.abc import AsyncIterator

import pytest
from openpyxl import load_workbook

from shared.db import Database
from shared.web import exports
from tests.integration.verification_office import OTHER_UNIT, UNIT, Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def taken(page: Tab, asked: str = "", form: str = "csv") -> list[dict[str, str]]:
    """The rows of a CSV, by their columns' names."""
    await page.get(f"/desk?{asked}")
    wanted = [("asked", asked), ("format", form)]
    assert 200 == await page.send("/desk/exports", *wanted), page.text
    return list(csv.DictReader(io.StringIO(page.text.lstrip("\ufeff"))))


async def notes(bureau: Office) -> list[tuple[str, str, str, int]]:
    """Who took what away."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch(
            "SELECT username, asked, format, number FROM exports ORDER BY export_id"
        )
    return [tuple(row.values()) for row in rows]


async def test_the_list_is_what_the_inbox_shows(bureau: Office) -> None:
    """The unit's own cases, chosen by the same filters; each export is noted with its number."""
    own, other = await bureau.case(), await bureau.case(unit_code=OTHER_UNIT)
    numbers = {}
    async with bureau.database.acquire() as conn:
        for row in await conn.fetch("SELECT case_id, number FROM cases"):
            numbers[row["case_id"]] = row["number"]
    desk, county = await tab(bureau, "desk"), await tab(bureau, "county")
    mine, all_of_them = await taken(desk), await taken(county)
    assert {numbers[own]} == {one["编号"] for one in mine}
    assert {numbers[own], numbers[other]} >= {one["编号"] for one in all_of_them}
    (first,) = mine
    assert (UNIT, "投诉", "待核查") == (first["单位编号"], first["类型"], first["状态"])
    assert [] == await taken(desk, "state=verified")
    noted = [("desk", "", "csv", 1), ("county", "", "csv", len(all_of_them))]
    assert [*noted, ("desk", "state=verified", "csv", 0)] == await notes(bureau)


async def test_neither_words_nor_phones_leave(bureau: Office) -> None:
    """Whatever the inbox shows of them."""
    await bureau.case()
    page = await tab(bureau, "desk")
    await page.get("/desk")
    shown = page.text
    assert ("****" in shown) is True
    await taken(page)
    assert ("****" in page.text, "138" in page.text) == (False, False)


async def test_it_is_a_workbook_too(bureau: Office) -> None:
    """The same rows."""
    await bureau.case()
    page = await tab(bureau, "desk")
    rows = await taken(page)
    await page.get("/desk")
    assert 200 == await page.send("/desk/exports", ("asked", ""), ("format", "xlsx"))
    sheet = load_workbook(io.BytesIO(page.raw)).worksheets[0]
    head, first = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert list(rows[0].values()) == [value or "" for value in first]
    assert list(rows[0]) == head


async def test_too_many_rows_are_none(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how many fit and what to do, keeps what was asked for, and notes nothing."""
    for _ in range(3):
        await bureau.case()
    monkeypatch.setattr(exports, "MOST", 2)
    page = await tab(bureau, "desk")
    await page.get("/desk")
    assert 422 == await page.send("/desk/exports", ("asked", "due=today"), ("format", "csv"))
    assert "超过 2 行" in page.text
    assert 'href="/desk?due=today"' in page.text
    assert 422 == await page.send("/desk/exports", ("asked", "due=today"), ("format", "exe"))
    assert "请选 CSV 或 Excel" in page.text
    assert [] == await notes(bureau)


async def test_a_second_click_is_noted_once(bureau: Office) -> None:
    """The same form gives the file again."""
    await bureau.case()
    page = await tab(bureau, "desk")
    await page.get("/desk")
    form = page.text
    for _ in range(2):
        page.text = form
        assert 200 == await page.send("/desk/exports", ("asked", ""), ("format", "csv"))
    assert 1 == len(await notes(bureau))
