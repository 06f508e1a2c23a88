"""Two people at one verdict: drafts kept while typing, both texts beside each other, one chosen."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.db import Database
from tests.integration.verification_office import Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
MINE = (
    ("revision", "0"), ("verdicts-verdict", "substantiated"), ("verdicts-attribution", "officers"),
    ("verdicts-officers", "170002"), ("verdicts-counters", "2"), ("verdicts-categories", "other"),
    ("verdicts-finding", "看了录像。窗口无人。"), ("verdicts-answer", "向您道歉。"),
)  # fmt: skip


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def overtaken(bureau: Office, who: str) -> tuple[UUID, Tab]:
    """Somebody writes, the page keeps it, and the county submits another verdict meanwhile."""
    case_id = await bureau.case(categories=())
    browser = await tab(bureau, who)
    await browser.get(f"/desk/cases/{case_id}")
    page = browser.text
    assert 200 == await browser.send(f"/desk/cases/{case_id}/draft", *MINE)
    judged = await bureau.judge(
        "county", case_id, finding="看了录像。值班表无误。", answer="已批评。", categories=["other"]
    )
    assert 201 == judged.status
    browser.text = page
    return case_id, browser


async def typed(browser: Tab, case_id: UUID, name: str) -> str:
    """What stands in a text of the case's page."""
    assert 200 == await browser.get(f"/desk/cases/{case_id}")
    found = re.search(rf'name="verdicts-{name}"[^>]*>\n(.*?)</textarea>', browser.text, re.DOTALL)
    return found[1] if found else ""


async def test_typing_is_kept_and_answered_with_what_will_happen(bureau: Office) -> None:
    """The part of a page that comes back says when it was kept and what this verdict leads to."""
    case_id = await bureau.case()
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    every = desk.text
    assert 200 == await desk.send(f"/desk/cases/{case_id}/draft", *MINE)
    for text in (
        "草稿已存",
        "提交后会发生",
        "扣本单位 1.00 分",
        "乙 170002 今年记第1次",
        "20.00 元",
    ):
        assert text in desk.text
    assert "<html" not in desk.text
    assert "每位责任民警各记一次" in every
    await desk.get(f"/desk/cases/{case_id}")
    assert "\n看了录像。窗口无人。</textarea>" in desk.text
    assert '<div data-seen="verdicts-answer">向您道歉。</div>' in desk.text
    assert 'name="verdicts-counters" value="2" checked' in desk.text


async def test_the_second_strike_is_told_before_it_is_one(bureau: Office) -> None:
    """Another incident of this year counts, also in a case that whoever asks does not see."""
    first, case_id = await bureau.case(), await bureau.case(words="另一件事")
    named = {"attribution": "officers", "officers": ["170002"], "categories": ["other"]}
    assert 201 == (await bureau.judge("county", first, **named)).status
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    await desk.send(f"/desk/cases/{case_id}/draft", *MINE)
    assert ("今年记第2次" in desk.text, "提出责任追究建议" in desk.text) == (True, True)


async def test_the_windows_are_recorded_and_told(bureau: Office) -> None:
    """Those of the unit, and no others; of a verdict that names nobody, none."""
    case_id = await bureau.case()
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    path = f"/desk/cases/{case_id}/verdicts"
    assert 422 == await desk.send(path, *MINE, ("verdicts-counters", "3"))
    assert "本单位只有2个窗口" in desk.text
    assert 303 == await desk.send(path, *MINE)
    [told] = await bureau.events("case.verified.v1")
    assert ([2], ["170002"]) == (told["counters"], told["officers"])


async def test_what_the_verdict_does_not_need_is_not_meant(bureau: Office) -> None:
    """An officer chosen before the verdict became another is named by nobody."""
    case_id = await bureau.case()
    desk = await tab(bureau, "desk")
    await desk.get(f"/desk/cases/{case_id}")
    fields = (("verdicts-verdict", "helped"), *(one for one in MINE if one[1] != "substantiated"))
    assert 303 == await desk.send(f"/desk/cases/{case_id}/verdicts", *fields)
    [told] = await bureau.events("case.verified.v1")
    assert ("none", [], [], ["inefficiency"]) == (
        told["attribution"], told["officers"], told["counters"], told["categories"]
    )  # fmt: skip


async def test_both_texts_stand_beside_each_other(bureau: Office) -> None:
    """Who wrote what, and the sentences that differ marked; the case leads there."""
    case_id, desk = await overtaken(bureau, "county2")
    assert 409 == await desk.send(f"/desk/cases/{case_id}/verdicts", *MINE)
    assert f'href="/desk/cases/{case_id}/conflict"' in desk.text
    assert 200 == await desk.get(f"/desk/cases/{case_id}/conflict")
    for text in ("<mark>值班表无误。</mark>", "<mark>窗口无人。</mark>", "县督导", "看了录像。"):
        assert text in desk.text
    assert "<mark>看了录像。</mark>" not in desk.text


@pytest.mark.parametrize(
    ("choice", "finding"),
    [
        ("take", ""),
        ("mine", "看了录像。窗口无人。"),
        ("merge", "看了录像。值班表无误。\n\n看了录像。窗口无人。"),
    ],
)
async def test_one_is_chosen_or_both(bureau: Office, choice: str, finding: str) -> None:
    """It stands on the case's page as a draft, and nothing is submitted or left to choose."""
    case_id, desk = await overtaken(bureau, "county2")
    path = f"/desk/cases/{case_id}/conflict"
    await desk.get(path)
    page = desk.text
    for _ in range(2):
        desk.text = page
        assert 303 == await desk.send(path, ("choice", choice))
    assert finding == await typed(desk, case_id, "finding")
    assert "对照两份" not in desk.text
    assert 303 == await desk.get(path)
    case = await bureau.ask("county", "GET", f"cases/{case_id}")
    assert 1 == case.json["revision"]


async def test_who_may_not_decide_any_more_still_has_the_text(bureau: Office) -> None:
    """After the county's verdict the unit may only take it, or copy what it wrote."""
    case_id, desk = await overtaken(bureau, "desk")
    assert 200 == await desk.get(f"/desk/cases/{case_id}/conflict")
    assert ["take"] == re.findall(r'name="choice" value="(\w+)"', desk.text)
    assert "<mark>窗口无人。</mark>" in desk.text
    assert 422 == await desk.send(f"/desk/cases/{case_id}/conflict", ("choice", "both"))
    assert "<mark>窗口无人。</mark>" in desk.text
