"""Case numbers: given once, shown where a case is named, and read wherever a case is typed."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.db import Database
from shared.values import clock
from tests.conftest import Clone
from tests.integration.verification_office import OTHER_UNIT, UNIT, Office, office, opened
from tests.integration.verification_tab import tab
from tests.support import at

SERVICE = "verification"
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)  # at the bureau
VERDICT = (
    ("verdicts-verdict", "helped"), ("verdicts-finding", "看过监控"),
    ("verdicts-answer", "已经整改"), ("verdicts-categories", "other"),
    ("verdicts-revision", "0"), ("revision", "0"),
)  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def number(bureau: Office, case_id: UUID) -> str:
    """What people call a case by."""
    return str((await bureau.ask("city", "GET", f"cases/{case_id}")).json["number"])


async def test_two_instances_number_at_once(clone: Clone) -> None:
    """Each case has a number of its own, though two services open them side by side."""
    url = await clone(SERVICE)
    first, second = await Database.connect(url, SERVICE), await Database.connect(url, SERVICE)
    try:
        async with office(first) as one, opened(second) as other:
            await asyncio.gather(*(each.case() for each in (one, other) * 10))
            async with first.acquire() as conn:
                rows = await conn.fetch("SELECT number FROM cases")
            year = clock.service_day(clock.now()).year % 100
            assert [f"{year}-{n:06}" for n in range(1, 21)] == sorted(r["number"] for r in rows)
    finally:
        await first.close()
        await second.close()


async def test_opening_a_case_waits_for_no_other(bureau: Office) -> None:
    """One transaction that has taken a number and does not end holds nobody up."""
    async with bureau.database.transaction() as slow:
        event = bureau.submission()
        await bureau.service.handlers[type(event)](slow, event)
        async with asyncio.timeout(30):
            quick = await bureau.case()
    assert (await number(bureau, quick)).endswith("-000002")


async def test_the_year_is_the_bureaus(bureau: Office) -> None:
    """A case of before midnight there is the old year's, the next one the new year's."""
    with at(NEW_YEAR - timedelta(minutes=1)):
        last = await bureau.case()
    with at(NEW_YEAR + timedelta(minutes=1)):
        first = await bureau.case()
    assert ["26-000001", "27-000002"] == [await number(bureau, case) for case in (last, first)]


async def test_a_submission_told_twice_keeps_its_number(bureau: Office) -> None:
    """The second time changes nothing."""
    event = bureau.submission()
    await bureau.hear(event)
    await bureau.hear(event)
    listed = (await bureau.ask("city", "GET", "cases")).json["items"]
    assert ["000001"] == [one["number"][3:] for one in listed]


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_desk_shows_it(bureau: Office, lang: str) -> None:
    """In the inbox, in the page's title and its heading."""
    case_id = await bureau.case()
    named = await number(bureau, case_id)
    inbox = await bureau.browse("desk", f"/desk?lang={lang}")
    assert f'<td class="no">{named}</td>' in inbox.text
    page = await bureau.browse("desk", f"/desk/cases/{case_id}?lang={lang}")
    assert (True, True) == (f"<title>{named} · " in page.text, f"<h1>{named} · " in page.text)


async def test_a_case_is_found_by_what_somebody_reads_out(bureau: Office) -> None:
    """In the inbox and by the API; a case of another unit and one that is not there look alike."""
    await bureau.case()
    case_id, far = await bureau.case(), await bureau.case(unit_code=OTHER_UNIT)
    named = (await number(bureau, case_id)).replace("-", "－").replace("000", "")
    found = await bureau.ask("desk", "GET", f"cases?number={named}")
    assert [str(case_id)] == [one["case_id"] for one in found.json["items"]]
    page = await bureau.browse("desk", f"/desk?number={named}")
    assert [str(case_id)] == re.findall(r'href="/desk/cases/([0-9a-f-]+)"', page.text)
    refused = [
        await bureau.browse("desk", f"/desk?number={said}&lang=en")
        for said in (await number(bureau, far), "26-999999", "nothing")
    ]
    assert [True] * 3 == ["There is no such case among yours." in page.text for page in refused]


async def test_the_address_with_a_number_leads_to_the_case(bureau: Office) -> None:
    """Also as people would write it; the id's own page answers at once."""
    case_id = await bureau.case()
    named = await number(bureau, case_id)
    for said in (named, named.replace("-000", ""), "２６".join(named.split("26")), case_id.hex):
        led = await bureau.browse("desk", f"/desk/cases/{said}")
        assert (303, f"/desk/cases/{case_id}") == (led.status, led.json), said
    assert 200 == (await bureau.browse("desk", f"/desk/cases/{case_id}")).status


