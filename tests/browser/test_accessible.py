"""axe finds nothing on any page, as it comes and as it complains; the long form: `make pages`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from tests.browser.axe import Look, complaints, looking, violations
from tests.browser.sights import STAFF, addresses, sign_in
from tests.town import Town

# A language, a colour scheme and a size of print each, which take turns from page to page.
LOOKS: list[Look] = [
    ("zh", "light", "normal"), ("en", "dark", "normal"), ("ug", "dark", "large"),
]  # fmt: skip


@asynccontextmanager
async def tabs(chromium: Browser, home: str, looks: Sequence[Look]) -> AsyncIterator[list[Page]]:
    """One for each look."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(looking(chromium, home, one)) for one in looks]


@pytest.mark.timeout(600)
async def test_citizens_pages(place: Town, chromium: Browser) -> None:
    """In every language, by day and by night, in large print, with every field wrong."""
    places = await addresses(place, "intake")
    async with tabs(chromium, place.urls["intake"], LOOKS) as pages:
        assert [] == await complaints(pages, places, ("wrong",))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("service", "who"), STAFF.items())
async def test_staff_pages(place: Town, chromium: Browser, service: str, who: str) -> None:
    """Behind the sign-in, from which each lands at their own page; their forms, too."""
    places = await addresses(place, service, who)
    async with tabs(chromium, place.urls[service], LOOKS[:2]) as pages:
        for page in pages:
            await sign_in(page, place.urls["verification"], who)
            assert page.url.startswith(place.urls[service]) or service in ("scoring", "intake")
        kept = [one for one in places if not one.endswith("/sign-out")]
        assert [] == await complaints(pages, kept, ("wrong",))


@pytest.mark.parametrize("look", LOOKS[:2], ids="-".join)
async def test_a_draw_step_by_step(place: Town, chromium: Browser, look: Look) -> None:
    """A list is looked at, drawn from, and stands in the log: the pages behind a right form."""
    async with looking(chromium, place.urls["intake"], look) as page:
        await sign_in(page, place.urls["verification"], STAFF["intake"])
        await page.goto("/invitations")
        await page.select_option("#unit", "n1")
        lines = [f"{look[0]}{n},1397777{n:04}" for n in range(40)]
        await page.fill("#visits", "\n".join(("办件号,手机号", *lines)))
        await page.fill("#size", "3")
        for step in ("/look", "", "log"):
            if step == "log":
                await page.goto("/invitations")
            else:
                async with page.expect_navigation():
                    await page.click("main form button")
            assert [] == await violations(page)
        assert 1 <= await page.locator("tbody tr").count()
