"""The desk by keyboard alone, and what was typed when the session ends meanwhile."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from tests.browser.sights import sign_in
from tests.town import PASSWORD, Town


@pytest.fixture
async def desk(place: Town, chromium: Browser) -> AsyncIterator[Page]:
    """A city supervisor before an inbox with something in it."""
    async with ClientSession() as http:
        await place.complain(http)
    context = await chromium.new_context(
        base_url=place.urls["verification"], viewport={"width": 1280, "height": 800}, locale="zh-CN"
    )
    page = await context.new_page()
    await sign_in(page, place.urls["verification"], "city")
    await page.goto("/desk?state=all")
    yield page
    await context.close()


async def opened(page: Page) -> None:
    """The first case, without a mouse."""
    await page.keyboard.press("j")
    async with page.expect_navigation(url="**/desk/cases/*"):
        await page.keyboard.press("Enter")


async def test_single_keys_move_open_and_tell_what_they_do(desk: Page) -> None:
    """j to the first row, Enter to the case; the sheet lies over the page and goes again."""
    await opened(desk)
    await desk.keyboard.press("?")
    await expect(desk.locator("dialog.sheet h1")).to_have_text("按键")
    await desk.keyboard.press("Escape")
    await expect(desk.locator("dialog.sheet")).to_be_hidden()
    await desk.keyboard.press("g")
    async with desk.expect_navigation(url="**/desk"):
        await desk.keyboard.press("i")


async def test_a_key_is_a_letter_where_somebody_writes(desk: Page) -> None:
    """The cursor goes into the search by its key, and there every key is written."""
    await desk.keyboard.press("/")
    await desk.keyboard.type("j?k")
    await expect(desk.locator(".find input")).to_have_value("j?k")
    await expect(desk.locator("dialog.sheet")).to_have_count(0)
    await desk.keyboard.press("Escape")
    await expect(desk.locator(".find input")).not_to_be_focused()


async def test_single_keys_can_be_switched_off(desk: Page) -> None:
    """Who speaks to the machine sets off no act by a word; no key is promised any more."""
    await expect(desk.locator(".find kbd")).to_be_visible()
    await desk.locator(".me summary").click()
    await desk.get_by_text("关掉单键").click()
    await desk.keyboard.press("?")
    await expect(desk.locator("dialog.sheet")).to_have_count(0)
    await expect(desk.locator(".find kbd")).to_be_hidden()
    await desk.goto("/desk?keys=on")
    await desk.keyboard.press("?")
    await expect(desk.locator("dialog.sheet")).to_be_visible()


async def test_who_signs_in_again_finds_the_words_where_they_were(desk: Page) -> None:
    """The session ends while somebody writes: the same page, the same words, nothing sent."""
    await opened(desk)
    case = desk.url
    await desk.fill("#verdicts-finding", "14:41 到 15:52 窗口没有人")
    await desk.locator("label[for=verdict-partly]").click()
    await desk.context.clear_cookies()
    async with desk.expect_navigation():
        await desk.locator("#verdicts button[formaction$=verdicts]").click()
    await desk.get_by_text("登录，回到原处").click()
    await desk.fill("#username", "city")
    await desk.fill("#password", PASSWORD)
    async with desk.expect_navigation():
        await desk.press("#password", "Enter")
    assert case == desk.url
    await expect(desk.locator("#verdicts-finding")).to_have_value("14:41 到 15:52 窗口没有人")
    await expect(desk.locator("input[name=verdicts-verdict][value=partly]")).to_be_checked()
    await expect(desk.locator("main [role=status]").first).to_contain_text("还没有提交")


async def test_rows_are_ticked_and_keys_are_ones_own(desk: Page, place: Town) -> None:
    """n in the place of j, which does nothing any more; x and Shift tick rows, a leads on with
    what is ticked.
    """
    async with ClientSession() as http:
        for _ in range(2):
            await place.complain(http)
    await desk.goto("/desk/keys")
    await desk.fill("#down", "n")
    async with desk.expect_navigation(url="**/desk/keys?done=keys"):
        await desk.locator("form.act button").click()
    await desk.goto("/desk")
    await expect(desk.locator(".hints kbd").first).to_have_text("n")
    await expect(desk.locator("[data-ticks]")).to_be_hidden()
    await desk.keyboard.press("j")
    await expect(desk.locator(".list a:focus")).to_have_count(0)
    await desk.keyboard.press("n")
    await desk.keyboard.press("x")
    await expect(desk.locator("[data-ticked]")).to_have_text("已选 1 件")
    boxes = desk.locator(".list .x input")
    await boxes.nth(2).click(modifiers=["Shift"])
    await expect(desk.locator("[data-ticked]")).to_have_text("已选 3 件")
    await expect(desk.locator(".list tr.sel")).to_have_count(3)
    async with desk.expect_navigation(url="**/desk/bulk/assign?ids=*"):
        await desk.keyboard.press("a")
    await expect(desk.locator("input[name=ids]:checked")).to_have_count(3)
