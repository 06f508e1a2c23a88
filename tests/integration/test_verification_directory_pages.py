"""The directory's pages: everybody sees what lies below them, and whoever keeps it changes it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.verification.signin.passwords import Passwords
from services.verification.signin.store.sessions import get_password_hash
from shared.db import Database
from shared.values import clock
from tests.integration.verification_office import (
    FAR_UNIT,
    OTHER_UNIT,
    PASSWORD,
    UNIT,
    Office,
    import_all,
    office,
)
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
HOME = "/desk/directory"
UNIT_PAGE, OFFICER, OPERATOR = (
    f"{HOME}/units/{UNIT}",
    f"{HOME}/officers/170001",
    f"{HOME}/operators/desk",
)
# What the forms of these hold as they stand.
FIELDS = {
    UNIT_PAGE: {"name": "寒冻派出所户籍室", "parent": "ZY", "kind": "household", "counters": "2",
                "matters": "", "active": "yes"},
    OFFICER: {"name": "甲", "unit_code": UNIT, "phone": "", "active": "yes"},
    OPERATOR: {"name": "值班员", "role": "unit_operator", "scope": UNIT, "badge": "170009",
               "active": "yes"},
}  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The bureau, open for business."""
    async with office(database) as opened:
        yield opened


async def sent(tab: Tab, page: str, **changed: str) -> int:
    """Open a page and send its form with something changed."""
    assert 200 == await tab.get(page)
    return await again(tab, page, **changed)


async def again(tab: Tab, page: str, **changed: str) -> int:
    """Send the form of the page that is open."""
    version = re.search(r'name="version" value="(\d+)"', tab.text)
    fields = {"version": version[1] if version else "", **FIELDS.get(page, {}), **changed}
    return await tab.send(page, *fields.items())


async def row(bureau: Office, statement: str, *values: Any) -> dict[str, Any]:
    """One row of the database."""
    async with bureau.database.acquire() as conn:
        found = await conn.fetchrow(statement, *values)
    assert found is not None
    return dict(found)


async def test_the_tree_shows_what_lies_below(bureau: Office) -> None:
    """The city sees its counties with their units counted; a county its own units, no other's."""
    city, county = await tab(bureau, "city"), await tab(bureau, "county")
    assert 200 == await city.get(HOME)
    assert re.search(r"正阳县</a>.*?data-label=\"单位\">2<", city.text, re.DOTALL)
    assert f'<a class="btn second" href="{HOME}/new/officer">' in city.text
    assert 200 == await city.get(f"{HOME}?at=YC")
    assert "东高派出所户籍室" in city.text
    assert 200 == await county.get(HOME)
    assert ("寒冻派出所户籍室" in county.text, "东高" in county.text) == (True, False)
    assert 404 == await county.get(f"{HOME}?at=YC")
    assert 404 == await county.get(f"{HOME}/units/{FAR_UNIT}")
    assert 404 == await county.get(f"{HOME}/places/ZMD")
    desk = await tab(bureau, "desk")
    assert (303, UNIT_PAGE) == (await desk.get(HOME), (await bureau.browse("desk", HOME)).json)
    assert 404 == await desk.get(f"{HOME}/officers/170003")


async def test_what_is_looked_for_is_found(bureau: Office) -> None:
    """By a part of a name, or by code; people and units of elsewhere are not found."""
    county, security = await tab(bureau, "county"), await tab(bureau, "security")
    for said, found in (
        ("汝南", OTHER_UNIT),
        ("170001", "甲"),
        (UNIT.lower(), UNIT),
        ("正阳", "ZY"),
    ):
        await county.get(f"{HOME}?q={said}")
        assert found in county.text, said
    await county.get(f"{HOME}?q=东高")
    assert "没有找到" in county.text
    await security.get(f"{HOME}?q=区督导")
    assert "elsewhere" in security.text
    await county.get(f"{HOME}?q=县督导")
    assert "county2" not in county.text


async def test_more_units_than_a_page_holds(bureau: Office) -> None:
    """The next page begins where this one ends."""
    rows = "".join(f"u{n:03},所{n:03},YC,household,1\n" for n in range(60))
    await import_all(bureau.database, f"code,name,parent,kind,counters\n{rows}")
    city = await tab(bureau, "city")
    await city.get(f"{HOME}?at=YC")
    assert (True, False) == ("所048" in city.text, "所050" in city.text)
    more = re.search(r'href="([^"]+)" rel="next"', city.text)
    assert more
    await city.get(more[1])
    assert (True, False, False) == (
        "所059" in city.text, "所048" in city.text, 'rel="next"' in city.text
    )  # fmt: skip


