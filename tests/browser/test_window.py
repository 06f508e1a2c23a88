"""A window's page under a thumb: how many taps each task takes, and what happens without script."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from shared.events import OfficerChanged, UnitChanged
from tests.integration.intake_site import UNIT, Site, code

SERVICE = "intake"
AT = f"/w/{code()}"


@pytest.fixture
async def window(intake: Site) -> Site:
    """The unit has an officer, matters and counters."""
    await intake.tell(
        UnitChanged(
            unit_code=UNIT, name="正阳县公安局寒冻派出所户籍室", parent="正阳县", path=(UNIT,),
            kind="household", counters=3, active=True, version=9, matters=("户口迁移",),
        ),
        OfficerChanged(badge="172031", name="王建国", unit_code=UNIT, active=True,
                       phone_index=None, version=1),
    )  # fmt: skip
    return intake


@pytest.fixture
async def plain(chromium: Browser, window: Site) -> AsyncIterator[Page]:
    """A browser without script, as narrow as there are."""
    context = await chromium.new_context(
        base_url=str(window.client.make_url("/")), java_script_enabled=False,
        viewport={"width": 320, "height": 640}, locale="zh-CN",
    )  # fmt: skip
    yield await context.new_page()
    await context.close()


class Thumb:
    """Taps, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    async def tap(self, what: str) -> None:
        """One more."""
        self.taps += 1
        await self.page.click(what)


async def stored(intake: Site) -> list[tuple[str, int | None]]:
    """What was taken in."""
    return [tuple(row) for row in await intake.fetch("SELECT kind, satisfaction FROM submissions")]


async def test_a_rating_is_one_tap(phone: Page, window: Site) -> None:
    """From the scan to thanks; praise for an officer is two more, added to the same rating."""
    thumb = Thumb(phone)
    await phone.goto(AT)
    await thumb.tap("button.face[value='5']")
    await phone.wait_for_url("**/thanks")
    assert (1, [("rating", 5)]) == (thumb.taps, await stored(window))
    await thumb.tap("label:has([value='172031'])")
    await thumb.tap(".btn")
    await phone.wait_for_url("**/thanks?added=1")
    assert (3, [("rating", 5)]) == (thumb.taps, await stored(window))
    assert 1 == len(await window.fetch("SELECT FROM additions"))


async def test_a_complaint_is_four_taps_without_script(plain: Page, window: Site) -> None:
    """Face, complaint, what went wrong, send; on 320 px, with nothing chosen beforehand."""
    thumb = Thumb(plain)
    await plain.goto(AT)
    await thumb.tap("button.face[value='1']")
    assert 0 == await plain.locator("input:checked").count()
    await thumb.tap("label:has([value='complaint'])")
    await thumb.tap("label:has([value='nobody_at_window'])")
    await thumb.tap(".card > .btn")
    await plain.wait_for_url("**/r/*")
    assert (4, [("complaint", 1)]) == (thumb.taps, await stored(window))


async def test_a_request_is_two_taps_and_the_words(plain: Page, window: Site) -> None:
    """I need something, the words, send."""
    thumb = Thumb(plain)
    await plain.goto(AT)
    await thumb.tap(f".rows a[href='{AT}/request']")
    await plain.fill("[name=words]", "补办身份证")
    await thumb.tap(".card > .btn")
    await plain.wait_for_url("**/r/*")
    assert (2, [("request", None)]) == (thumb.taps, await stored(window))


async def test_the_counter_counts_where_there_is_script(phone: Page, window: Site) -> None:
    """It shows the limit at first, then how much there is, in whole characters."""
    await phone.goto(f"{AT}/complaint")
    await expect(phone.locator("#count-words")).to_contain_text("最多2000字")
    await phone.fill("[name=words]", "等了👨‍👩‍👧")
    await expect(phone.locator("#count-words")).to_contain_text("已写7字")


async def test_a_mistake_takes_the_eye_and_the_focus(plain: Page, window: Site) -> None:
    """The summary has the focus; its links lead to the fields, also into what was folded away."""
    await plain.goto(f"{AT}/complaint")
    await plain.fill("[name=phone]", "1380")
    await plain.click("summary:has-text('再补充')")
    await plain.fill("[name=officer_typed]", "王")
    await plain.click(".card > .btn")
    assert "errors" == await plain.evaluate("document.activeElement.id")
    assert "王" == await plain.input_value("[name=officer_typed]")
    assert await plain.is_visible("[name=officer_typed]")
    await plain.click("#errors a[href='#phone']")
    assert plain.url.endswith("#phone")
    assert [] == await stored(window)
