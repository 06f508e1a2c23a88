"""What a phone keeps of intake: the worker, the page without a network, a window as an app."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.integration.intake_site import Site, code, site

SERVICE = "intake"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake that knows a unit."""
    async with site(database) as running:
        await running.add_unit()
        yield running


async def test_a_window_is_an_app(intake: Site) -> None:
    """Named as the window is, starting at its page, in the language that is wanted."""
    for lang, tag, way, brand in (("zh", "zh-CN", "ltr", "码上评"), ("ug", "ug", "rtl", "ماشاڭ")):
        response = await intake.client.get(
            f"/w/{code(counter=3)}/app.webmanifest", headers={"Accept-Language": lang}
        )
        told = await response.json(content_type="application/manifest+json")
        assert ("驻马店市公安局车辆管理所业务大厅", brand) == (told["name"], told["short_name"])
        assert (tag, way, f"/w/{code(counter=3)}") == (
            told["lang"], told["dir"], told["start_url"],
        )  # fmt: skip
        icon = await intake.client.get(told["icons"][0]["src"])
        assert (200, "image/svg+xml") == (icon.status, icon.content_type)


async def test_a_forged_code_is_no_app(intake: Site) -> None:
    """404, and nothing is named."""
    response = await intake.client.get("/w/411700002-03-10000000000000/app.webmanifest")
    assert 404 == response.status


async def test_the_worker_may_keep_every_page(intake: Site) -> None:
    """It stands at the root and is asked for anew each time; pages may load it and the manifest."""
    worker = await intake.client.get("/sw.js")
    assert ("text/javascript", "no-store") == (
        worker.content_type, worker.headers["Cache-Control"],
    )  # fmt: skip
    page = await intake.client.get(f"/w/{code()}", headers={"Accept": "text/html"})
    policy = page.headers["Content-Security-Policy"]
    assert "manifest-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert f'<link rel="manifest" href="/w/{code()}/app.webmanifest">' in await page.text()


@pytest.mark.parametrize(("lang", "said"), [("zh", "现在没有网络"), ("en", "There is no network")])
async def test_without_a_network_there_is_a_page(intake: Site, lang: str, said: str) -> None:
    """The phone takes it along, in its language."""
    response = await intake.client.get("/offline", headers={"Accept-Language": lang})
    assert 200 == response.status
    assert said in await response.text()
