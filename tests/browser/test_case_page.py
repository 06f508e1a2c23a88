"""The case in a browser: a verdict asks only what it needs, and what is typed comes back."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.browser.sights import sign_in
from tests.town import Town


async def case_page(place: Town, context: BrowserContext) -> Page:
    """A city supervisor before a new complaint."""
    page = await context.new_page()
    await sign_in(page, place.urls["verification"], "city")
    async with ClientSession() as http:
        answer = await place.complain(http)
    await page.goto(f"/desk/cases/{await place.case_of(answer['submission_id'])}")
    return page


@pytest.fixture(params=[True, False], ids=["script", "no script"])
async def desk(
    place: Town, chromium: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """With JavaScript and without."""
    context = await chromium.new_context(
        base_url=place.urls["verification"], viewport={"width": 1280, "height": 900},
        locale="zh-CN", java_script_enabled=request.param,
    )  # fmt: skip
    yield await case_page(place, context)
    await context.close()


async def test_a_verdict_asks_only_what_it_needs(desk: Page) -> None:
    """By the choice alone, also without a script; what was chosen comes back with its choice."""
    blamed, officers = desk.locator("#verdicts-attribution"), desk.locator("#verdicts-officers")
    await expect(blamed).to_be_hidden()
    await desk.click("label[for=verdict-substantiated]")
    await expect(blamed).to_be_visible()
    await expect(officers).to_be_hidden()
    await desk.click("label[for=attribution-officers]")
    await expect(officers).to_be_visible()
    await officers.locator("input").first.check()
    await desk.click("label[for=verdict-helped]")
    await expect(blamed).to_be_hidden()
    await expect(desk.locator("#verdicts-categories")).to_be_hidden()
    await desk.click("label[for=verdict-partly]")
    await expect(officers.locator("input").first).to_be_checked()


async def test_what_is_typed_is_kept_and_says_what_it_leads_to(
    place: Town, chromium: Browser
) -> None:
    """After a moment, without a button; the citizen's view follows each letter; axe is content."""
    context = await chromium.new_context(
        base_url=place.urls["verification"], viewport={"width": 1280, "height": 900}, locale="zh-CN"
    )
    desk = await case_page(place, context)
    await desk.click("label[for=verdict-substantiated]")
    await desk.click("label[for=attribution-unit]")
    await desk.fill("#verdicts-answer", "向您道歉。")
    await expect(desk.locator("[data-seen]")).to_have_text("向您道歉。")
    await expect(desk.locator("form [data-told]")).to_contain_text("草稿已存")
    await expect(desk.locator("form [data-told]")).to_contain_text("扣本单位")
    assert [] == await violations(desk)
    await desk.reload()
    await expect(desk.locator("#verdicts-answer")).to_have_value("向您道歉。")
    await context.close()
