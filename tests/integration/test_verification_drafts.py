"""The case's page is one form: what is half-written in one part stands through the others."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from services.verification import jobs
from shared.db import Database
from shared.values import clock
from tests.integration.buttons import Buttons
from tests.integration.verification_office import PHONE, Office, office
from tests.integration.verification_tab import Tab, tab
from tests.support import at

SERVICE = "verification"
HALF = (
    ("verdicts-verdict", "partly"), ("verdicts-finding", "看了一半的监控"),
    ("verdicts-answer", "正在核实<b>"), ("verdicts-categories", "other"), ("revision", "0"),
)  # fmt: skip
WHOLE = (*HALF, ("verdicts-attribution", "unit"))
SHOWN = (
    ">\n看了一半的监控</textarea>", ">\n正在核实<b></textarea>", 'value="partly" required checked',
    'value="other" checked',
)  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


@pytest.fixture
async def case_id(bureau: Office) -> UUID:
    """A case to write about."""
    return await bureau.case(categories=())


@pytest.fixture
async def desk(bureau: Office, case_id: UUID) -> Tab:
    """An operator's browser with the case open."""
    browser = await tab(bureau, "county")
    assert 200 == await browser.get(f"/desk/cases/{case_id}")
    return browser


def lost(page: str) -> list[str]:
    """What was half-written and is not in the fields any more."""
    return [text for text in SHOWN if text not in page]


async def actions(bureau: Office, case_id: UUID) -> list[str]:
    """What was done to the case."""
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    return [action["action"] for action in case.json["actions"]]


async def drafts(bureau: Office) -> list[str]:
    """What is kept, as it lies in the database."""
    async with bureau.database.acquire() as conn:
        return [row["typed_sealed"] for row in await conn.fetch("SELECT * FROM drafts")]


