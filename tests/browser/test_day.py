"""A day at the desk in a real browser: what each task costs in keys and clicks, and news as it
comes.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import time, timedelta

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, ViewportSize, expect
from rich.console import Console
from rich.table import Table

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import Postgres
from services.verification.directory import commands as directory
from shared import policy
from shared.db import Database
from shared.values import clock
from tests.conftest import owning
from tests.integration.test_verification_live import instance
from tests.integration.verification_office import (
    OFFICERS,
    OPERATORS,
    PLACES,
    UNITS,
    import_all,
)
from tests.town import PASSWORD, Town

SERVICE = "verification"
# From the form for signing in to the verdict on what presses most, the call to the citizen too.
MOST_KEYS = 20
MORE_PEOPLE = """username,name,role,scope,badge
city2,王二,city_supervisor,root,
city3,王三,city_supervisor,root,
"""
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Hands:
    """Somebody at a desk. What they press and click is counted by task, what they write is not."""

    page: Page
    who: str
    home: str
    keys: Counter[str] = field(default_factory=Counter)
    clicks: Counter[str] = field(default_factory=Counter)
    task: str = ""

    async def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            await self.page.keyboard.press(key)
            self.keys[self.task] += 1

    async def on(self, *keys: str) -> None:
        """The same, and the last one leads to another page."""
        await self.press(*keys[:-1])
        async with self.page.expect_navigation():
            await self.press(keys[-1])

    async def write(self, words: str) -> None:
        """Where the cursor is."""
        await self.page.keyboard.insert_text(words)

    async def click(self, name: str) -> None:
        """A button or a link of the page itself, by its words, which leads to another page."""
        found = self.page.locator("main").locator("button, a").filter(has_text=name)
        async with self.page.expect_navigation():
            await found.first.click()
        self.clicks[self.task] += 1

    async def sign_in(self) -> None:
        """From the empty form."""
        self.task = "sign in"
        await self.page.goto(f"{self.home}/desk/sign-in")
        # A browser puts the cursor there with the next frame, which may be after the load.
        await expect(self.page.locator("[name=username]")).to_be_focused()
        await self.write(self.who)
        await self.press("Tab")
        await self.write(PASSWORD)
        await self.on("Enter")

    async def open_first(self) -> None:
        """What presses most stands first."""
        self.task = "open the most urgent"
        await self.on("j", "Enter")
        await expect(self.page.locator(".case-head .tag.late")).to_contain_text("紧急")

    async def call(self, outcome: str) -> None:
        """Log a call."""
        self.task = "log a call"
        await self.on("c", outcome, "Control+Enter")

    async def find(self, finding: str, answer: str, *choices: str) -> None:
        """Write a verdict, and send nothing yet."""
        self.task = "record a verdict"
        await self.press("v", *choices, "f")
        await self.write(finding)
        await self.press("Escape", "a")
        await self.write(answer)


@dataclass
class Street:
    """A town with its people before their screens."""

    place: Town
    chromium: Browser
    stack: AsyncExitStack
    all: list[Hands] = field(default_factory=list)

    async def screen(self, home: str, size: ViewportSize) -> Page:
        """Another one."""
        context = await self.chromium.new_context(base_url=home, locale="zh-CN", viewport=size)
        self.stack.push_async_callback(context.close)
        return await context.new_page()

    async def hands(self, who: str) -> Hands:
        """Somebody new to the desk, signed in by keyboard."""
        home = self.place.urls["verification"]
        hands = Hands(await self.screen(home, DESK), who, home)
        self.all.append(hands)
        await hands.sign_in()
        return hands

    def told(self) -> Table:
        """What each task cost whom."""
        table = Table("who", "task", "keys", "clicks")
        for one in self.all:
            for task in dict.fromkeys((*one.keys, *one.clicks)):
                table.add_row(one.who, task, str(one.keys[task]), str(one.clicks[task]))
        return table


@pytest.fixture
async def street(place: Town, templates: Postgres, chromium: Browser) -> AsyncIterator[Street]:
    """Two more supervisors than usual, and ten in the morning: what comes in is due that day."""
    settings = place.settings["verification"]
    levels = [one.key for one in policy.load(settings.policy_file).editions[-1].levels]
    async with place.databases["verification"].transaction() as conn:
        await directory.import_csv(conn, MORE_PEOPLE.encode(), settings.seal, levels)
        await conn.execute(
            "UPDATE operators SET password_hash = (SELECT password_hash FROM operators"
            " WHERE username = 'city') WHERE password_hash IS NULL"
        )
    async with AsyncExitStack() as stack:
        stack.callback(clock.set_offset, clock.offset())
        later(minutes_until(time(10)))
        for database in place.databases.values():
            async with owning(templates, database) as owner:
                await owner.execute("UPDATE simulation_clock SET moved = $1", clock.offset())
        yield Street(place, chromium, stack)


def later(minutes: int) -> None:
    """Time goes by."""
    clock.set_offset(clock.offset() + timedelta(minutes=minutes))


def minutes_until(hour: time) -> int:
    """How long until it is that late at the bureau again."""
    morning = clock.at_bureau(clock.service_day(clock.now()) + timedelta(days=1), hour)
    return int((morning - clock.now()) / timedelta(minutes=1))


async def complain_again(street: Street, receipt: str) -> None:
    """The citizen does not accept the answer, on their phone."""
    await street.place.carry()
    phone = await street.screen(street.place.urls["intake"], PHONE)
    await phone.goto(f"/r/{receipt}/followup")
    await phone.fill("[name=words]", "没有人给我打过电话，身份证还是没有办")
    async with phone.expect_navigation():
        await phone.click("#say .btn")
    await street.place.carry()


@pytest.mark.timeout(240)
async def test_a_day_at_the_desk(street: Street) -> None:
    """From the urgent case to its hand-over; keys alone lead from the sign-in to the verdict."""
    async with ClientSession() as http:
        await street.place.complain(http)
        told = await street.place.complain(
            http, kind="request", satisfaction=None, categories=[],
            words="孩子明天高考，身份证丢了，怎么加急",
        )  # fmt: skip
    receipt = told["receipt"]["code"]
    county = await street.hands("northern")
    await county.open_first()
    await county.call("2")
    main = county.page.locator("main")
    await expect(main).to_contain_text("第2次，结果是")
    before_verdict = county.keys.total()
    for _ in "23":
        later(31)
        await county.call("2")
    await expect(main).to_contain_text("未联系上")
    await county.find("窗口说材料齐了，查不到经办人", "已请窗口优先办理", "5")
    await expect(county.page.locator("form [data-told]")).to_contain_text("复核")
    await county.on("Control+Enter")
    assert 0 == county.clicks.total()
    assert before_verdict + county.keys["record a verdict"] <= MOST_KEYS

    city = await street.hands("city")
    await city.open_first()
    city.task = "second review"
    await city.on("v", "1", "Control+Enter")
    await expect(city.page.locator("main")).to_contain_text("复核已保存")
    await complain_again(street, receipt)

    second, third = await street.hands("city2"), await street.hands("city3")
    await second.open_first()
    await expect(second.page.locator(".case-head")).to_contain_text("追评重开")
    await second.find("写到一半的核查", "写到一半的答复", "5")
    await third.open_first()
    # Substantiated, the unit's, at none of its two windows in particular, of the first category.
    await third.find("监控显示窗口无人", "已向您道歉", "1", "Tab", "2", "Tab", "Tab", "Tab", "1")
    await third.on("Control+Enter")
    await expect(third.page.locator("main")).to_contain_text("核查结论已保存")
    assert third.keys.total() <= MOST_KEYS
    assert 0 == third.clicks.total()

    await second.on("Control+Enter")
    second.task = "conflict"
    await expect(second.page.locator("#errors")).to_contain_text("写到一半的核查")
    await second.click("对照两份")
    both = second.page.locator(".half")
    for words in ("监控显示窗口无人", "写到一半的核查", "已向您道歉", "写到一半的答复"):
        await expect(both).to_contain_text(words)
    await second.click("用这一份")
    second.task = "second review"
    await second.on("v", "1", "Control+Enter")

    second.task = "hand over"
    await second.on("g", "i")
    await second.on("j", "Enter")
    await second.on("h")
    # A new case got its lead by itself.
    await expect(second.page.locator("main")).to_contain_text("周四")
    await second.page.select_option("#who", "city3")
    await second.page.fill("#word", "我下班了，监控已经调到")
    await second.click("交给此人")
    await expect(second.page.locator("main")).to_contain_text("王三")
    await second.page.goto(f"{second.home}/desk/shift")
    await expect(second.page.locator("table").first).to_contain_text("王三")
    Console().print(street.told())


async def test_news_through_a_restart_and_from_another_instance(
    database: Database, chromium: Browser
) -> None:
    """The page says that news is lost, listens again by itself, and misses nothing."""
    await import_all(database, PLACES, UNITS, OFFICERS, OPERATORS)
    port, url = free_port(), f"http://{LOOPBACK}"
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(instance(database))
        context = await chromium.new_context(viewport=DESK, locale="zh-CN")
        stack.push_async_callback(context.close)
        session = await other.token("county")
        await context.add_cookies([{"name": "mashang", "value": session, "url": url}])
        page = await context.new_page()
        told, state = page.locator("[data-new]"), page.locator(".live")
        async with instance(database, port):
            await page.goto(f"{url}:{port}/desk")
            await expect(state).to_have_text("实时")
            await other.case()
            await expect(told).to_contain_text("1")
        await expect(state).to_have_class("live lost")
        await other.case()
        async with instance(database, port):
            await expect(told).to_contain_text("2", timeout=30_000)
            await expect(state).to_have_class("live")
            await other.case()
            await expect(told).to_contain_text("3")
            await context.close()
