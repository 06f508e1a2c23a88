"""While a neighbour floods, a browser with script works for its submission, and nobody waits."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Route, expect

from shared.db import Database
from tests.browser.axe import violations
from tests.integration.intake_site import Site, code, site
from tests.integration.test_intake_held import BEHIND, RULE, flood, told
from tests.integration.test_intake_kiosk import KIOSK

SERVICE = "intake"
PRESSED = "203.0.113.7"
COMPLAINT = f"/w/{code(counter=3)}/complaint"
WORDS = "等了一上午没有人"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """Behind a proxy that says who asks; a network has used up its share."""
    async with site(database, **BEHIND) as running:
        await running.add_unit()
        await flood(running, PRESSED, RULE.limits.address_hour)
        yield running


@pytest.fixture
async def neighbour(chromium: Browser, intake: Site) -> AsyncIterator[Page]:
    """Somebody of that network."""
    context = await chromium.new_context(
        base_url=str(intake.client.make_url("/")), viewport={"width": 390, "height": 844},
        locale="zh-CN", extra_http_headers={"X-Forwarded-For": PRESSED},
    )  # fmt: skip
    yield await context.new_page()
    await context.close()


async def complain(page: Page) -> None:
    """Write, and press the button."""
    await page.fill("[name=words]", WORDS)
    await page.click("#send .btn:not([name=switch])")
    await page.wait_for_url("**/r/**")


async def test_a_browser_works_while_somebody_writes(neighbour: Page, intake: Site) -> None:
    """In a worker of its own, under our policy of content; what it sends then does not wait."""
    wrong: list[str] = []
    neighbour.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    await neighbour.goto(COMPLAINT)
    await expect(neighbour.locator("[name=proof]")).to_be_attached(timeout=60_000)
    await complain(neighbour)
    assert ([], None) == (wrong, (await told(intake))[-1]["held"])


async def test_whoever_is_quicker_sends_without(neighbour: Page, intake: Site) -> None:
    """The button waits for nothing: it is taken in, and somebody looks at it first."""

    async def never(_: Route) -> None:
        """The worker is not loaded before the test is over."""

    await neighbour.route("**/puzzle.js*", never)
    await neighbour.goto(COMPLAINT)
    await complain(neighbour)
    assert "address" == (await told(intake))[-1]["held"]
    await expect(neighbour.locator("h1")).to_be_visible()


async def test_a_kiosks_reasons_are_for_everybody(neighbour: Page, intake: Site) -> None:
    """Nothing for axe to find where it is asked why; ticked by touch, and thanks."""
    await neighbour.set_viewport_size({"width": 1024, "height": 768})
    await neighbour.goto(f"/k/{KIOSK}")
    await neighbour.click(".face[value='1']")
    await expect(neighbour.locator("[name=categories]").first).to_be_attached()
    assert [] == await violations(neighbour)
    await neighbour.click("label:has([value='nobody_at_window'])")
    await neighbour.click(".btn:not(.line)")
    await neighbour.wait_for_url(f"**/k/{KIOSK}/done")
    (added,) = await intake.fetch("SELECT categories FROM additions")
    assert ["nobody_at_window"] == added["categories"]


async def test_a_kiosk_begins_anew_once_nobody_touches_it(neighbour: Page) -> None:
    """A touch gives whoever reads slowly the whole time again; then the faces are back."""
    await neighbour.clock.install()
    await neighbour.goto(f"/k/{KIOSK}")
    await neighbour.click(".face[value='5']")
    await neighbour.wait_for_url(f"**/k/{KIOSK}/done")
    await neighbour.clock.run_for(29_000)
    await neighbour.click("h1")
    await neighbour.clock.run_for(29_000)
    assert neighbour.url.endswith("/done")
    await neighbour.clock.run_for(2_000)
    await neighbour.wait_for_url(f"**/k/{KIOSK}")
