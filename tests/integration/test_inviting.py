"""The page of invitations: look, draw once, one SMS a phone, and a log that tells no names."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp import FormData

from shared.access import Role
from shared.db import Database
from tests.integration.intake_site import SEED, UNIT, Site, settings, site
from tests.integration.staff_tab import Tab, somebody
from tests.support import at

SERVICE = "intake"
LOCAL = "http://127.0.0.1:8080"
NOW = datetime(2026, 7, 2, 6, 47, tzinfo=UTC)
PHONES = [f"139777701{number:02}" for number in range(20)]
LIST = "办件号,手机号\n" + "\n".join(f"A{n:03},{phone}" for n, phone in enumerate(PHONES))
SEAL = settings().seal


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake with a window."""
    async with site(database, public_url=LOCAL) as running:
        await running.add_unit()
        yield running


def tab(intake: Site, role: Role = "unit_operator", scope: str = UNIT, language: str = "zh") -> Tab:
    """A browser of somebody who signed in at the desk."""
    return Tab(intake.client, SEED, somebody(role, scope), language)


async def look(page: Tab, visits: str = LIST, size: str = "5", unit: str = UNIT) -> int:
    """Open the page and look at a list."""
    assert 200 == await page.get("/invitations")
    return await page.send("/invitations/look", unit=unit, visits=visits, size=size)


async def sent(intake: Site) -> list[dict[str, Any]]:
    """The invitations that were told to notifications."""
    rows = await intake.fetch("SELECT body FROM outbox ORDER BY seq")
    told = [orjson.loads(row["body"]) for row in rows]
    return [one["data"] for one in told if one["type"] == "invitation.drawn.v1"]


def hidden(page: Tab) -> dict[str, str]:
    """What the button to draw sends along."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: value for name, value in found if name not in ("csrf", "key")}


async def test_a_unit_invites_by_sms(intake: Site) -> None:
    """Looked at, drawn, an SMS each with a link of its own; clicked twice it is one draw."""
    page = tab(intake)
    with at(NOW):
        assert 200 == await look(page)
        assert ("<dd>20</dd>" in page.text, [] == await sent(intake)) == (True, True)
        assert f"<dd>驻马店市公安局车辆管理所业务大厅 {UNIT}</dd>" in page.text
        wanted, shown = hidden(page), page.text
        for _ in range(2):
            page.text = shown
            assert 200 == await page.send("/invitations", **wanted)
            assert 5 == page.text.count("短信 139****")
            assert "已经记下" in page.text
    events = await sent(intake)
    assert 5 == len({event["invitation_id"] for event in events})
    for event in events:
        own = event["invitation_id"]
        assert SEAL.open(event["phone_sealed"], f"phone:{own}").removeprefix("+86") in PHONES
        link = SEAL.open(event["link_sealed"], f"code:{own}")
        assert link.startswith(f"{LOCAL}/w/{UNIT}")
    assert 1 == len(await intake.fetch("SELECT FROM draws"))


async def test_nobody_is_asked_again_so_soon(intake: Site) -> None:
    """Another list with the same phones: left out and counted so; after 90 days they are asked."""
    page, again = tab(intake), LIST.replace("A0", "B0")
    with at(NOW):
        await look(page, size="20")
        await page.send("/invitations", **hidden(page))
        await look(page, again, "20")
        await page.send("/invitations", **hidden(page))
        assert 20 == page.text.count("90天内问过，这次不问")
        await page.get("/invitations")
        assert "发了0条，90天内问过的20人没有再问，不愿收邀请的0人没有问" in page.text
    assert 20 == len(await sent(intake))
    with at(NOW + timedelta(days=91)):
        await intake.refresh()
        assert [] == await intake.fetch("SELECT FROM invited_phones")
        await look(page, LIST.replace("A0", "C0"), "20")
        await page.send("/invitations", **hidden(page))
    assert 40 == len(await sent(intake))


async def test_who_left_no_phone_gets_the_link_on_paper(intake: Site) -> None:
    """Nor a landline or nonsense; the link opens the window's page."""
    page = tab(intake)
    await look(page, "visit,phone\nA1,\nA2,0396-2912345\nA3,12\n", "3")
    assert re.search("<dt>手机号用不了的</dt><dd>2 .*A2 · A3", page.text)
    await page.send("/invitations", **hidden(page))
    links = re.findall(r"<code>(http://[^<]+)</code>", page.text)
    assert (3, []) == (len(links), await sent(intake))
    opened = await intake.client.get(links[0].removeprefix(LOCAL), headers={"Accept": "text/html"})
    assert "驻马店市公安局车辆管理所业务大厅" in await opened.text()


