"""axe finds nothing on any page, as it comes and as it complains; the long form: `make pages`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle

import pytest
from playwright.async_api import Browser, Page

from tests.browser.axe import WIDTHS, Look, complaints, looking, violations
from tests.browser.sights import Round, sign_in
from tests.browser.visits import NO_LOOK, visits
from tests.integration.test_access_matrix import Objects
from tests.town import SERVICES, Town

# A language, a colour scheme and a size of print each, which take turns from page to page.
LOOKS: list[Look] = [
    ("zh", "light", "normal"), ("en", "dark", "normal"), ("ug", "dark", "large"),
]  # fmt: skip
PHONE = WIDTHS[0]


@asynccontextmanager
async def tabs(
    chromium: Browser,
    home: str,
    looks: Sequence[Look],
    widths: Sequence[int] = (PHONE,),
    *,
    plain: bool = False,
) -> AsyncIterator[list[Page]]:
    """One for each look, as wide as the next of the widths."""
    async with AsyncExitStack() as stack:
        opened = [
            looking(chromium, home, look, width, plain=plain)
            for look, width in zip(looks, cycle(widths), strict=False)
        ]
        yield [await stack.enter_async_context(one) for one in opened]


@pytest.mark.timeout(600)
async def test_citizens_pages(place: Town, found: Objects, chromium: Browser) -> None:
    """In every language, by day and by night, in large print, with every field wrong."""
    theirs = [one for one in visits(place, "intake", found) if not one.who]
    async with tabs(chromium, place.urls["intake"], LOOKS, plain=True) as pages:
        assert [] == await complaints(
            Round(place, "intake", pages, sparing=True), theirs, ("wrong",)
        )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("service", SERVICES)
async def test_staff_pages(place: Town, found: Objects, chromium: Browser, service: str) -> None:
    """Each by somebody who may see it; their forms, too; on a phone and on a desk in turn."""
    theirs = [one for one in visits(place, service, found) if one.who or service != "intake"]
    async with tabs(chromium, place.urls[service], LOOKS[:2], WIDTHS) as pages:
        assert [] == await complaints(
            Round(place, service, pages, sparing=True), theirs, ("wrong",)
        )


def test_whatever_nobody_looks_at_is_there(place: Town) -> None:
    """A reason for a page that has gone would hide another one of its name."""
    for service, reasons in NO_LOOK.items():
        there = {one.path for one in place.services[service].endpoints if one.method == "GET"}
        assert set() == set(reasons) - there


@pytest.mark.parametrize("look", LOOKS[:2], ids="-".join)
async def test_a_draw_step_by_step(place: Town, chromium: Browser, look: Look) -> None:
    """A list is looked at, drawn from, and stands in the log: the pages behind a right form."""
    async with looking(chromium, place.urls["intake"], look) as page:
        await sign_in(page, place.urls["verification"], "city")
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
