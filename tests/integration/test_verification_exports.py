"""The inbox taken away as a list: what the page shows and no more, each time noted."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from services.verification import jobs
from shared.db import Database
from shared.web import exports
from tests.integration.verification_office import OTHER_UNIT, UNIT, Office, office
from tests.integration.verification_tab import Tab, tab
from tests.support import at

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
    assert 422 == await page.send("/desk/exports", ("asked", "state=open"), ("format", "csv"))
    assert "超过 2 行" in page.text
    assert 'href="/desk?state=open"' in page.text
    assert 422 == await page.send("/desk/exports", ("asked", "state=open"), ("format", "exe"))
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


async def test_a_program_takes_the_list_away(bureau: Office) -> None:
    """The same rows and the same note, once a key; what it asks wrongly is told by field."""
    await bureau.case()
    page = await tab(bureau, "desk")
    rows = await taken(page, "state=open")
    body = {"asked": "state=open", "format": "csv"}
    for _ in range(2):
        told = await bureau.ask("desk", "POST", "exports", body, key="a-list-taken-away-1")
        assert 200 == told.status
        assert rows == list(csv.DictReader(io.StringIO(told.text.lstrip("\ufeff"))))
    assert [("desk", "state=open", "csv", 1)] * 2 == await notes(bureau)
    wrong = await bureau.ask("desk", "POST", "exports", body | {"format": "exe"})
    assert (422, "format") == (wrong.status, wrong.json["errors"][0]["field"])
    assert 403 == (await bureau.ask("leader", "POST", "exports", body)).status


@pytest.mark.parametrize(
    ("asked", "noted"),
    [("q=%2B8613800138000", "q=phone"), ("q=两小时", "q=words"), ("q=两小时&words=on", "q=words"),
     (f"q={OTHER_UNIT}", "q=unit"), ("q=26-000001", "q=number")],
)  # fmt: skip
async def test_what_was_found_is_taken_away(bureau: Office, asked: str, noted: str) -> None:
    """The cases that the page shows; of the phone or the words nothing is kept with the note."""
    with at(datetime(2026, 5, 6, 1, tzinfo=UTC)):
        await bureau.case(unit_code=OTHER_UNIT)
        await jobs.read_words(bureau.database, bureau.seal)
        county = await tab(bureau, "county")
        await county.get(f"/desk?{asked}")
        shown = re.findall(r'<td class="no">([^<]+)</td>', county.text)
        rows = await taken(county, asked)
    assert ([one["编号"] for one in rows], 1) == (shown, len(shown))
    assert [("county", noted, "csv", 1)] == await notes(bureau)


async def test_who_watches_sees_what_was_taken_away(bureau: Office) -> None:
    """The newest first, page by page; nobody else, not even who took it."""
    await bureau.case()
    desk, watcher = await tab(bureau, "desk"), await tab(bureau, "audit")
    assert 200 == await watcher.get("/desk/accounts-exports")
    assert "还没有人导出过" in watcher.text
    await taken(desk, "state=open")
    async with bureau.database.acquire() as conn:
        await conn.execute(
            "INSERT INTO exports (username, what, asked, format, number)"
            " SELECT 'county', 'cases', '', 'csv', n FROM generate_series(101, 152) n"
        )
    await watcher.get("/desk/accounts")
    assert 'href="/desk/accounts-exports"' in watcher.text
    seen, address = [], "/desk/accounts-exports"
    while address:
        await watcher.get(address)
        seen += re.findall(r'class="no">(\d+)</td>', watcher.text)
        further = re.search(r'href="(/desk/accounts-exports\?before=\d+)"', watcher.text)
        address = further[1] if further else ""
    assert [*map(str, range(152, 100, -1)), "1"] == seen
    assert ("CSV" in watcher.text, "<code>state=open</code>" in watcher.text) == (True, True)
    assert 403 == await desk.get("/desk/accounts-exports")
