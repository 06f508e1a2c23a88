"""Urgent requests page whoever is on duty, until somebody says that they have it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.verification.commands import keep_first
from services.verification.paging import acts
from services.verification.service import build
from services.verification.watching import Watch
from shared import policy
from shared.db import Database
from shared.events import DeadlineNeared
from tests.integration.test_verification_assigning import sent
from tests.integration.verification_case import DESK
from tests.integration.verification_office import UNIT, Office, office
from tests.integration.verification_tab import tab
from tests.support import at, captured_logs

SERVICE = "verification"
NIGHT = datetime(2027, 3, 9, 15, 50, tzinfo=UTC)  # 23:50 at the bureau
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PHONE = "13912345678"
PLACE = "/desk/duty-phone"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def urgent(bureau: Office, **changed: Any) -> UUID:
    """An urgent request of that night."""
    values = {"kind": "request", "urgent": True, "satisfaction": None, "categories": ()}
    with at(NIGHT):
        return await bureau.case(**values | changed)


async def sweep(bureau: Office, owner: asyncpg.Connection, now: datetime) -> int:
    """The job, as if the database's clock stood so."""
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", now)
    return await acts.page(bureau.database, policy.load(bureau.settings.policy_file))


async def rung(bureau: Office, *columns: str) -> list[tuple[Any, ...]]:
    """All pages so far."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch(f"SELECT {', '.join(columns)} FROM duty_pages ORDER BY number")
    return [tuple(row) for row in rows]


async def keep_phone(bureau: Office, who: str, typed: str = PHONE) -> None:
    """Somebody says which phone their place has on duty."""
    browser = await tab(bureau, who)
    await browser.get(PLACE)
    assert 303 == await browser.send(PLACE, ("phone", typed))


async def test_it_pages_at_once_and_climbs(bureau: Office, owner: asyncpg.Connection) -> None:
    """Ten minutes after the last, three times a level; unit and city have phones."""
    await keep_phone(bureau, "desk")
    await keep_phone(bureau, "city", "13812345678")
    await urgent(bureau)
    for step in range(8):
        now = NIGHT + MINUTE + step * 11 * MINUTE
        assert 1 == await sweep(bureau, owner, now)
        assert 0 == await sweep(bureau, owner, now + 5 * MINUTE)
    found = await rung(bureau, "level", "place_code")
    assert [(1, UNIT)] * 3 + [(2, "ZY")] * 3 + [(3, "ZMD")] * 2 == found
    told = await bureau.events("duty.paged.v1")
    opened = [bureau.seal.open(one["phone_sealed"], f"phone:{one['phone_id']}") for one in told]
    assert ["+8613912345678"] * 3 + ["+8613812345678"] * 5 == opened


async def test_the_demos_phones_are_paged_until_somebody_says_otherwise(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Given at every start, kept at the first; a place that wants nobody paged stays so."""
    await keep_phone(bureau, "desk")
    browser = await tab(bureau, "city")
    await browser.get(PLACE)
    assert 303 == await browser.send(PLACE, ("nobody", "1"))
    given = {UNIT: "+8619900001011", "ZY": "+8619900001012", "ZMD": "+8619900001013"}
    async with bureau.database.transaction() as conn:
        new = [await keep_first(conn, bureau.seal, given) for _ in range(2)]
    assert [1, 0] == new
    await urgent(bureau)
    for step in range(7):
        await sweep(bureau, owner, NIGHT + MINUTE + step * 11 * MINUTE)
    told = await bureau.events("duty.paged.v1")
    opened = [bureau.seal.open(one["phone_sealed"], f"phone:{one['phone_id']}") for one in told]
    assert [f"+86{PHONE}"] * 3 + ["+8619900001012"] * 3 == opened


async def test_two_instances_page_once_and_an_outage_pages_once(
    bureau: Office, owner: asyncpg.Connection
) -> None:
    """Found after 26 hours: one page with its true time, however many look."""
    await urgent(bureau)
    back = NIGHT + timedelta(hours=26)
    await owner.execute("UPDATE simulation_clock SET moved = $1 - now()", back)
    other = build(bureau.settings, bureau.database)
    jobs = [job for one in (bureau.service, other) for job in one.jobs if job.name == "page_duty"]
    await asyncio.gather(*(job.run() for job in jobs * 4))
    [(number, due_at, detected_at)] = await rung(bureau, "number", "due_at", "detected_at")
    assert (1, True) == (number, back <= detected_at < back + MINUTE)
    assert abs(due_at - NIGHT) < MINUTE


async def test_whoever_has_it_ends_it(bureau: Office, owner: asyncpg.Connection) -> None:
    """Its page says that it rings and what will happen; a second click finds it over."""
    case_id = await urgent(bureau)
    await sweep(bureau, owner, NIGHT + MINUTE)
    assert "没人接" in (await bureau.browse("desk", "/desk")).text
    assert "已呼叫值班 1 次" in (await bureau.browse("desk", f"/desk/cases/{case_id}")).text
    await Watch(bureau.database, DESK.policies).observe()
    assert 1 == REGISTRY.get_sample_value("mashang_urgent_unanswered")
    page = await bureau.browse("desk", f"/desk/cases/{case_id}/page")
    assert ("没有值班手机" in page.text, "不再呼叫值班" in page.text) == (True, True)
    assert 303 == (await sent(bureau, "desk", case_id, "page", note="马上联系家长")).status
    assert 409 == (await bureau.ask("county", "POST", f"cases/{case_id}/page", {})).status
    assert 0 == await sweep(bureau, owner, NIGHT + 60 * MINUTE)
    shown = (await bureau.browse("desk", f"/desk/cases/{case_id}")).text
    assert ("接下急件" in shown, "没有人接" in shown) == (True, False)
    assert "马上联系家长" in shown


