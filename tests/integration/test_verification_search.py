"""Finding cases by number, phone, unit or words, within what one may see."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from shared.db import Database
from shared.events import ContactErased, SubmissionAdded
from shared.values import clock
from tests.integration.verification_office import (
    FAR_UNIT,
    OTHER_UNIT,
    PHONE,
    UNIT,
    Office,
    office,
)

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def run(bureau: Office, job: str) -> None:
    """What a job does by the clock, until nothing is left."""
    work = {one.name: one for one in bureau.service.jobs}[job]
    while await work.run():
        pass


async def found(bureau: Office, who: str, said: str, more: str = "") -> list[str]:
    """The cases on the page for what somebody types, as they stand there."""
    await run(bureau, "read_words")
    page = await bureau.browse(who, f"/desk?q={quote(said)}{more}")
    assert 200 == page.status
    return re.findall(r'<tr data-case="([0-9a-f-]+)"', page.text)


async def added(bureau: Office, case_id: UUID, words: str) -> None:
    """The citizen adds some words."""
    async with bureau.database.acquire() as conn:
        submission_id = await conn.fetchval(
            "SELECT submission_id FROM cases WHERE case_id = $1", case_id
        )
    own = uuid4()
    sealed = bureau.seal.close(words, f"words:{own}")
    await bureau.hear(
        SubmissionAdded.model_validate(
            {
                "addition_id": own, "submission_id": submission_id, "unit_code": UNIT,
                "kind": "complaint", "satisfaction": 1, "number": 1, "why": "open",
                "words_sealed": sealed, "added_at": clock.now(), "language": "zh",
            }
        )
    )  # fmt: skip


async def test_words_are_found(bureau: Office) -> None:
    """By any part of two characters or more, the newest first, in either script, also closed."""
    old = await bureau.case(words="窗口没有人，等了一小时")
    other = await bureau.case(words="叫号机坏了")
    new = await bureau.case(words="下午窗口又沒有人")
    await bureau.judge("city", old)
    assert [str(new), str(old)] == await found(bureau, "county", "没有人")
    assert [str(old)] == await found(bureau, "county", "窗口 一小时")
    assert [str(other)] == await found(bureau, "county", "叫号机")
    assert [] == await found(bureau, "county", "机号叫")
    assert [] == await found(bureau, "county", "人")


async def test_what_is_added_later_is_found_too(bureau: Office) -> None:
    """The words of the submission and those that came afterwards."""
    case_id = await bureau.case(words="窗口没有人")
    await run(bureau, "read_words")
    await added(bureau, case_id, "后来补办了居住证")
    assert [str(case_id)] == await found(bureau, "county", "居住证")
    assert [str(case_id)] == await found(bureau, "county", "窗口没有人")


@pytest.mark.parametrize(
    "said", [PHONE, "138 0013 8000", "１３８００１３８０００", "0086-13800138000"]
)
async def test_a_phone_is_found_however_it_is_written(bureau: Office, said: str) -> None:
    """All its cases, and nobody else's."""
    one, two = await bureau.case(), await bureau.case(words=None)
    await bureau.case(phone="+8613900139000")
    assert [str(two), str(one)] == await found(bureau, "county", said)


async def test_a_number_is_found(bureau: Office) -> None:
    """As people say it; a phone that could be read as a number is a phone."""
    await bureau.case(phone=None)
    case_id = await bureau.case()
    listed = (await bureau.ask("city", "GET", "cases?state=all")).json["items"]
    number = next(one["number"] for one in listed if one["case_id"] == str(case_id))
    assert [str(case_id)] == await found(bureau, "county", f"办件 {number}")
    assert [str(case_id)] == await found(bureau, "county", PHONE[3:])


async def test_a_unit_is_found(bureau: Office) -> None:
    """By its code or a part of its name: its open work; a word in all names means none of them."""
    one, other = await bureau.case(), await bureau.case(unit_code=OTHER_UNIT, words="寒冻那边")
    await bureau.judge("city", await bureau.case(), verdict="helped", attribution="none")
    for said in ("汝南埠", "runan-bu"):
        assert [str(other)] == await found(bureau, "county", said)
    shown = await found(bureau, "county", "寒冻")
    assert (True, False) == (str(one) in shown, str(other) in shown)
    assert [str(other)] == await found(bureau, "county", "寒冻", "&words=1")


async def test_nobody_finds_more_than_they_may_see(bureau: Office) -> None:
    """Not another unit's cases, not those about oneself, by no way of looking."""
    far = await bureau.case(unit_code=FAR_UNIT, words="东高没有人", phone="+8613900139000")
    about = await bureau.case(words="民警说没有人管", officer_badge="170001")
    for said in ("没有人", "13900139000", "东高", FAR_UNIT, str(far)):
        assert str(far) not in await found(bureau, "desk", said)
    assert [str(about)] == await found(bureau, "county", "没有人")
    assert [] == await found(bureau, "accused", "没有人")
    assert [str(about), str(far)] == await found(bureau, "city", "没有人")


async def test_what_is_erased_is_found_no_more(bureau: Office) -> None:
    """Neither by words nor by phone, and nothing of the words is left."""
    case_id = await bureau.case(kind="rating", satisfaction=1, words="窗口没有人")
    assert [str(case_id)] == await found(bureau, "county", "没有人")
    await bureau.judge("city", case_id)
    async with bureau.database.acquire() as conn:
        await conn.execute("UPDATE cases SET review_pending = false, review_due_at = NULL")
        submission_id = await conn.fetchval("SELECT submission_id FROM cases")
    await bureau.hear(ContactErased(submission_id=submission_id, erased_at=clock.now()))
    await run(bureau, "erase_cases")
    assert [] == await found(bureau, "county", "没有人")
    assert [] == await found(bureau, "county", PHONE)
    async with bureau.database.acquire() as conn:
        assert 0 == await conn.fetchval("SELECT count(*) FROM case_grams")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("人", "至少写两个字"), ("！！", "至少写两个字"), ("根本没有的事", "没有找到"),
        ("8QK2-M4XR-7TDW-P9AZ", "回执码只有群众自己能查"),
    ],
)  # fmt: skip
async def test_what_cannot_be_found_is_told(bureau: Office, said: str, told: str) -> None:
    """And what was typed stands there still."""
    page = await bureau.browse("county", f"/desk?q={quote(said)}")
    assert (200, True, True) == (page.status, told in page.text, f'value="{said}"' in page.text)