async def test_a_unit_is_changed_told_and_noted(bureau: Office) -> None:
    """The next version, its event, and who changed what from what to what."""
    admin = await tab(bureau, "admin")
    assert 303 == await sent(admin, UNIT_PAGE, name="寒冻户政窗口", matters="落户\n领证")
    await admin.get(admin.location)
    assert "已保存" in admin.text
    assert "名称：寒冻派出所户籍室 → <b>寒冻户政窗口</b>" in admin.text
    assert "办理事项：— → <b>落户、领证</b>" in admin.text
    assert "管理员 修改" in admin.text
    newest = (await bureau.events("unit.changed.v1"))[-1]
    assert ("寒冻户政窗口", 2, ["落户", "领证"]) == (
        newest["name"], newest["version"], newest["matters"]
    )  # fmt: skip


async def test_what_is_wrong_is_said_and_nothing_lost(bureau: Office) -> None:
    """Every wrong field at once, in words; what was typed still stands there."""
    admin = await tab(bureau, "admin")
    wrong = {"name": "", "parent": "nowhere", "counters": "几个", "matters": "写了很多字"}
    assert 422 == await sent(admin, UNIT_PAGE, **wrong)
    for field in ("name", "counters"):
        assert f'id="{field}-error"' in admin.text, field
    assert "写了很多字" in admin.text
    assert 422 == await sent(admin, UNIT_PAGE, parent="nowhere")
    assert "目录里没有地区 nowhere" in admin.text
    assert (
        1 == (await row(bureau, "SELECT version FROM units WHERE unit_code = $1", UNIT))["version"]
    )


async def test_two_who_change_the_same_hear_of_each_other(bureau: Office) -> None:
    """The slower one sees what the other changed, keeps what was typed, and may send it again."""
    first, second = await tab(bureau, "admin"), await tab(bureau, "admin")
    await second.get(UNIT_PAGE)
    assert 303 == await sent(first, UNIT_PAGE, counters="4")
    assert 409 == await again(second, UNIT_PAGE, name="新名字")
    assert "有人先保存了" in second.text
    assert "窗口数：2 → <b>4</b>" in second.text
    assert 'value="新名字"' in second.text
    assert 303 == await again(second, UNIT_PAGE, name="新名字", counters="4")
    found = await row(
        bureau, "SELECT name, counters, version FROM units WHERE unit_code = $1", UNIT
    )
    assert {"name": "新名字", "counters": 4, "version": 3} == found


async def test_a_unit_and_a_place_are_added_and_a_code_only_once(bureau: Office) -> None:
    """A new place below the city, a unit below it; a code that is there is refused, kept typed."""
    admin = await tab(bureau, "admin")
    place = {"code": "XC", "name": "西平县", "level": "county", "parent": "ZMD"}
    assert 303 == await sent(admin, f"{HOME}/new/place", **place)
    unit = {
        "code": "xp1",
        "name": "西平户籍室",
        "parent": "XC",
        "kind": "household",
        "counters": "1",
    }
    assert 303 == await sent(admin, f"{HOME}/new/unit", **unit)
    assert f"{HOME}/units/xp1?done=added" == admin.location
    told = (await bureau.events("unit.changed.v1"))[-1]
    assert ("xp1", ["ZMD", "XC", "xp1"]) == (told["unit_code"], told["path"])
    assert 422 == await sent(admin, f"{HOME}/new/unit", **unit | {"name": "另一个"})
    assert ("xp1 已经有了" in admin.text, 'value="另一个"' in admin.text) == (True, True)
    assert 422 == await sent(admin, f"{HOME}/new/place", **place | {"code": "XX", "level": "city"})
    assert 'id="parent-error"' in admin.text


async def test_a_moved_place_takes_its_units_along(bureau: Office) -> None:
    """The units' paths are told anew, and it can be undone while nothing was put below it."""
    admin, page = await tab(bureau, "admin"), f"{HOME}/places/ZY"
    assert 303 == await sent(admin, page, name="正阳区", level="county", parent="ZMD")
    assert (
        "正阳区"
        == (await row(bureau, "SELECT parent FROM units WHERE unit_code = $1", UNIT))["parent"]
    )
    await admin.get(UNIT_PAGE)
    assert "请撤销那一次" in admin.text
    await undo(admin, page)
    assert 303 == await admin.send(admin.location)
    assert (
        "正阳县"
        == (await row(bureau, "SELECT parent FROM units WHERE unit_code = $1", UNIT))["parent"]
    )