async def test_who_is_recused_hears_what_anybody_hears_of_no_case(bureau: Office) -> None:
    """Neither the address nor the field tells a hidden number from one that is not there."""
    hidden, own = await bureau.case(officer_badge="170001"), await bureau.case()
    named = await number(bureau, hidden)
    pages = [
        await bureau.browse("accused", f"/desk/cases/{said}") for said in (named, "26-999999", "x")
    ]
    assert {404} == {page.status for page in pages}
    told = [page.text.partition("<main")[2].partition("</main>")[0] for page in pages]
    assert ("办件" in told[0], 1) == (True, len(set(told)))
    answers = [
        await bureau.judge("accused", own, incident=said)
        for said in (named, str(hidden), "26-999999", str(uuid4()), "不是编号")
    ]
    assert {422} == {answer.status for answer in answers}
    assert 1 == len({str(answer.json["errors"]) for answer in answers})
    assert "26-000123" in answers[0].json["errors"][0]["detail"]
    assert [] == (await bureau.ask("accused", "GET", f"cases?number={named}")).json["items"]


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_field_takes_a_number_and_the_time_line_tells_it(
    bureau: Office, lang: str
) -> None:
    """Typed as on paper; the verdict and, once confirmed, every case that came along name it."""
    first, second, along = [await bureau.case() for _ in range(3)]
    named = await number(bureau, first)
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE cases SET incident_id = $1 WHERE case_id = $2", second, along)
    county = await tab(bureau, "county")
    page = f"/desk/cases/{second}"
    await county.get(f"{page}?lang={lang}")
    typed = f"与 {named.replace('-', '—')} 同一件事"
    assert 303 == await county.send(f"{page}/verdicts", *VERDICT, ("verdicts-incident", typed))
    link = f'<a href="/desk/cases/{first}">{named}</a>'
    await county.get(page)
    assert 1 == county.text.partition("<aside>")[0].count(link)
    await bureau.review("city", second, 1)
    said = {"zh": "归入同一事件：办件", "en": "Joined as one incident with "}[lang]
    for case_id in (second, along):
        await county.get(f"/desk/cases/{case_id}?lang={lang}")
        assert said.strip() in county.text
        assert link in county.text.partition('class="tl"')[2]


async def test_a_case_that_names_itself_stands_apart(bureau: Office) -> None:
    """Its own number in its own field takes it out of the incident, and the time line says so."""
    first, second = await bureau.case(), await bureau.case()
    await bureau.judge("county", second, incident=await number(bureau, first))
    await bureau.review("city", second, 1)
    await bureau.judge("county", second, incident=await number(bureau, second), revision=1)
    await bureau.review("city", second, 2)
    page = await bureau.browse("county", f"/desk/cases/{second}?lang=en")
    assert "Taken apart, an incident of its own" in page.text
    detail = await bureau.ask("city", "GET", f"cases/{second}")
    joins = [a["details"]["joins"] for a in detail.json["actions"] if a["action"] == "incident"]
    assert [str(first), str(second)] == joins


async def test_a_joined_case_that_the_reader_may_not_see_is_not_named(bureau: Office) -> None:
    """Neither by number nor by a link that would lead nowhere."""
    first, second = await bureau.case(), await bureau.case()
    named = await number(bureau, first)
    await bureau.judge("county", second, incident=named)
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE cases SET recused = '{@desk}' WHERE case_id = $1", first)
    page = await bureau.browse("desk", f"/desk/cases/{second}?lang=en")
    assert (200, True) == (page.status, "a case that is not among yours" in page.text)
    assert (False, False) == (named in page.text, str(first) in page.text)


async def test_who_gives_a_case_up_hears_its_number(bureau: Office) -> None:
    """The answer names the case as people do."""
    case_id = await bureau.case(unit_code=UNIT)
    body = {"decision": "recuse", "officer": "170001", "reason": "他经办的"}
    done = await bureau.ask("desk", "POST", f"cases/{case_id}/recusals", body)
    assert await number(bureau, case_id) == done.json["number"]


async def test_a_far_too_long_number_is_refused(bureau: Office) -> None:
    """As a wrong field, by the API and on the page alike; what was typed still stands there."""
    case_id = await bureau.case()
    long = await bureau.judge("desk", case_id, incident="2" * 201)
    assert (422, "incident") == (long.status, long.json["errors"][0]["field"])
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    path = f"/desk/cases/{case_id}/verdicts"
    assert 422 == await desk.send(path, *VERDICT, ("verdicts-incident", "2" * 201))
    assert (True, True) == ("2" * 201 in desk.text, 'href="#verdicts-incident"' in desk.text)


async def test_a_change_of_before_names_no_case(bureau: Office) -> None:
    """The time line of an incident that changed before there were numbers is shown as it was."""
    case_id = await bureau.case()
    async with bureau.database.acquire() as conn:
        await conn.execute(
            """INSERT INTO case_actions (case_id, action, actor, acted_at, details)
               VALUES ($1, 'incident', 'city', now(), '{"incident_id": "x"}')""",
            case_id,
        )
    page = await bureau.browse("county", f"/desk/cases/{case_id}?lang=en")
    assert (200, True) == (page.status, "The incident it belongs to changed" in page.text)
