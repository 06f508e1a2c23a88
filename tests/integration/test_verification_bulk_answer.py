"""Bare low ratings are answered together: a verdict each, and what could not be is listed."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.db import Database
from shared.events import SubmissionAdded
from shared.values import clock
from tests.integration.verification_office import FAR_UNIT, OTHER_UNIT, UNIT, Office, office
from tests.integration.verification_tab import Tab, tab

SERVICE = "verification"
PAGE = "/desk/bulk/answer"
HELPED = (("verdict", "helped"), ("finding", "当天窗口正常"), ("answer", "谢谢您，我们会做得更好"))


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def rating(bureau: Office, **changed: Any) -> UUID:
    """A tap on the lowest face, and nothing else."""
    bare = {"kind": "rating", "satisfaction": 1, "phone": None, "words": None, "categories": ()}
    return await bureau.case(**bare | changed)


async def shown(page: Tab, *cases: UUID) -> list[bool]:
    """Which of these may be ticked."""
    return [f'name="ids" value="{one}.' in page.text for one in cases]


async def judged(bureau: Office, *cases: UUID) -> list[str | None]:
    """The verdicts of these cases, as they stand."""
    async with bureau.database.acquire() as conn:
        rows = await conn.fetch("SELECT case_id, verdict FROM cases")
    found = {row["case_id"]: row["verdict"] for row in rows}
    return [found[one] for one in cases]


def ticked(*cases: UUID, revision: int = 0) -> list[tuple[str, str]]:
    """As a browser sends them."""
    return [("ids", f"{one}.{revision}") for one in cases]


async def test_only_bare_low_ratings_are_there(bureau: Office) -> None:
    """Not one with words, phone or photo, nor a complaint, nor what was judged or is elsewhere."""
    bare, second = await rating(bureau), await rating(bureau, satisfaction=2)
    others = [
        await bureau.case(), await rating(bureau, words="等太久"),
        await rating(bureau, phone="+8613800138000"), await rating(bureau, unit_code=OTHER_UNIT),
        await rating(bureau, attachments=(f"photo/{uuid4()}",)),
    ]  # fmt: skip
    done = await rating(bureau)
    await bureau.judge("county", done, verdict="helped", attribution="none")
    desk = await tab(bureau, "desk")
    assert 200 == await desk.get(PAGE)
    assert [True, True, *[False] * 6] == await shown(desk, bare, second, *others, done)
    assert "checked" not in desk.text


async def test_each_gets_its_own_verdict_and_answer(bureau: Office) -> None:
    """Two of three; their citizens are told, the third waits, and the page says how many it was."""
    first, second, left = [await rating(bureau) for _ in range(3)]
    county = await tab(bureau, "county")
    await county.get(PAGE)
    assert 200 == await county.send(PAGE, *ticked(first, second), *HELPED)
    assert "已答复 2 件" in county.text
    assert [False, False, True] == await shown(county, first, second, left)
    assert ["helped", "helped", None] == await judged(bureau, first, second, left)
    told = await bureau.events("case.verified.v1")
    assert {str(first), str(second)} == {one["case_id"] for one in told}
    assert 2 == len({one["answer_sealed"] for one in told})
    page = await bureau.browse("county", f"/desk/cases/{second}")
    assert "当天窗口正常" in page.text


async def test_pressed_twice_it_is_one_verdict(bureau: Office) -> None:
    """The second answer tells of the first, and no case is judged again."""
    case_id = await rating(bureau)
    county = await tab(bureau, "county")
    await county.get(PAGE)
    form = county.text
    for _ in range(2):
        county.text = form
        assert 200 == await county.send(PAGE, *ticked(case_id), *HELPED)
        assert "已答复 1 件" in county.text
    assert 1 == len(await bureau.events("case.verified.v1"))


async def test_what_changed_meanwhile_is_listed_with_the_reason(bureau: Office) -> None:
    """One judged by another, one with words by now, one elsewhere: the rest is answered."""
    fine, judged_by, spoken = [await rating(bureau) for _ in range(3)]
    far = await rating(bureau, unit_code=FAR_UNIT)
    county = await tab(bureau, "county")
    await county.get(PAGE)
    await bureau.judge("city", judged_by, verdict="helped", attribution="none")
    await add_words(bureau, spoken)
    cases = [fine, judged_by, spoken, far]
    assert 200 == await county.send(PAGE, *ticked(*cases), *HELPED)
    assert ("已答复 1 件" in county.text, "没有答复的 3 件" in county.text) == (True, True)
    assert county.text.count("这件有留言、照片或电话") == 2
    assert "您的辖区内没有这件办件" in county.text
    assert ["helped", "helped", None, None] == await judged(bureau, *cases)


async def test_a_revision_that_was_not_seen_is_not_answered(bureau: Office) -> None:
    """A verdict that came back from the review meanwhile was not read: it is not answered again."""
    case_id = await rating(bureau)
    desk = await tab(bureau, "desk")
    await desk.get(PAGE)
    unverifiable = (("verdict", "unverifiable"), *HELPED[1:])
    assert 200 == await desk.send(PAGE, *ticked(case_id), *unverifiable)
    await bureau.review("county", case_id, 1, decision="return", note="再看看")
    await desk.get(PAGE)
    assert f'value="{case_id}.1"' in desk.text
    assert 200 == await desk.send(PAGE, *ticked(case_id), *HELPED)
    assert "已被他人处理到第 1 次核查结论" in desk.text
    assert ["unverifiable"] == await judged(bureau, case_id)


async def test_the_page_says_what_will_wait(bureau: Office) -> None:
    """A unit's own words that none of it can be checked take effect above; the page says so."""
    case_id = await rating(bureau)
    desk = await tab(bureau, "desk")
    await desk.get(PAGE)
    assert "结论是“无法核实”的，上级复核后才生效" in desk.text
    await desk.send(PAGE, *ticked(case_id), ("verdict", "unverifiable"), *HELPED[1:])
    async with bureau.database.acquire() as conn:
        assert "in_review" == await conn.fetchval("SELECT state FROM cases")