async def undo(tab: Tab, page: str) -> None:
    """Follow a thing's newest change to the page that takes it back."""
    await tab.get(page)
    found = re.search(rf'href="({HOME}/changes/\d+)"', tab.text)
    assert found, tab.text
    assert 200 == await tab.get(found[1])
    tab.location = found[1]


async def test_an_officer_is_moved_and_the_past_stays(bureau: Office) -> None:
    """Case, verdict and posting stay with the unit of then; the new unit has them since the day."""
    case_id = await bureau.case()
    judged = {"attribution": "officers", "officers": ["170001"]}
    assert 201 == (await bureau.judge("city", case_id, **judged)).status
    county = await tab(bureau, "county")
    assert 303 == await sent(county, OFFICER, unit_code=OTHER_UNIT)
    await county.get(county.location)
    served = re.findall(r'data-label="单位">([^<]+)</td>', county.text)
    assert ["汝南埠派出所户籍室", "寒冻派出所户籍室"] == served
    told = (await bureau.events("officer.changed.v1"))[-1]
    assert (OTHER_UNIT, 2) == (told["unit_code"], told["version"])
    assert told["phone_index"] == bureau.seal.index("+8619900000001")
    kept = await bureau.ask("city", "GET", f"cases/{case_id}")
    assert (UNIT, ["170001"]) == (kept.json["unit_code"], kept.json["officers"])
    found = await row(
        bureau,
        """SELECT array_agg(unit_code ORDER BY posting_id) AS units, count(until) AS ended
           FROM postings WHERE badge = '170001'""",
    )
    assert {"units": [UNIT, OTHER_UNIT], "ended": 1} == found


async def test_who_has_moved_is_still_named_for_what_was_then(bureau: Office) -> None:
    """A case of before the move may name them; one of after it may not."""
    then = await bureau.case(received_at=clock.now() - timedelta(minutes=5))
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE postings SET since = NULL")
    county = await tab(bureau, "county")
    assert 303 == await sent(county, OFFICER, unit_code=OTHER_UNIT)
    after = await bureau.case(received_at=clock.now() + timedelta(seconds=1))
    judged = {"attribution": "officers", "officers": ["170001"]}
    for case_id, status in ((then, 201), (after, 422)):
        assert status == (await bureau.judge("city", case_id, **judged)).status


@pytest.mark.parametrize(
    ("typed", "told"),
    [({"unit_code": FAR_UNIT}, "不在您的辖区内"),
     ({"unit_code": "nowhere"}, "目录里没有单位 nowhere"),
     ({"unit_code": OTHER_UNIT, "since": "2999-01-01"}, "日期"), ({"phone": "12"}, "手机号")],
)  # fmt: skip
async def test_an_officer_stays_where_they_are(
    bureau: Office, typed: dict[str, str], told: str
) -> None:
    """Nobody moves somebody out of their own place, to nowhere, or at a time that has not come."""
    county = await tab(bureau, "county")
    assert 422 == await sent(county, OFFICER, **typed)
    assert told in county.text
    assert all(value in county.text for value in typed.values())
    found = await row(bureau, "SELECT unit_code, version FROM officers WHERE badge = '170001'")
    assert {"unit_code": UNIT, "version": 1} == found


async def test_a_phone_stays_goes_or_is_another(bureau: Office) -> None:
    """Left empty it stays; ticked away it goes; typed it is another; nowhere does it stand."""
    county, query = (
        await tab(bureau, "county"),
        "SELECT phone_index FROM officers WHERE badge = '170001'",
    )
    for changed, phone in (
        ({"name": "甲甲"}, "+8619900000001"), ({"phone": "199 0000 0007"}, "+8619900000007"),
        ({"no_phone": "1"}, None),
    ):  # fmt: skip
        assert 303 == await sent(county, OFFICER, **changed)
        index = bureau.seal.index(phone) if phone else None
        assert {"phone_index": index} == await row(bureau, query)
        await county.get(county.location)
        assert "19900000007" not in county.text
    assert "换了号码" in county.text


