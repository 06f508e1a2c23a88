"""Supervision notices: issued by the clock, once a level, read and acknowledged at the desk."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from services.verification.paging import store as paging
from services.verification.service import build
from services.verification.supervision import acts, rules
from shared import policy
from shared.db import Database
from shared.papers.printer import Printer
from tests.integration.verification_office import OTHER_UNIT, UNIT, Office, office
from tests.integration.verification_tab import Tab, tab
from tests.support import at

SERVICE = "verification"
RECEIVED = datetime(2027, 3, 9, 2, 0, tzinfo=UTC)
DEADLINE = datetime(2027, 3, 9, 16, 0, tzinfo=UTC)  # 24:00 at the bureau
DAY = timedelta(days=1)
PLACE = "/desk/notices"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def late_case(bureau: Office, **changed: Any) -> UUID:
    """A case whose verification is due at DEADLINE."""
    with at(RECEIVED):
        return await bureau.case(**changed)


async def sweep(bureau: Office, owner: asyncpg.Connection, now: datetime) -> int:
    """The job, as if the database's clock stood so."""
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", now)
    return await acts.issue(bureau.database, policy.load(bureau.settings.policy_file))


async def issued(bureau: Office, *columns: str) -> list[tuple[Any, ...]]:
    """All notices, as numbered."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch(f"SELECT {', '.join(columns)} FROM notices ORDER BY year, number")
    return [tuple(row) for row in rows]


async def newest(bureau: Office) -> str:
    """The address of the newest notice."""
    async with bureau.database.acquire() as conn:
        own = await conn.fetchval(
            "SELECT notice_id FROM notices ORDER BY year DESC, number DESC LIMIT 1"
        )
    return f"{PLACE}/{own}"


async def signed(bureau: Office, who: str) -> Tab:
    """A browser that has the token of its forms, whatever page of ours it may open."""
    browser = await tab(bureau, who)
    await browser.get("/desk/sign-out")
    return browser


async def test_none_before_the_due_time_and_one_at_it(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """The unit, with a copy to its county; looking again finds nothing new."""
    await late_case(bureau)
    assert 0 == await sweep(bureau, owner, DEADLINE - timedelta(seconds=5))
    assert 1 == await sweep(bureau, owner, DEADLINE + timedelta(seconds=5))
    assert 0 == await sweep(bureau, owner, DEADLINE + timedelta(hours=23))
    found = await issued(bureau, "level", "place_code", "copy_to", "due_at", "deadline_at")
    assert [(1, UNIT, "ZY", DEADLINE, DEADLINE)] == found


async def test_it_climbs_each_day_to_the_top_and_no_further(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Unit, county, city, the city's leader at the root; each when the ladder's rules say so."""
    await late_case(bureau)
    for days in range(8):
        await sweep(bureau, owner, DEADLINE + days * DAY + timedelta(minutes=1))
    places = [UNIT, "ZY", "ZMD", "ZMD"]
    edition = policy.load(bureau.settings.policy_file).editions[-1]
    wanted = [
        (rung.level, rung.key, place, DEADLINE + rung.after)
        for rung, place in zip(rules.rungs(edition.supervision), places, strict=True)
    ]
    assert wanted == await issued(bureau, "level", "level_key", "place_code", "due_at")


async def test_an_outage_is_caught_up_with(bureau: Office, owner: asyncpg.Connection) -> None:
    """After 26 hours both levels are there, due when they were, found when they were."""
    await late_case(bureau)
    back = DEADLINE + timedelta(hours=26)
    assert 2 == await sweep(bureau, owner, back)
    found = await issued(bureau, "number", "level", "due_at", "detected_at")
    assert [(1, 1, DEADLINE), (2, 2, DEADLINE + DAY)] == [row[:3] for row in found]
    assert [True, True] == [back <= row[3] < back + timedelta(minutes=5) for row in found]


async def test_two_instances_issue_each_once(bureau: Office, owner: asyncpg.Connection) -> None:
    """Both look again and again: one notice a case and level, numbered from 1 to 40."""
    for number in range(10):
        await late_case(bureau, submission_id=UUID(int=number + 1))
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", DEADLINE + 4 * DAY)
    other = build(bureau.settings, bureau.database)
    jobs = [
        job for one in (bureau.service, other) for job in one.jobs if job.name == "issue_notices"
    ]
    await asyncio.gather(*(job.run() for job in jobs * 4))
    found = await issued(bureau, "number", "case_id", "level")
    assert list(range(1, 41)) == [row[0] for row in found]
    assert 40 == len({row[1:] for row in found})