async def test_what_is_missing_is_said_and_nothing_is_lost(bureau: Office) -> None:
    """Nothing ticked, nothing chosen, no answer, garbage for a case: told, with what was typed."""
    case_id = await rating(bureau)
    county = await tab(bureau, "county")
    await county.get(PAGE)
    finding = ("finding", "看过监控")
    assert 422 == await county.send(PAGE, *ticked(case_id), finding, ("answer", " "))
    assert ("看过监控" in county.text, f'{case_id}.0" checked' in county.text) == (True, True)
    assert 422 == await county.send(PAGE, *HELPED)
    assert "请勾选办件" in county.text
    for bad in ("x", f"{case_id}", f"{case_id}.x", "." * 40, f"{case_id}.9999999"):
        assert 422 == await county.send(PAGE, ("ids", bad), *HELPED)
    substantiated = (("verdict", "substantiated"), *HELPED[1:])
    assert 422 == await county.send(PAGE, *ticked(case_id), *substantiated)
    assert [None] == await judged(bureau, case_id)
    assert 403 == (await bureau.browse("auditor", PAGE)).status


async def test_what_is_not_bare_is_told_beside_the_list(bureau: Office) -> None:
    """Ticked in the inbox with others: the bare one is ticked here, the other counted."""
    bare, spoken = await rating(bureau), await bureau.case()
    desk = await tab(bureau, "desk")
    await desk.get("/desk")
    assert f'name="ids" value="{bare}"' in desk.text
    await desk.get(f"{PAGE}?ids={bare}&ids={spoken}")
    assert f'value="{bare}.0" checked' in desk.text
    assert "勾选的有 1 件不在这里" in desk.text


async def test_one_units_list(bureau: Office) -> None:
    """By its code, from above; a code that nobody has shows that there is none."""
    own, other = await rating(bureau), await rating(bureau, unit_code=OTHER_UNIT)
    county = await tab(bureau, "county")
    await county.get(f"{PAGE}?unit={UNIT}")
    assert [True, False] == await shown(county, own, other)
    await county.get(f"{PAGE}?unit=nowhere")
    assert "没有这样的评价" in county.text


async def add_words(bureau: Office, case_id: UUID) -> None:
    """The citizen thinks of something to say after all."""
    async with bureau.database.acquire() as conn:
        own = await conn.fetchval("SELECT submission_id FROM cases WHERE case_id = $1", case_id)
    addition = uuid4()
    sealed = bureau.seal.close("等了两小时", f"words:{addition}")
    await bureau.hear(
        SubmissionAdded(
            submission_id=own,
            addition_id=addition,
            number=1,
            words_sealed=sealed,
            added_at=clock.now(),
            unit_code=UNIT,
            kind="rating",
            satisfaction=1,
            why="open",
        )
    )


async def test_a_program_answers_them_too(bureau: Office) -> None:
    """The same act, once a key: how many, and which not, with the reason by its key."""
    first, words = await rating(bureau), await rating(bureau, words="等太久")
    body = {"ids": [f"{first}.0", f"{words}.0"], **dict(HELPED)}
    done, again = [
        await bureau.ask("county", "POST", "bulk/answer", body, key="answered-in-one-go-1")
        for _ in range(2)
    ]
    assert (201, 1) == (done.status, done.json["done"])
    assert [(str(words), "refused.not_bare")] == [
        (one["case_id"], one["key"]) for one in done.json["left"]
    ]
    assert done.json == again.json
    assert ["helped", None] == await judged(bureau, first, words)
    empty = await bureau.ask("county", "POST", "bulk/answer", body | {"ids": [], "answer": " "})
    assert (422, ["ids", "answer"]) == (empty.status, [e["field"] for e in empty.json["errors"]])
