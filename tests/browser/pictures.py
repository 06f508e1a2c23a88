"""`make pictures`: the main pages as README shows them, of a town with a busy afternoon.

Not of the suite: it writes `deploy/pictures/`. What stands there was seen by a real browser.
"""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page

from services.verification.supervision import acts as supervision
from shared import policy
from shared.values import clock
from tests.browser.sights import sign_in
from tests.integration.test_access_matrix import bearer
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


# What their units find in the third and the fourth of these.
FOUND: tuple[tuple[str, dict[str, Any]], ...] = (
    ("north1", {
        "verdict": "substantiated", "attribution": "unit", "categories": ["cold_attitude"],
        "finding": "监控 14:41 起可见争执，在场两人证实。", "answer": "情况属实，已向您道歉。",
    }),
    ("southern", {
        "verdict": "unsubstantiated", "attribution": "none", "categories": [],
        "finding": "当天上午办结 31 件，监控中一直有人。", "answer": "核查中没有找到空岗的时段。",
    }),
)  # fmt: skip


async def busy(place: Town) -> str:
    """Complaints of some days, one of which is late, one judged and one to be looked at again, and
    a request; the receipt of the newest.
    """
    async with ClientSession() as http:
        told = []
        for back, unit, words, category, phone in TOLD:
            clock.set_offset(-back)
            said = {"unit": unit, "words": words, "categories": [category], "phone": phone}
            told.append(await place.complain(http, **said))
        for one, (who, found) in zip(told[2:4], FOUND, strict=True):
            await judge(place, http, who, await place.case_of(one["submission_id"]), found)
        asks: dict[str, Any] = {"kind": "request", "satisfaction": None, "categories": []}
        await place.complain(http, **asks, unit="n2", words="孩子明天高考，身份证丢了，怎么加急")
    policies = policy.load(place.settings["verification"].policy_file)
    await supervision.issue(place.databases["verification"], policies)
    code: str = told[-1]["receipt"]["code"]
    return code


async def judge(
    place: Town, http: ClientSession, who: str, case_id: UUID, found: dict[str, Any]
) -> None:
    """A verdict, and what follows from it everywhere."""
    header = await bearer(place, http, "verification", who)
    url = f"{place.urls['verification']}/api/v1/cases/{case_id}/verdicts"
    async with http.post(url, json={**found, "revision": 0}, headers=header) as response:
        assert 201 == response.status, await response.text()
    await place.carry()


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
        waits = await conn.fetchval("SELECT case_id FROM cases WHERE state = 'in_review'")
    desk, intake = place.urls["verification"], place.urls["intake"]
    pages = {
        "": {"sign-in": f"{desk}/desk/sign-in", "window": f"{intake}/w/{place.code('n1')}",
             "receipt": f"{intake}/r/{receipt}"},
        "city": {"inbox": f"{desk}/desk", "case": f"{desk}/desk/cases/{case}",
                 "review": f"{desk}/desk/cases/{waits}/review", "shift": f"{desk}/desk/shift",
                 "notices": f"{desk}/desk/notices?view=others", "mine": f"{desk}/desk/mine",
                 "scores": f"{place.urls['scoring']}/scores"},
        "approver": {"rewards": f"{place.urls['rewards']}/rewards"},
        "leader": {"leadership": f"{place.urls['scoring']}/leadership"},
    }  # fmt: skip
    for (look, (size, scheme)), (who, shown) in itertools.product(LOOKS.items(), pages.items()):
        context = await chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN",
            color_scheme="dark" if scheme == "dark" else "light",
        )  # fmt: skip
        page = await context.new_page()
        if who:
            await sign_in(page, desk, who)
        for name, address in shown.items():
            await shoot(page, address, f"{name}{look}")
        await context.close()
