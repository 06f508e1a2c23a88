"""`make pictures`: the main pages as README shows them, of a town with a busy afternoon.

Not of the suite: it writes `deploy/pictures/`. What stands there was seen by a real browser.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page

from services.verification.supervision import acts as supervision
from shared import policy
from shared.values import clock
from tests.browser.sights import sign_in
from tests.town import Town

FOLDER = Path("deploy") / "pictures"
DESK, PHONE = (1280, 800), (390, 844)
# Size, colour scheme.
LOOKS = {"": (DESK, "light"), "-dark": (DESK, "dark"), "-phone": (PHONE, "light")}
TODAY = timedelta()
# How long ago, where, what, and from which phone.
TOLD = (
    (timedelta(days=2), "n1", "补办身份证跑了三趟，每次都说材料不全", "extra_trips", "13977770101"),
    (timedelta(days=1), "n2", "排到我了说系统坏了，让我去别的窗口", "buck_passing", "13977770102"),
    (TODAY, "n1", "我妈妈眼睛不好，问了两遍就被吼", "cold_attitude", "13977770103"),
    (TODAY, "s1", "窗口没有人，等了一上午", "nobody_at_window", None),
    (TODAY, "n1", None, "inefficiency", None),
)


async def busy(place: Town) -> str:
    """Complaints of some days, one of which is late, and a request; the receipt of the newest."""
    async with ClientSession() as http:
        for back, unit, words, category, phone in TOLD:
            clock.set_offset(-back)
            said = {"unit": unit, "words": words, "categories": [category], "phone": phone}
            receipt = await place.complain(http, **said)
        asks: dict[str, Any] = {"kind": "request", "satisfaction": None, "categories": []}
        await place.complain(http, **asks, unit="n2", words="孩子明天高考，身份证丢了，怎么加急")
    policies = policy.load(place.settings["verification"].policy_file)
    await supervision.issue(place.databases["verification"], policies)
    code: str = receipt["receipt"]["code"]
    return code


async def shoot(page: Page, address: str, name: str) -> None:
    """One picture, as high as the window."""
    await page.goto(address)
    await page.wait_for_load_state("networkidle")
    await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


@pytest.mark.timeout(600)
async def test_pictures(place: Town, chromium: Browser) -> None:
    """Every main page in every look has its picture."""
    receipt = await busy(place)
    async with place.databases["verification"].acquire() as conn:
        case = await conn.fetchval("SELECT case_id FROM cases ORDER BY next_due_at LIMIT 1")
    desk, intake = place.urls["verification"], place.urls["intake"]
    pages = {
        "inbox": f"{desk}/desk", "case": f"{desk}/desk/cases/{case}",
        "notices": f"{desk}/desk/notices?view=others", "mine": f"{desk}/desk/mine",
        "scores": f"{place.urls['scoring']}/scores", "window": f"{intake}/w/{place.code('n1')}",
        "receipt": f"{intake}/r/{receipt}",
    }  # fmt: skip
    for look, (size, scheme) in LOOKS.items():
        context = await chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN",
            color_scheme="dark" if scheme == "dark" else "light",
        )  # fmt: skip
        page = await context.new_page()
        await sign_in(page, desk, "city")
        for name, address in pages.items():
            await shoot(page, address, f"{name}{look}")
        await context.close()
