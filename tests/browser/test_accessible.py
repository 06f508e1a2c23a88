"""axe finds nothing on any page, as it comes and as it complains; the long form: `make pages`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from tests.browser.axe import violations
from tests.browser.sights import STAFF, addresses, sights, sign_in
from tests.conftest import Clone
from tests.town import Town, town

# A language, a colour scheme and a size of print each: every one of them on every page.
LOOKS = [("zh", "light", "normal"), ("en", "dark", "normal"), ("ug", "dark", "large")]


@pytest.fixture(scope="module")
async def place(module_clone: Clone) -> AsyncIterator[Town]:
    """All five services, open for business."""
    async with town(module_clone) as opened:
        yield opened


@asynccontextmanager
async def looking(chromium: Browser, home: str, look: tuple[str, str, str]) -> AsyncIterator[Page]:
    """A phone that shows pages in this way; their forms are sent by the browser itself."""
    lang, scheme, size = look
    context = await chromium.new_context(
        base_url=home, viewport={"width": 390, "height": 844}, service_workers="block",
        color_scheme="dark" if scheme == "dark" else "light",
    )  # fmt: skip
    await context.route("**/citizen*.js*", lambda route: route.abort())
    page = await context.new_page()
    await page.goto(f"/?lang={lang}&size={size}")
    yield page
    await context.close()


async def complaints(page: Page, places: list[str], look: tuple[str, str, str]) -> list[str]:
    """What axe minds, by page."""
    found, seen = [], set[str]()
    async for sight in sights(page, places, ("wrong",)):
        await sight.show(page)
        found += [f"{look} {sight}: {one}" for one in await violations(page)]
        seen.add(str(sight))
    assert len(seen) >= len(places) // 2, seen
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
async def test_citizens_pages(place: Town, chromium: Browser, look: tuple[str, str, str]) -> None:
    """In every language, by day and by night, in large print, with every field wrong."""
    async with looking(chromium, place.urls["intake"], look) as page:
        assert [] == await complaints(page, await addresses(place, "intake"), look)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("service", "who"), STAFF.items())
async def test_staff_pages(place: Town, chromium: Browser, service: str, who: str) -> None:
    """Behind the sign-in, from which each lands at their own page; their forms, too."""
    look = ("zh", "light", "normal")
    places = await addresses(place, service)
    async with looking(chromium, place.urls[service], look) as page:
        await sign_in(page, place.urls["verification"], who)
        assert page.url.startswith(place.urls[service]) or service == "scoring"
        kept = [one for one in places if not one.endswith("/sign-out")]
        assert [] == await complaints(page, kept, look)