async def test_no_phone_and_no_visit_is_kept(intake: Site) -> None:
    """In no table of intake, and sealed in what goes to notifications."""
    page = tab(intake)
    await look(page)
    await page.send("/invitations", **hidden(page))
    tables = await intake.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    stored = ""
    for table in tables:
        rows = await intake.fetch(f"SELECT t::text AS row FROM {table['tablename']} t")
        stored += "\n".join(row["row"] for row in rows)
    assert [] == [phone for phone in PHONES if phone in stored]
    assert re.search(r"\bA0[01][0-9]\b", stored) is None


async def test_the_log_tells_who_and_lets_anybody_redo_it(intake: Site) -> None:
    """When, who, seed, fingerprint; few answers stay untold, five are."""
    page = tab(intake)
    await look(page, "visit\n" + "\n".join(f"V{n}" for n in range(9)), "9")
    await page.send("/invitations", **hidden(page))
    codes = re.findall(rf"/w/({UNIT}[^<]+)</code>", page.text)
    for number, code in enumerate(codes[:5]):
        if number in (1, 4):
            await page.get("/invitations")
            assert "少于5人" in page.text
        answer = await intake.submit(
            f"answer-key-{number:010}", code=code, kind="rating", satisfaction=4, words=None,
            categories=None, phone=None,
        )  # fmt: skip
        assert 201 == answer.status
    (draw,) = await intake.fetch("SELECT seed, list_sha256 FROM draws")
    for above in (tab(intake, "county_supervisor", "411700"), tab(intake, "auditor", "411700")):
        await above.get("/invitations")
        assert (draw["seed"] in above.text, draw["list_sha256"] in above.text) == (True, True)
        assert ("9人里抽9人" in above.text, ">5</td>" in above.text) == (True, True)
        assert "unit_operator" in above.text


async def test_another_unit_neither_sees_nor_draws(intake: Site) -> None:
    """The log is empty for it, and a draw for a unit that is not its own is refused."""
    page, other = tab(intake), tab(intake, scope="411700099")
    await look(page)
    wanted = hidden(page)
    await page.send("/invitations", **wanted)
    await other.get("/invitations")
    assert "还没有抽过" in other.text
    assert 422 == await look(other)
    assert "请选一个您管的窗口单位" in other.text
    assert 422 == await other.send("/invitations", **wanted)
    assert 403 == await tab(intake, "auditor", "411700").send("/invitations", **wanted)
    assert 403 == await tab(intake, "reward_approver", "411700").get("/invitations")


@pytest.mark.parametrize(
    ("visits", "size", "told"),
    [
        ("", "5", "文件是空的"),
        ("序号,姓名\n1,张三", "1", "没有“办件号”这一列"),
        ("办件号\nA1\nA2", "3", "请写1到2之间的数"),
        ("办件号\nA1\nA2", "x", "请写1到2之间的数"),
        ('办件号\nA1,"x', "1", "引号"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_lost(
    intake: Site, visits: str, size: str, told: str
) -> None:
    """Above the form and at its field, with the list and the number still in it."""
    page = tab(intake)
    assert 422 == await look(page, visits, size)
    assert told in "".join(page.alerts)
    assert told in "".join(re.findall(r'<p class="error" id="\w+-error">([^<]+)', page.text))
    assert visits in page.text
    assert f'value="{size}"' in page.text


async def test_a_list_is_drawn_from_once(intake: Site) -> None:
    """The same again shows what was drawn and sends nothing; another number is refused."""
    page = tab(intake)
    await look(page)
    await page.send("/invitations", **hidden(page))
    await look(page)
    await page.send("/invitations", **hidden(page))
    assert "这份名单抽过了，这是当时的结果" in page.text
    # Nobody gets at what went by SMS.
    assert (5, False) == (page.text.count("短信 139****"), "/w/" in page.text)
    await look(page, size="6")
    assert 422 == await page.send("/invitations", **hidden(page))
    assert "人数不一样" in "".join(page.alerts)
    assert 5 == len(await sent(intake))


async def test_a_spreadsheets_file_is_read(intake: Site) -> None:
    """As Excel writes it in Chinese, and in English over the same form."""
    page = tab(intake, language="en")
    await page.get("/invitations")
    token = re.search('name="csrf" value="([0-9a-f]+)"', page.text)
    assert token
    form = FormData({"csrf": token[1], "unit": UNIT, "size": "3", "visits": ""})
    form.add_field("file", LIST.encode("gb18030"), filename="名单.csv")
    async with intake.client.post("/invitations/look", data=form, headers=page.headers) as answer:
        html = await answer.text()
        assert 200 == answer.status, html
    assert "With a phone that gets SMS</dt><dd>20</dd>" in html
    assert PHONES[7] in html