async def test_logging_a_call_leaves_a_half_written_verdict(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """It stands on the next page, after a reload, and in another browser of the same person."""
    sent = (("callbacks-outcome", "busy"), ("callbacks-note", "占线"), *HALF)
    assert 303 == await desk.send(f"/desk/cases/{case_id}/callbacks", *sent)
    for _ in range(2):
        await desk.get(f"/desk/cases/{case_id}?done=callbacks")
        assert ([], True) == (lost(desk.text), "通话已登记" in desk.text)
    assert "\n占线</textarea>" not in desk.text
    elsewhere = await tab(bureau, "county")
    await elsewhere.get(f"/desk/cases/{case_id}")
    assert [] == lost(elsewhere.text)
    assert ["opened", "called"] == await actions(bureau, case_id)


async def test_showing_the_number_leaves_a_half_written_verdict(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """On the page with the number, when that is reloaded, and on the page one goes back to."""
    text, path = desk.text, f"/desk/cases/{case_id}/phone-reveals"
    for _ in range(2):
        desk.text = text
        assert 200 == await desk.send(path, ("phone-reveals-reason", "回访"), *HALF)
        assert ([], True) == (lost(desk.text), PHONE in desk.text)
    await desk.get(f"/desk/cases/{case_id}")
    assert ([], True) == (lost(desk.text), PHONE in desk.text)
    assert ["opened", "phone_revealed"] == await actions(bureau, case_id)


@pytest.mark.parametrize(
    ("section", "typed", "shown"),
    [
        ("callbacks", (("callbacks-note", "没选结果"),), "\n没选结果</textarea>"),
        ("phone-reveals", (("phone-reveals-reason", "  "), ("callbacks-note", "响了")), "\n响了<"),
        ("verdicts", (("callbacks-note", "还没打"),), "\n还没打</textarea>"),
    ],
)
async def test_a_refused_part_leaves_the_others(
    bureau: Office, case_id: UUID, desk: Tab, section: str, typed: tuple[tuple[str, str], ...],
    shown: str,
) -> None:  # fmt: skip
    """What is wrong is named, all parts stand as typed, also when one goes back and opens anew."""
    assert 422 == await desk.send(f"/desk/cases/{case_id}/{section}", *typed, *HALF)
    assert ([], True) == (lost(desk.text), shown in desk.text)
    await desk.get(f"/desk/cases/{case_id}")
    assert ([], True) == (lost(desk.text), shown in desk.text)
    assert ["opened"] == await actions(bureau, case_id)


async def test_a_verdict_that_is_sent_leaves_no_draft(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """Done is done: nothing of it is kept, and saving is confirmed."""
    await desk.send(f"/desk/cases/{case_id}", ("keep", "1"), *HALF)
    assert 1 == len(await drafts(bureau))
    await desk.get(f"/desk/cases/{case_id}")
    assert 303 == await desk.send(f"/desk/cases/{case_id}/verdicts", *WHOLE)
    assert [] == await drafts(bureau)
    await desk.get(f"/desk/cases/{case_id}?done=verdicts")
    assert "核查结论已保存" in desk.text
    assert ["opened", "verdict"] == await actions(bureau, case_id)


async def test_a_draft_is_ones_own_and_lies_sealed(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """Nobody else sees it, not a supervisor either; in the database there is no word of it."""
    await desk.send(f"/desk/cases/{case_id}", ("keep", "1"), *HALF)
    county = await tab(bureau, "county2")
    await county.get(f"/desk/cases/{case_id}")
    assert len(SHOWN) == len(lost(county.text))
    (sealed,) = await drafts(bureau)
    assert (False, False) == ("监控" in sealed, "partly" in sealed)


async def test_a_draft_that_is_emptied_is_gone(bureau: Office, case_id: UUID, desk: Tab) -> None:
    """Who deletes what they wrote does not find it again."""
    await desk.send(f"/desk/cases/{case_id}", ("keep", "1"), *HALF)
    await desk.get(f"/desk/cases/{case_id}")
    await desk.send(f"/desk/cases/{case_id}", ("keep", "1"), ("verdicts-finding", " "))
    assert [] == await drafts(bureau)


async def test_an_old_draft_is_forgotten(bureau: Office, case_id: UUID, desk: Tab) -> None:
    """After a week, and not before."""
    await desk.send(f"/desk/cases/{case_id}", ("keep", "1"), *HALF)
    await jobs.remove_old_drafts(bureau.database)
    assert 1 == len(await drafts(bureau))
    async with bureau.database.transaction() as conn:
        week = jobs.DRAFTS_KEPT + timedelta(seconds=1)
        await conn.execute("UPDATE drafts SET saved_at = saved_at - $1::interval", week)
    await jobs.remove_old_drafts(bureau.database)
    assert [] == await drafts(bureau)


async def test_a_draft_of_before_a_new_verdict_says_so(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """The page shows the new state beside what was written, and does not send it unseen."""
    await bureau.judge("county", case_id, finding="县里先查了", categories=["other"])
    county = await tab(bureau, "county2")
    await county.get(f"/desk/cases/{case_id}")
    assert 409 == await county.send(f"/desk/cases/{case_id}/verdicts", *WHOLE)
    assert ([], True) == (lost(county.text), "县里先查了" in county.text)
    await county.get(f"/desk/cases/{case_id}")
    assert ([], True) == (lost(county.text), "又有了新的核查结论" in county.text)
    assert 409 == await desk.send(f"/desk/cases/{case_id}/verdicts", *WHOLE)
    assert ("县里先查了" in desk.text, "看了一半的监控" in desk.text) == (True, True)


async def test_the_language_button_keeps_what_was_typed(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """It leads to the same page in the other language, with the draft in its fields."""
    assert 303 == await desk.send(f"/desk/cases/{case_id}?lang=en", ("keep", "1"), *HALF)
    await desk.get(f"/desk/cases/{case_id}?done=kept&lang=en")
    assert ([], True) == (lost(desk.text), "Your text is kept" in desk.text)


async def test_enter_presses_no_second_button(case_id: UUID, desk: Tab) -> None:
    """The first button of the page's form is the one without an act or a language of its own."""
    (*_, case) = Buttons(desk.text).forms
    assert ("enter", None, None) == (
        case[0]["class"], case[0].get("formaction"), case[0].get("name"),
    )  # fmt: skip
    assert f"/desk/cases/{case_id}?lang=en" == case[-1]["formaction"]


@pytest.mark.parametrize(
    ("typed", "leads_to"),
    [
        ((("phone-reveals-reason", "回访"),), "phone-reveals"),
        ((("callbacks-outcome", "busy"), ("callbacks-note", "占线")), "callbacks"),
        (WHOLE, "verdicts"),
        ((("verdicts-categories", "other"), ("phone-reveals-reason", "回访")), "phone-reveals"),
    ],
)
async def test_enter_sends_the_one_part_that_was_begun(
    case_id: UUID, desk: Tab, typed: tuple[tuple[str, str], ...], leads_to: str
) -> None:
    """The browser is told to send the same fields there (307); categories are ticked already."""
    assert 307 == await desk.send(f"/desk/cases/{case_id}", *typed)
    assert f"/desk/cases/{case_id}/{leads_to}" == desk.location


async def test_enter_sends_what_is_new_beside_a_draft(case_id: UUID, desk: Tab) -> None:
    """A draft that was not touched again is not what is meant."""
    await desk.send(f"/desk/cases/{case_id}", ("keep", "1"), *HALF)
    await desk.get(f"/desk/cases/{case_id}")
    sent = (("phone-reveals-reason", "回访"), ("callbacks-note", ""), *HALF)
    assert 307 == await desk.send(f"/desk/cases/{case_id}", *sent)
    assert f"/desk/cases/{case_id}/phone-reveals" == desk.location


async def test_enter_in_doubt_does_nothing_and_keeps_all(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """With two parts begun nothing is done; the page says which button to press."""
    sent = (("phone-reveals-reason", "回访"), *WHOLE)
    assert 303 == await desk.send(f"/desk/cases/{case_id}", *sent)
    await desk.get(f"/desk/cases/{case_id}?done=kept")
    assert ([], True) == (lost(desk.text), 'value="回访"' in desk.text)
    assert "还没有提交" in desk.text
    assert ["opened"] == await actions(bureau, case_id)


async def test_going_back_and_sending_again_is_no_second_act(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """The old page with its old key: the same again is the first; with other words it is asked."""
    page, path = desk.text, f"/desk/cases/{case_id}/callbacks"
    for _ in range(2):
        desk.text = page
        assert 303 == await desk.send(path, ("callbacks-outcome", "busy"))
    assert ["opened", "called"] == await actions(bureau, case_id)
    desk.text = page
    assert 422 == await desk.send(path, ("callbacks-outcome", "busy"), ("callbacks-note", "改了"))
    assert ("已经提交过一次" in desk.text, "\n改了</textarea>" in desk.text) == (True, True)
    assert ["opened", "called"] == await actions(bureau, case_id)
    assert 303 == await desk.send(path, ("callbacks-outcome", "busy"), ("callbacks-note", "改了"))
    assert ["opened", "called", "called"] == await actions(bureau, case_id)


async def test_two_buttons_of_one_page_are_two_acts(
    bureau: Office, case_id: UUID, desk: Tab
) -> None:
    """They share the page's key, and neither is taken for a repetition of the other."""
    page = desk.text
    assert 303 == await desk.send(f"/desk/cases/{case_id}/callbacks", ("callbacks-outcome", "busy"))
    desk.text = page
    assert 303 == await desk.send(f"/desk/cases/{case_id}/verdicts", *WHOLE)
    assert ["opened", "called", "verdict"] == await actions(bureau, case_id)


async def test_a_refused_form_is_sent_again_under_its_key(case_id: UUID, desk: Tab) -> None:
    """It may have gone through after all; only a key that is used up is replaced."""
    before = re.search('name="key" value="([^"]+)"', desk.text)
    await desk.send(f"/desk/cases/{case_id}/callbacks", ("callbacks-note", "没选结果"))
    after = re.search('name="key" value="([^"]+)"', desk.text)
    assert before
    assert after
    assert before[1] == after[1]


async def test_a_draft_outlives_the_session(bureau: Office, case_id: UUID, desk: Tab) -> None:
    """Written in the morning, found in the evening after signing in again."""
    await desk.send(f"/desk/cases/{case_id}", ("keep", "1"), *HALF)
    with at(clock.now() + timedelta(hours=13)):
        assert 303 == await desk.get(f"/desk/cases/{case_id}")
        later = await tab(bureau, "county")
        await later.get(f"/desk/cases/{case_id}")
        assert [] == lost(later.text)