async def test_a_retired_officer_is_named_no_more(bureau: Office) -> None:
    """Out of use they are on no unit's roster, and their posting has ended."""
    county = await tab(bureau, "county")
    assert 303 == await sent(county, OFFICER, active="no")
    case_id = await bureau.case()
    refused = await bureau.judge(
        "city", case_id, attribution="officers", officers=["170001"]
    )  # fmt: skip
    assert 422 == refused.status
    assert (
        1
        == (await row(bureau, "SELECT count(until) FROM postings WHERE badge = '170001'"))["count"]
    )


async def test_an_operator_gets_a_password_that_is_shown_once(bureau: Office) -> None:
    """Whoever adds them sees it once; it opens the door, and nothing that is stored tells it."""
    security = await tab(bureau, "security")
    new = {"username": "newcomer", "name": "新人", "role": "unit_operator", "scope": UNIT}
    assert 200 == await sent(security, f"{HOME}/new/operator", **new)
    shown = re.search(r"<code>([^<]+)</code>", security.text)
    assert shown
    async with bureau.database.acquire() as conn:
        stored = await get_password_hash(conn, "newcomer")
    assert await Passwords().check(stored, shown[1])
    await security.get(f"{HOME}/operators/newcomer")
    assert shown[1] not in security.text
    assert 422 == await sent(security, f"{HOME}/new/operator", **new)
    assert "newcomer 已经有了" in security.text


async def test_an_operator_is_cut_off_and_comes_back(bureau: Office) -> None:
    """Out of use their sessions end; in use again they may sign in; both are told and noted."""
    security, theirs = await tab(bureau, "security"), await tab(bureau, "desk")
    assert 200 == await theirs.get("/desk")
    assert 303 == await sent(security, OPERATOR, active="no")
    assert 303 == await theirs.get("/desk")
    assert 303 == await sent(security, OPERATOR, active="yes")
    told = [(one["version"], one["active"]) for one in await bureau.events("operator.changed.v1")
            if one["username"] == "desk"]  # fmt: skip
    assert [(1, True), (2, False), (3, True)] == told
    await security.get(OPERATOR)
    assert 2 == security.text.count("安全员 修改")
    logged = await row(
        bureau,
        """SELECT array_agg(kind ORDER BY event_id) AS kinds FROM account_events
           WHERE username = 'desk' AND done_by = 'security'""",
    )
    assert {"kinds": ["disabled", "enabled"]} == logged


async def test_a_forgotten_password_is_given_anew(bureau: Office) -> None:
    """The old one is worth nothing, and every session of theirs has ended."""
    security, theirs = await tab(bureau, "security"), await tab(bureau, "desk")
    await security.get(OPERATOR)
    assert 200 == await security.send(f"{OPERATOR}/password")
    shown = re.search(r"<code>([^<]+)</code>", security.text)
    assert shown
    assert 303 == await theirs.get("/desk")
    async with bureau.database.acquire() as conn:
        stored = await get_password_hash(conn, "desk")
    assert (True, False) == (
        await Passwords().check(stored, shown[1]), await Passwords().check(stored, PASSWORD)
    )  # fmt: skip


async def test_nobody_changes_their_own_account(bureau: Office) -> None:
    """Neither role nor password; the page offers it to nobody."""
    security, own = await tab(bureau, "security"), f"{HOME}/operators/security"
    await security.get(own)
    assert "directory/operators/security/password" not in security.text
    await security.get(OPERATOR)
    fields = {"name": "安全员", "role": "city_supervisor", "scope": "ZMD", "version": "1"}
    assert 403 == await security.send(own, *fields.items())
    assert 403 == await security.send(f"{own}/password")


async def test_operators_are_changed_only_by_who_typed_the_password_lately(bureau: Office) -> None:
    """Somebody at an unlocked screen changes nobody's role; what was typed is kept."""
    security = await tab(bureau, "security")
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE sessions SET confirmed_at = confirmed_at - interval '1 hour'")
    assert 403 == await sent(security, OPERATOR, name="改名")
    assert ("改名" in security.text, "先确认是本人" in security.text) == (True, True)
    assert 303 != await security.send(f"{OPERATOR}/password")
    found = await row(bureau, "SELECT name, version FROM operators WHERE username = 'desk'")
    assert {"name": "值班员", "version": 1} == found


@pytest.mark.parametrize(
    ("who", "page"),
    [("city", UNIT_PAGE), ("admin", OFFICER), ("city", OPERATOR), ("auditor", UNIT_PAGE),
     ("desk", OFFICER), ("audit", OPERATOR)],
)  # fmt: skip
async def test_each_keeps_only_what_is_theirs(bureau: Office, who: str, page: str) -> None:
    """Who keeps units keeps no officers, and so on; who only reads is shown no form."""
    other = await tab(bureau, who)
    status = await other.get(page)
    assert status in (200, 403)
    assert 'id="form"' not in other.text
    await other.get("/desk/account")
    assert 403 == await other.send(page, *FIELDS[page].items())


