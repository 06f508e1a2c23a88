"""Who works on a case: taken, assigned from above, handed over with a word, helped with."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.db import Database
from tests.integration.verification_office import Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def sent(bureau: Office, who: str, case_id: UUID, act: str, /, **fields: str) -> Tab:
    """An act's page of somebody's, after they filled in its form and sent it."""
    browser = await tab(bureau, who)
    page = f"/desk/cases/{case_id}/{act}"
    await browser.get("/desk/sign-out")
    browser.status = await browser.send(page, *fields.items())
    return browser


async def team(bureau: Office, case_id: UUID) -> tuple[str | None, list[str]]:
    """The lead and the helpers, as they are stored."""
    async with bureau.database.acquire() as conn:
        row = await conn.fetchrow("SELECT lead, helpers FROM cases WHERE case_id = $1", case_id)
    assert row is not None
    return row["lead"], row["helpers"]


async def test_one_takes_a_case_that_nobody_leads(bureau: Office) -> None:
    """A press on the page, which says what it does; row, case and time line say who it is."""
    case_id = await bureau.case()
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}/lead")
    assert "您成为经办人" in desk.text
    assert 303 == await desk.send(f"/desk/cases/{case_id}/lead", ("who", "desk"))
    assert f"/desk/cases/{case_id}?done=lead" == desk.location
    await desk.get(desk.location)
    assert ("已记下经办人" in desk.text, "经办：值班员" in desk.text) == (True, True)
    county = await bureau.browse("county", "/desk")
    assert "值班员</span>" in county.text
    assert ("desk", []) == await team(bureau, case_id)


async def test_what_somebody_leads_is_not_taken_from_them_by_an_equal(bureau: Office) -> None:
    """The page of another at the unit offers nothing, and their form is refused; theirs above not.

    Who had it is told why.
    """
    case_id = await bureau.case()
    await sent(bureau, "desk", case_id, "lead", who="desk")
    taken = await sent(bureau, "accused", case_id, "lead", who="accused", word="我来")
    assert (403, True) == (taken.status, "由其本人或上级转交" in taken.text)
    silent = await sent(bureau, "county", case_id, "lead", who="county")
    assert (422, True) == (silent.status, "请写一句说明" in silent.text)
    told = await sent(bureau, "county", case_id, "lead", who="county", word="县里直接办")
    assert (303, ("county", [])) == (told.status, await team(bureau, case_id))
    page = await bureau.browse("desk", f"/desk/cases/{case_id}")
    assert ("经办：县督导" in page.text, "县里直接办" in page.text) == (True, True)


async def test_only_the_level_above_assigns_what_nobody_leads(bureau: Office) -> None:
    """An equal gives it to nobody but themselves; the county gives it to the unit."""
    case_id = await bureau.case()
    assert 403 == (await sent(bureau, "desk", case_id, "lead", who="accused")).status
    assert 303 == (await sent(bureau, "county", case_id, "lead", who="desk")).status
    assert ("desk", []) == await team(bureau, case_id)
    again = await sent(bureau, "county", case_id, "lead", who="desk", word="再说一遍")
    assert (409, True) == (again.status, "再说一遍" in again.text)


async def test_the_lead_hands_it_over_with_a_word(bureau: Office) -> None:
    """To a helper, who is none any more; without a word it is refused, and the choice stays."""
    case_id = await bureau.case()
    await sent(bureau, "desk", case_id, "lead", who="desk")
    assert 303 == (await sent(bureau, "desk", case_id, "helpers", who="county",
                              decision="join")).status  # fmt: skip
    assert ("desk", ["county"]) == await team(bureau, case_id)
    silent = await sent(bureau, "desk", case_id, "lead", who="county")
    assert (422, True) == (silent.status, 'value="county" selected' in silent.text)
    done = await sent(bureau, "desk", case_id, "lead", who="county", word="明天休假")
    assert (303, ("county", [])) == (done.status, await team(bureau, case_id))


@pytest.mark.parametrize("who", ["neighbour", "elsewhere", "auditor", "inspector", "nobody", ""])
async def test_nobody_gets_a_case_that_they_could_not_see(bureau: Office, who: str) -> None:
    """Of another unit, of another county, who only reads, or whom nobody knows."""
    case_id = await bureau.case()
    refused = await sent(bureau, "county", case_id, "lead", who=who)
    assert (422, (None, [])) == (refused.status, await team(bureau, case_id))


async def test_whom_a_case_names_neither_leads_nor_helps(bureau: Office) -> None:
    """The officer is not among those to choose; who led it before its words named them is none."""
    case_id = await bureau.case()
    await sent(bureau, "county", case_id, "lead", who="accused")
    await bureau.ask("county", "POST", f"cases/{case_id}/recusals",
                     {"decision": "recuse", "officer": "170001", "reason": "在场"})  # fmt: skip
    page = await bureau.browse("county", f"/desk/cases/{case_id}/lead")
    assert ("还没有人经办" in page.text, 'value="accused"' in page.text) == (True, False)
    assert 422 == (await sent(bureau, "county", case_id, "helpers", who="accused",
                              decision="join")).status  # fmt: skip
    rows = await bureau.browse("county", "/desk")
    assert "甲</span>" not in rows.text


async def test_helpers_come_and_go(bureau: Office) -> None:
    """One offers to help; the lead asks others, and lets them go; an equal asks nobody."""
    case_id = await bureau.case()
    await sent(bureau, "county", case_id, "lead", who="county")
    own = await sent(bureau, "desk", case_id, "helpers", who="desk", decision="join")
    other = await sent(bureau, "desk", case_id, "helpers", who="accused", decision="join")
    assert (303, 403) == (own.status, other.status)
    twice = await sent(bureau, "county", case_id, "helpers", who="desk", decision="join")
    gone = await sent(bureau, "county", case_id, "helpers", who="desk", decision="leave")
    never = await sent(bureau, "county", case_id, "helpers", who="city", decision="leave")
    assert (409, 303, 409) == (twice.status, gone.status, never.status)
    assert ("county", []) == await team(bureau, case_id)
    page = await bureau.browse("county", f"/desk/cases/{case_id}")
    assert ("协办：值班员" in page.text, "不再协办：值班员" in page.text) == (True, True)


async def test_another_units_case_does_not_exist(bureau: Office) -> None:
    """404 on the page and for the form."""
    case_id = await bureau.case()
    page = await bureau.browse("neighbour", f"/desk/cases/{case_id}/lead")
    form = await sent(bureau, "neighbour", case_id, "lead", who="neighbour")
    assert (404, 404) == (page.status, form.status)