async def reminded(bureau: Office) -> list[tuple[Any, ...]]:
    """All reminders."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch(
            """SELECT level, r.number, r.due_at - n.detected_at AS after FROM notice_reminders r
               JOIN notices n USING (notice_id) ORDER BY level, r.number"""
        )
    return [tuple(row) for row in rows]


async def test_nobody_who_is_silent_is_left_in_peace(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Eight hours after a notice, and again, and then no more; what is acknowledged is done."""
    case_id = await late_case(bureau)
    policies = policy.load(bureau.settings.policy_file)
    hour = timedelta(hours=1)
    await sweep(bureau, owner, DEADLINE + timedelta(minutes=1))
    assert 0 == await acts.remind(bureau.database, policies)
    for hours in (9, 10, 17, 20, 23):
        await owner.execute(
            "UPDATE simulation_clock SET moved = $1 - now()", DEADLINE + hours * hour
        )
        await acts.remind(bureau.database, policies)
    assert [(1, 1, 8 * hour), (1, 2, 16 * hour)] == await reminded(bureau)
    assert "催签 2 次" in (await bureau.browse("desk", PLACE)).text
    assert "催签第 1 级督办通知" in (await bureau.browse("desk", f"/desk/cases/{case_id}")).text
    await sweep(bureau, owner, DEADLINE + DAY + timedelta(minutes=1))
    browser = await tab(bureau, "county")
    await browser.get(await newest(bureau))
    assert 303 == await browser.send(f"{await newest(bureau)}/acknowledgement")
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", DEADLINE + 2 * DAY)
    assert 0 == await acts.remind(bureau.database, policies)


async def told(bureau: Office) -> list[str]:
    """Whose duty phones were told of notices by SMS, in order."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch(
            """SELECT d.place_code FROM outbox o JOIN duty_phones d
                   ON d.phone_id = (o.body::jsonb -> 'data' ->> 'phone_id')::uuid
               WHERE o.type = 'duty.noticed.v1' ORDER BY o.seq"""
        )
    return [row["place_code"] for row in rows]


async def test_duty_phones_hear_of_notices_once_a_place(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Three late cases are one SMS for their unit, none for the county without a phone."""
    for number in range(3):
        await late_case(bureau, submission_id=UUID(int=number + 1))
    async with bureau.database.transaction() as conn:
        unit = await conn.fetchval("SELECT unit_code FROM cases LIMIT 1")
        await paging.set_phone(conn, uuid7(), unit, "sealed", "desk")
    assert 3 == await sweep(bureau, owner, DEADLINE + timedelta(minutes=1))
    assert [unit] == await told(bureau)
    policies = policy.load(bureau.settings.policy_file)
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", DEADLINE + DAY / 2)
    assert 3 == await acts.remind(bureau.database, policies)
    assert [unit, unit] == await told(bureau)