async def test_an_officer_of_elsewhere_does_not_exist(bureau: Office) -> None:
    """A county changes nobody in another one, not even by an address that it guessed."""
    elsewhere = await tab(bureau, "elsewhere")
    assert 404 == await elsewhere.get(OFFICER)
    await elsewhere.get(f"{HOME}/new/officer")
    assert 404 == await elsewhere.send(OFFICER, *FIELDS[OFFICER].items(), ("version", "1"))
    new = {"badge": "170001", "name": "丑", "unit_code": FAR_UNIT, "phone": ""}
    assert 422 == await sent(elsewhere, f"{HOME}/new/officer", **new)


async def test_a_change_is_taken_back(bureau: Office) -> None:
    """The page says what will be so again; it is a change of its own, and undone itself."""
    county = await tab(bureau, "county")
    assert 303 == await sent(county, OFFICER, unit_code=OTHER_UNIT)
    await undo(county, OFFICER)
    assert f"单位：{UNIT}" in county.text
    assert 303 == await county.send(county.location)
    found = await row(bureau, "SELECT unit_code, version FROM officers WHERE badge = '170001'")
    assert {"unit_code": UNIT, "version": 3} == found
    await county.get(f"{OFFICER}?done=undone")
    for said in ("已撤销，恢复成原来的样子", "撤销了一次改动", "已撤销</span>"):
        assert said in county.text, said


async def test_what_something_rests_on_is_not_taken_back(bureau: Office) -> None:
    """A verdict since names the officer; the page says so, and a form that is sent all the same."""
    county = await tab(bureau, "county")
    assert 303 == await sent(county, OFFICER, unit_code=OTHER_UNIT)
    await undo(county, OFFICER)
    case_id = await bureau.case(unit_code=OTHER_UNIT)
    judged = {"attribution": "officers", "officers": ["170001"]}
    assert 201 == (await bureau.judge("city", case_id, **judged)).status
    assert 409 == await county.send(county.location)
    assert "之后已有结论认定了这名民警" in county.text
    await county.get(OFFICER)
    assert f"{HOME}/changes/" not in county.text


async def test_further_windows_stay_once_they_have_cases(bureau: Office) -> None:
    """A case at window 3 keeps the unit from having two windows again."""
    admin = await tab(bureau, "admin")
    assert 303 == await sent(admin, UNIT_PAGE, counters="3")
    await undo(admin, UNIT_PAGE)
    await bureau.case(counter=3, received_at=clock.now())
    assert 409 == await admin.send(admin.location)
    assert "新增的窗口已有办件" in admin.text


async def test_only_the_newest_change_is_taken_back(bureau: Office) -> None:
    """An older one stays, and so does what was added."""
    admin = await tab(bureau, "admin")
    for counters in ("3", "4"):
        assert 303 == await sent(admin, UNIT_PAGE, counters=counters)
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch(
            "SELECT change_id FROM directory_changes WHERE code = $1 ORDER BY version", UNIT
        )
    for number, told in ((0, "之后又改过"), (1, "之后又改过")):
        page = f"{HOME}/changes/{rows[number]['change_id']}"
        assert 200 == await admin.get(page)
        assert told in admin.text
    added = await row(bureau, "SELECT change_id FROM directory_changes WHERE code = $1", OTHER_UNIT)
    await admin.get(f"{HOME}/changes/{added['change_id']}")
    assert "添加不能撤销" in admin.text
    await admin.get(UNIT_PAGE)
    assert 409 == await admin.send(f"{HOME}/changes/{rows[1]['change_id']}")


async def test_a_change_of_elsewhere_is_not_there(bureau: Office) -> None:
    """Neither another county's, nor one of a kind that is not one's own to keep."""
    of_officer = "SELECT change_id FROM directory_changes WHERE code = '170001'"
    found = (await row(bureau, of_officer))["change_id"]
    for who in ("elsewhere", "admin", "security"):
        other = await tab(bureau, who)
        assert 404 == await other.get(f"{HOME}/changes/{found}"), who
    assert 404 == await (await tab(bureau, "city")).get(f"{HOME}/changes/{2**40}")
