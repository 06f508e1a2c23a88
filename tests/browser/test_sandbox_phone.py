"""The citizen's phone at the sandbox, in a browser: it changes by itself, and writes back."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from deploy.sandbox.customer import SEED, Client
from deploy.sandbox.testing import SandboxProcess
from shared.db import Database
from shared.vendors import reports
from shared.web.edge import make_app
from tests.conftest import eventually
from tests.integration.notifications_desk import add, make_service, make_settings
from tests.vendors import SMS, order, sms

ASKED = """
    UPDATE messages SET purpose = 'question', occasion = 1, not_before = mashang_now(),
        sent_at = mashang_now(), expires_at = mashang_now() + interval '1 day'
"""
SERVICE, PHONE = "notifications", "+8613800000088"


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


async def test_a_reply_goes_through_the_real_endpoint(
    database: Database, tmp_path: Path, chromium: Browser
) -> None:
    """3 answers the question, T ends the SMS, both by a tap; no other page sends anything."""
    settings = make_settings()
    service = make_service(settings, database)
    await add(database, settings, "delivered")
    async with database.transaction() as conn:
        await conn.execute(ASKED)
    async with TestServer(make_app(service.house)) as server, ClientSession() as session:
        heard = reports.address(
            str(server.make_url("/")), SMS.name, SMS.secret(SEED, "report_secret"), reports.INBOUND
        )
        with SandboxProcess(tmp_path, {f"--{SMS.name}-inbound-url": heard}) as sandbox:
            await sms(Client(session, sandbox.url), PHONE)
            page = await chromium.new_page()
            await page.goto(f"{sandbox.url}/phone?number={PHONE[3:]}&lang=en")
            for text, said in (("3", "unsolved"), ("T", "stop")):
                await page.get_by_role("button", name=f"Reply {text}", exact=True).click()
                await page.get_by_text("Sent", exact=True).wait_for()
                newest = "SELECT said FROM replies ORDER BY reply_id DESC LIMIT 1"
                await eventually(partial(value, database, newest), said)
            stranger = {"Origin": "http://elsewhere.example"}
            form = {"number": PHONE[3:], "text": "1"}
            async with session.post(f"{sandbox.url}/phone", data=form, headers=stranger) as answer:
                assert 403 == answer.status
            await page.close()
    replied = "SELECT count(*) FROM outbox WHERE type = 'answer.replied.v1'"
    assert (1, 1) == (
        await value(database, replied), await value(database, "SELECT count(*) FROM stops"),
    )  # fmt: skip


async def value(database: Database, sql: str) -> object:
    """One value."""
    async with database.acquire() as conn:
        return await conn.fetchval(sql)
