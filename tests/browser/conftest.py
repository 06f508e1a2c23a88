"""One Chromium a run, the distribution's own, and a phone of its own for every test."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from deploy.local.bootstrap import BROWSERS
from shared.db import Database
from tests.browser.filled import fill
from tests.conftest import Clone
from tests.integration.intake_site import Site, site
from tests.integration.test_access_matrix import Objects
from tests.town import Town, town

_found = filter(None, map(shutil.which, BROWSERS))
CHROMIUM = os.environ.get("MASHANG_CHROMIUM") or next(_found, None)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Without its sandbox, which root may not use; it only ever sees pages of ours."""
    assert CHROMIUM, "Chromium is missing: make test installs it (apt-get install chromium)"
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows a unit."""
    async with site(database) as running:
        await running.add_unit()
        yield running


@pytest.fixture
async def phone(chromium: Browser, intake: Site) -> AsyncIterator[Page]:
    """A small phone with an empty memory."""
    context = await chromium.new_context(
        base_url=str(intake.client.make_url("/")),
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
        is_mobile=True,
        has_touch=True,
    )
    yield await context.new_page()
    await context.close()


@pytest.fixture(scope="module")
async def place(module_clone: Clone) -> AsyncIterator[Town]:
    """All five services, open for business."""
    async with town(module_clone) as opened:
        yield opened


@pytest.fixture(scope="module")
async def found(place: Town) -> Objects:
    """What lies in it once everything has happened."""
    return await fill(place)
