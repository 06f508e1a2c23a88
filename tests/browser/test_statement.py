"""A vendor's statement is taken in at the screen, and what differs is settled there."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from shared import statements
from shared.db import Database
from shared.values import clock
from tests.integration.rewards_desk import SEED, Desk, opened
from tests.integration.staff_tab import somebody
from tests.integration.test_reconciling import FORMS, LINES, workbook
from tests.vendors import AIRTIME

SERVICE = "rewards"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The service, with nothing in its books."""
    async with opened(database) as found:
        yield found


@pytest.fixture
async def page(desk: Desk, chromium: Browser) -> AsyncIterator[Page]:
    """A phone's screen, signed in and confirmed."""
    home = str(desk.client.make_url("/"))
    context = await chromium.new_context(
        base_url=home, locale="zh-CN", viewport={"width": 390, "height": 844}
    )
    said: dict[str, Any] = {"session": "s", "confirmed_at": clock.now()}
    told = statements.issue(somebody("reward_approver"), SEED, **said)
    await context.add_cookies([{"name": "mashang-who", "value": told, "url": home}])
    yield await context.new_page()
    await context.close()


async def upload(page: Page, name: str, content: bytes) -> None:
    """Choose the vendor and the file, and send them."""
    await page.goto("/reconciliations")
    await page.select_option("#of", AIRTIME.name)
    kind = SHEET if name.endswith("xlsx") else "text/csv"
    await page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
    await page.get_by_role("button", name="上传对账单").click()
    await page.wait_for_load_state()


async def counted(desk: Desk, table: str) -> int:
    """How many rows a table has."""
    async with desk.database.acquire() as conn:
        return int(await conn.fetchval(f"SELECT count(*) FROM {table}"))


async def test_a_statement_is_taken_in_and_a_difference_settled(page: Page, desk: Desk) -> None:
    """A broken row is named and changes nothing; XLSX and GBK are read; one mismatch is settled."""
    broken = workbook([*LINES[:2], LINES[2].replace("20.00", "-20")])
    await upload(page, "day.xlsx", broken)
    told = await page.locator("#errors").inner_text()
    assert all(word in told for word in ("第 3 行", "amount", "应为正数")), told
    for table in ("statements", "statement_orders", "reconciliations", "mismatches"):
        assert (table, 0) == (table, await counted(desk, table))
    await upload(page, "day.xlsx", workbook(LINES))
    assert "/reconciliations/1" == page.url[page.url.index("/recon") :]
    table = await page.locator("table").inner_text()
    assert all(order in table for order in ("abcdefgh", "abcdefgi")), table
    await upload(page, "day.csv", FORMS["GBK"])
    assert (2, 2) == (await counted(desk, "reconciliations"), await counted(desk, "mismatches"))
    await page.goto("/mismatches")
    await page.locator("textarea").first.fill("供应商更正了")
    async with page.expect_navigation():
        await page.locator("button[formaction*='/resolutions']").first.click()
    assert 1 == await counted(desk, "mismatch_resolutions")
    assert 1 == await page.locator("textarea").count()
