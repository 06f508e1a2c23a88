"""The citizen's phone at the sandbox, in a browser: it changes by itself."""

from collections.abc import Iterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser

from deploy.sandbox.customer import Client
from deploy.sandbox.testing import SandboxProcess
from tests.vendors import order


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A vendor of our own."""
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


async def test_it_changes_by_itself(sandbox: SandboxProcess, chromium: Browser) -> None:
    """The page is open when the airtime comes, and shows it without a hand's turn."""
    page = await chromium.new_page()
    await page.goto(f"{sandbox.url}/phone?number=13800000088&lang=en")
    await page.get_by_text("No messages yet.").wait_for()
    async with ClientSession() as session:
        await order(Client(session, sandbox.url), "seen", "+8613800000088")
    await page.get_by_text("arrived").wait_for()
    await page.close()