@pytest.mark.parametrize("what", ["called", "judged"])
async def test_who_works_on_it_has_it(bureau: Office, owner: asyncpg.Connection, what: str) -> None:
    """A call that is logged, or a verdict, ends it as well."""
    case_id = await urgent(bureau)
    with at(NIGHT + MINUTE):
        if what == "called":
            body = {"outcome": "busy"}
            answer = await bureau.ask("county", "POST", f"cases/{case_id}/callbacks", body)
        else:
            answer = await bureau.judge("desk", case_id, verdict="helped", attribution="none")
    assert 201 == answer.status
    assert 0 == await sweep(bureau, owner, NIGHT + 5 * MINUTE)


@pytest.mark.parametrize(
    "changed", [{"urgent": False}, {"kind": "complaint", "satisfaction": 1}], ids=["calm", "other"]
)
async def test_only_urgent_requests_page(
    bureau: Office, owner: asyncpg.Connection, changed: dict[str, Any]
) -> None:
    """Nobody is woken for anything else."""
    await urgent(bureau, **changed)
    assert 0 == await sweep(bureau, owner, NIGHT + MINUTE)


async def test_a_place_keeps_its_phone(bureau: Office) -> None:
    """Masked, with who changed it; what is none is refused and kept; nobody is a choice."""
    browser = await tab(bureau, "desk")
    await browser.get(PLACE)
    assert "没有值班手机" in browser.text
    for typed in ("", "03962912345", "12"):
        assert 422 == await browser.send(PLACE, ("phone", typed))
        assert f'value="{typed}"' in browser.text
    await keep_phone(bureau, "desk")
    shown = (await bureau.browse("desk", PLACE)).text
    assert ("值班员" in shown, PHONE in shown) == (True, False)
    assert "没有值班手机" in (await bureau.browse("county", PLACE)).text
    await browser.get(PLACE)
    assert 303 == await browser.send(PLACE, ("phone", ""), ("nobody", "1"))
    assert "没有值班手机" in (await bureau.browse("desk", PLACE)).text


async def test_a_program_says_which_phone_is_on_duty(bureau: Office) -> None:
    """The same by JSON: masked for everybody, once under a key, and what is none is refused."""
    said = {"place_code": UNIT, "phone": None, "changed_by": None, "changed_at": None}
    assert said == (await bureau.ask("desk", "GET", "duty-phone")).json
    first = await bureau.ask("desk", "POST", "duty-phone", {"phone": PHONE}, key="k" * 20)
    again = await bureau.ask("desk", "POST", "duty-phone", {"phone": PHONE}, key="k" * 20)
    assert (201, 201, first.json) == (first.status, again.status, again.json)
    shown = (await bureau.ask("desk", "GET", "duty-phone")).json
    assert (shown["changed_by"], PHONE in str(shown)) == ("值班员", False)
    assert shown["phone"].startswith("139")
    assert shown["phone"].endswith("5678")
    assert "值班员" in (await bureau.browse("desk", PLACE)).text
    assert (await bureau.ask("county", "GET", "duty-phone")).json["phone"] is None
    for typed in ("", "03962912345", "12"):
        assert 422 == (await bureau.ask("desk", "POST", "duty-phone", {"phone": typed})).status
    nobody = await bureau.ask("desk", "POST", "duty-phone", {"nobody": True})
    assert (201, None) == (nobody.status, nobody.json["phone"])


def neared(number: int = 1) -> DeadlineNeared:
    """Rewards are unpaid, and nearly late."""
    return DeadlineNeared(alert_id=UUID(int=number), due_at=NIGHT, alerted_at=NIGHT - 12 * HOUR)


async def test_unpaid_rewards_are_told_to_the_root_alone(bureau: Office) -> None:
    """The newest phone of the whole bureau, by its own alert; no county's and no unit's."""
    for who, typed in (("desk", PHONE), ("city", "13812345670"), ("city", "13812345678")):
        await keep_phone(bureau, who, typed)
    async with bureau.database.transaction() as conn:
        await bureau.service.handlers[DeadlineNeared](conn, neared())
    [one] = await bureau.events("duty.noticed.v1")
    opened = bureau.seal.open(one["phone_sealed"], f"phone:{one['phone_id']}")
    assert ("+8613812345678", "money", str(UUID(int=1))) == (opened, one["about"], one["told_id"])
    assert "白天也往这里发短信" in (await bureau.browse("city", PLACE)).text
    assert "奖励话费" not in (await bureau.browse("desk", PLACE)).text


@pytest.mark.parametrize("given", [False, True])
async def test_without_a_phone_money_rings_nowhere_and_says_so(
    bureau: Office, *, given: bool
) -> None:
    """Never said, or nobody is wanted any more: in the log, and on the page of the root's phone."""
    if given:
        await keep_phone(bureau, "city")
        browser = await tab(bureau, "city")
        await browser.get(PLACE)
        assert 303 == await browser.send(PLACE, ("nobody", "1"))
    with captured_logs() as entries:
        async with bureau.database.transaction() as conn:
            await bureau.service.handlers[DeadlineNeared](conn, neared())
    assert [] == await bureau.events("duty.noticed.v1")
    assert [("no duty phone for money", "error")] == [
        (one["event"], one["log_level"]) for one in entries
    ]
    assert "没有人收到短信" in (await bureau.browse("city", PLACE)).text
    assert "没有人收到短信" not in (await bureau.browse("county", PLACE)).text