async def test_two_instances_remind_once_after_an_outage(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Both reminders of ten notices that were due meanwhile, each with its own time, each once."""
    for number in range(10):
        await late_case(bureau, submission_id=UUID(int=number + 1))
    await sweep(bureau, owner, DEADLINE + timedelta(minutes=1))
    later = DEADLINE + timedelta(hours=23)
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", later)
    other = build(bureau.settings, bureau.database)
    jobs = [
        job for one in (bureau.service, other) for job in one.jobs
        if job.name == "remind_of_notices"
    ]  # fmt: skip
    await asyncio.gather(*(job.run() for job in jobs * 4))
    found = await reminded(bureau)
    assert (20, {timedelta(hours=8), timedelta(hours=16)}) == (
        len(found),
        {one[2] for one in found},
    )


async def test_numbers_begin_anew_each_year(bureau: Office, owner: asyncpg.Connection) -> None:
    """By the bureau's calendar: 0:00 on 1 January there is still December in UTC."""
    await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    turn = datetime(2027, 12, 31, 16, 0, 30, tzinfo=UTC)
    await sweep(bureau, owner, turn)
    assert [(2027, 1), (2028, 1), (2028, 2), (2028, 3)] == await issued(bureau, "year", "number")


async def test_a_verdict_stops_it(bureau: Office, owner: asyncpg.Connection) -> None:
    """What was judged climbs no more, and its notice says that it stopped."""
    case_id = await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    with at(DEADLINE + timedelta(hours=2)):
        assert 201 == (await bureau.judge("city", case_id)).status
    assert 0 == await sweep(bureau, owner, DEADLINE + 3 * DAY)
    page = (await bureau.browse("county", await newest(bureau))).text
    assert "核查已提交或期限已改" in page


async def test_a_moved_deadline_begins_anew(bureau: Office, owner: asyncpg.Connection) -> None:
    """Nothing until the new due time, then the first level again, beside what there was."""
    await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    await owner.execute("UPDATE cases SET verification_due_at = $1", DEADLINE + 3 * DAY)
    assert 0 == await sweep(bureau, owner, DEADLINE + 2 * DAY)
    assert 1 == await sweep(bureau, owner, DEADLINE + 3 * DAY + timedelta(minutes=1))
    wanted = [(1, DEADLINE), (1, DEADLINE + 3 * DAY)]
    assert wanted == await issued(bureau, "level", "deadline_at")


async def test_a_late_callback_makes_none(bureau: Office, owner: asyncpg.Connection) -> None:
    """Only the verification does; what was judged in time and not called yet is an inner matter."""
    case_id = await late_case(bureau)
    with at(RECEIVED + timedelta(hours=1)):
        assert 201 == (await bureau.judge("city", case_id)).status
    assert 0 == await sweep(bureau, owner, DEADLINE + DAY)


@pytest.mark.parametrize("changed", [{"unit_code": UNIT}, {"categories": ("integrity",)}])
async def test_nobody_is_told_of_a_case_that_is_kept_from_them(
    bureau: Office, owner: asyncpg.Connection, changed: dict[str, Any]
) -> None:
    """A notice goes to the lowest place that may see the case, and is seen by whom it may see."""
    await late_case(bureau, **changed)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    kept = "categories" in changed
    assert [("ZMD" if kept else UNIT,)] == await issued(bureau, "place_code")
    address = await newest(bureau)
    seen = {who: (await bureau.browse(who, address)).status
            for who in ("desk", "neighbour", "county", "city", "inspector", "auditor")}  # fmt: skip
    whole = {"desk": 200, "neighbour": 404, "county": 200, "city": 200, "inspector": 404}
    hidden = {"desk": 404, "neighbour": 404, "county": 404, "city": 404, "inspector": 200}
    assert {**(hidden if kept else whole), "auditor": 200} == seen


async def test_it_waits_in_the_rail_until_it_is_acknowledged(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Of one's own place: the county has none of the unit's, and the neighbour none at all."""
    await late_case(bureau)
    await late_case(bureau, unit_code=OTHER_UNIT)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    waiting = 'href="/desk/notices" class="late"'
    pages = {who: waiting in (await bureau.browse(who, "/desk")).text
             for who in ("desk", "neighbour", "county", "city", "auditor")}  # fmt: skip
    assert {
        "desk": True, "neighbour": True, "county": False, "city": False, "auditor": False,
    } == pages  # fmt: skip
    own = (await bureau.browse("desk", PLACE)).text
    assert "1 份通知还没签收" in own
    assert "驻公督〔2027〕1号" in own
    assert "份通知还没签收" not in (await bureau.browse("county", PLACE)).text
    below = (await bureau.browse("county", f"{PLACE}?view=others")).text
    assert ["1号", "2号"] == [one for one in ("1号", "2号") if f"〔2027〕{one}" in below]


async def test_the_unit_acknowledges_once(bureau: Office, owner: asyncpg.Connection) -> None:
    """With what it means to do; then it is told who did and when, and it waits no more."""
    case_id = await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    address, browser = await newest(bureau), await tab(bureau, "desk")
    assert 200 == await browser.get(address)
    assert "通知照常上升，直到提交核查结论" in browser.text
    assert 303 == await browser.send(f"{address}/acknowledgement", ("plan", "下午调监控"))
    assert address == browser.location
    await browser.get(address)
    assert ("值班员" in browser.text, "下午调监控" in browser.text) == (True, True)
    assert "<textarea" not in browser.text
    await browser.get("/desk")
    assert 'href="/desk/notices" class="late"' not in browser.text
    await browser.get(f"/desk/cases/{case_id}")
    assert "签收督办通知" in browser.text
    assert "自动下发督办通知" in browser.text
    again = await signed(bureau, "desk")
    assert 409 == await again.send(f"{address}/acknowledgement", ("plan", "再签一次"))
    assert "再签一次" in again.text


@pytest.mark.parametrize(("who", "status"), [("county", 403), ("neighbour", 404), ("auditor", 403)])
async def test_nobody_else_acknowledges(
    bureau: Office, owner: asyncpg.Connection, who: str, status: int
) -> None:
    """Neither the level above, which has notices of its own, nor a stranger, nor who only reads."""
    await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    address = await newest(bureau)
    assert "<textarea" not in (await bureau.browse(who, address)).text
    browser = await signed(bureau, who)
    assert status == await browser.send(f"{address}/acknowledgement", ("plan", "我来"))
    async with bureau.database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM notice_acknowledgements")


async def test_too_long_a_plan_is_kept_on_the_page(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """It says what is wrong, and nothing typed is lost."""
    await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    address, browser = await newest(bureau), await tab(bureau, "desk")
    await browser.get(address)
    plan = "调监控" * 700
    assert 422 == await browser.send(f"{address}/acknowledgement", ("plan", plan))
    assert plan in browser.text


async def test_a_program_reads_and_acknowledges(bureau: Office, owner: asyncpg.Connection) -> None:
    """Page by page, its own place's first; acknowledged once, by whoever the page lets do it."""
    for _ in range(3):
        await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    seen, query = [], "?limit=2"
    while query:
        page = (await bureau.ask("desk", "GET", f"notices{query}")).json
        seen += page["items"]
        query = f"?limit=2&cursor={page['cursor']}" if page["cursor"] else ""
    assert [f"驻公督〔2027〕{n}号" for n in (3, 2, 1)] == [one["number"] for one in seen]
    assert {(UNIT, 1, True, None)} == {
        (one["place_code"], one["level"], one["stands"], one["acknowledged_at"]) for one in seen
    }
    path, plan = f"notices/{seen[0]['notice_id']}/acknowledgement", {"plan": "下午调监控"}
    refused = [
        (await bureau.ask(who, "POST", path, plan)).status for who in ("county", "neighbour")
    ]
    done = [await bureau.ask("desk", "POST", path, plan, key="acknowledged-once-1")
            for _ in range(2)]  # fmt: skip
    assert ([403, 404], done[0].json) == (refused, done[1].json)
    assert 409 == (await bureau.ask("desk", "POST", path, plan)).status
    left = (await bureau.ask("desk", "GET", "notices")).json["items"]
    told = (await bureau.ask("desk", "GET", "notices?view=done")).json["items"]
    assert (2, ["值班员"]) == (len(left), [one["acknowledged_by"] for one in told])
    others = {
        who: len((await bureau.ask(who, "GET", "notices?view=done")).json["items"])
        for who in ("neighbour", "county", "city")
    }
    assert {"neighbour": 0, "county": 1, "city": 1} == others


async def test_there_are_pages(bureau: Office, owner: asyncpg.Connection) -> None:
    """The newest first, 25 at a time, each once."""
    for number in range(27):
        await late_case(bureau, submission_id=UUID(int=number + 1))
    await sweep(bureau, owner, DEADLINE + timedelta(hours=1))
    first = (await bureau.browse("desk", PLACE)).text
    link = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = (await bureau.browse("desk", link.replace("&amp;", "&"))).text
    told = [f"〔2027〕{number}号" for number in range(27, 0, -1)]
    assert [one for one in told if one in first] == told[:25]
    assert [one for one in told if one in second] == told[25:]
    strange = await bureau.browse("desk", f"{PLACE}?view=nobody&before=x")
    assert told[0] in strange.text


async def test_a_notice_is_saved_as_pdf(bureau: Office, owner: asyncpg.Connection) -> None:
    """Under its number, for whoever may read its page; for anybody else there is none."""
    await late_case(bureau)
    await sweep(bureau, owner, DEADLINE + timedelta(minutes=1))
    address = f"{await newest(bureau)}/notice.pdf"
    printer = next(one for one in bureau.service.resources if isinstance(one, Printer))
    found = {}
    async with printer:
        for who in ("desk", "auditor", "elsewhere"):
            headers = {"Cookie": f"mashang={await bureau.token(who)}"}
            async with bureau.client.get(address, headers=headers) as response:
                found[who] = response.status, (await response.read())[:5] == b"%PDF-"
                if who == "desk":
                    name = response.headers["Content-Disposition"]
    ours, theirs = (200, True), (404, False)
    assert {"desk": ours, "auditor": ours, "elsewhere": theirs} == found
    assert f"{quote('驻公督〔2027〕1号')}.pdf" in name
