"""Words of praise reach whom they name, the unit, and those above it; and nobody else (rule 17)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from shared.access import CASE_READERS
from shared.db import Database
from shared.events import ContactErased, SubmissionAdded
from shared.values import clock
from tests.integration.verification_office import FAR_UNIT, OTHER_UNIT, UNIT, Office, office
from tests.integration.verification_tab import tab

SERVICE = "verification"
PLACE = "/desk/commendations"
WORDS = "帮我多跑了一趟，谢谢甲警官"
NAMED = '甲 <span class="tag">170001</span>'


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def praise(bureau: Office, words: str = WORDS, **changed: Any) -> UUID:
    """A rating of 5 that came with its words; its id."""
    values = {"kind": "rating", "satisfaction": 5, "categories": (), "phone": None}
    own = {"submission_id": uuid7()}
    event = bureau.submission(words=words, **(own | values | changed))
    await bureau.hear(event)
    return event.submission_id


async def read(bureau: Office, who: str, asked: str = "") -> str:
    """The page."""
    page = await bureau.browse(who, f"{PLACE}{asked}")
    assert 200 == page.status
    return page.text


async def seen(bureau: Office, *words: str, asked: str = "") -> dict[str, list[str]]:
    """Who reads which of these words."""
    people = ("desk", "accused", "neighbour", "county", "elsewhere", "city", "auditor")
    pages = {who: await read(bureau, who, asked) for who in people}
    return {who: [one for one in words if one in page] for who, page in pages.items()}


async def test_the_unit_and_those_above_read_it(bureau: Office) -> None:
    """With the officer's name, the unit's and the day; a neighbour and another county do not."""
    await praise(bureau, officer_badge="170001")
    both = [WORDS, NAMED]
    found = await seen(bureau, *both)
    assert found == {
        "desk": both, "accused": both, "neighbour": [], "county": both, "elsewhere": [],
        "city": both, "auditor": both,
    }  # fmt: skip
    assert "寒冻派出所户籍室" in await read(bureau, "county")


async def test_it_follows_the_officer(bureau: Office) -> None:
    """What names somebody who has moved is theirs to read, in whatever unit it was said."""
    await praise(bureau, "说的是甲", unit_code=FAR_UNIT, officer_badge="170001")
    await praise(bureau, "说的是别人", unit_code=FAR_UNIT, officer_badge="170003")
    found = await seen(bureau, "说的是甲", "说的是别人")
    assert (["说的是甲"], []) == (found["accused"], found["desk"])
    assert ["说的是甲", "说的是别人"] == found["elsewhere"]


async def test_one_may_look_for_ones_own(bureau: Office) -> None:
    """Only who has a badge on record is offered it."""
    await praise(bureau, "说的是甲", officer_badge="170001")
    await praise(bureau, "没有说谁")
    for who, words in (("accused", ["说的是甲"]), ("desk", [])):
        page = await read(bureau, who, "?mine=1")
        assert words == [one for one in ("说的是甲", "没有说谁") if one in page]
    assert 'name="mine"' in await read(bureau, "accused")
    assert 'name="mine"' not in await read(bureau, "county")


async def test_words_that_came_later_are_read_as_well(bureau: Office) -> None:
    """From the page of thanks, with a name that was typed instead of chosen."""
    own = uuid7()
    await bureau.hear(SubmissionAdded(
        addition_id=own, submission_id=uuid7(), number=1, unit_code=UNIT, kind="rating",
        satisfaction=4, words_sealed=bureau.seal.close("后来想起来", f"words:{own}"),
        officer_typed_sealed=bureau.seal.close("王警官", f"words:{own}:officer"),
        added_at=clock.now(), why="thanks",
    ))  # fmt: skip
    page = await read(bureau, "desk")
    assert ["后来想起来", "王警官"] == [one for one in ("后来想起来", "王警官") if one in page]


async def test_the_citizens_phone_is_not_shown(bureau: Office) -> None:
    """Neither the one that was left nor one in the words, however it is written there."""
    written = "有事打 138 0013 8000 或 13900139000 或 0396-2912345"
    await praise(bureau, written, phone="+8613700137000", officer_badge="170001")
    page = await read(bureau, "accused")
    digits = page.replace(" ", "").replace("-", "")
    assert [] == [
        one for one in ("13800138000", "13900139000", "13700137000", "2912345") if one in digits
    ]
    assert "138****8000" in page


async def test_what_is_held_is_no_praise_before_it_is_released(bureau: Office) -> None:
    """A flood of praise is read by nobody but who decides about it."""
    held = await praise(bureau, held="burst")
    assert WORDS not in await read(bureau, "desk")
    body = {"ids": [str(held)], "outcome": "released", "reason": "核过"}
    assert 201 == (await bureau.ask("county", "POST", "holds/decisions", body)).status
    assert WORDS in await read(bureau, "desk")


async def test_a_complaint_is_no_praise(bureau: Office) -> None:
    """Nor a rating of 3, nor one of 5 without words."""
    await bureau.case(words="排了两小时")
    await praise(bureau, "还行", satisfaction=3)
    await praise(bureau, "")
    page = await read(bureau, "city")
    assert "还没有表扬" in page
    assert [] == [one for one in ("排了两小时", "还行") if one in page]


async def test_erased_words_are_said_to_be(bureau: Office) -> None:
    """That there was praise stays."""
    submission_id = await praise(bureau, officer_badge="170001")
    await bureau.hear(ContactErased(submission_id=submission_id, erased_at=clock.now()))
    erase = next(job for job in bureau.service.jobs if job.name == "erase_cases")
    await erase.run()
    page = await read(bureau, "desk")
    assert WORDS not in page
    assert "原话已按期限删除" in page
    assert NAMED in page


async def test_there_are_pages(bureau: Office) -> None:
    """The newest first, 25 at a time, each once; the filter goes along."""
    for number in range(30):
        await praise(bureau, f"第{number:03}位")
    await praise(bureau, "别处", unit_code=OTHER_UNIT)
    first = await read(bureau, "county", f"?unit={UNIT}")
    link = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = (await bureau.browse("county", link.replace("&amp;", "&"))).text
    told = [f"第{number:03}位" for number in range(30)]
    assert (told[5:], told[:5]) == (
        [one for one in told if one in first], [one for one in told if one in second]
    )  # fmt: skip
    assert first.index(told[29]) < first.index(told[28])
    assert 'rel="next"' not in second
    assert "别处" not in first + second


@pytest.mark.parametrize("asked", ["?before=x", "?mine=x", "?unit=%00", "?before=&mine=", "?x=1"])
async def test_a_strange_link_shows_the_list(bureau: Office, asked: str) -> None:
    """Not an error."""
    await praise(bureau)
    assert WORDS in await read(bureau, "desk", asked)


async def test_it_is_for_whoever_works_on_cases(bureau: Office) -> None:
    """The inbox leads there; other roles have no business in what citizens wrote."""
    for who in ("admin", "leader"):
        assert 403 == (await bureau.browse(who, PLACE)).status
    assert 303 == (await bureau.browse("", PLACE)).status
    inbox = await bureau.browse("desk", "/desk")
    assert f'href="{PLACE}"' in inbox.text
    assert {"leadership", "system_admin"}.isdisjoint(CASE_READERS)


async def test_it_speaks_english_too(bureau: Office) -> None:
    """And every word of it."""
    page = await read(bureau, "desk", "?lang=en")
    assert "Commendations" in page
    assert "There are none yet." in page


TYPED = "王警官"


async def unnamed(bureau: Office, **changed: Any) -> UUID:
    """Praise that names somebody only in typed words."""
    own = uuid7()
    sealed = bureau.seal.close(TYPED, f"words:{own}:officer")
    return await praise(bureau, submission_id=own, officer_typed_sealed=sealed, **changed)


async def say(bureau: Office, who: str, own: UUID, badge: str) -> tuple[int, str]:
    """Somebody says on the page whom it means; status and page."""
    page = await tab(bureau, who)
    assert 200 == await page.get(f"{PLACE}/{own}")
    status = await page.send(f"{PLACE}/{own}", ("badge", badge))
    return (await page.get(page.location) if status == 303 else status), page.text


async def told(bureau: Office) -> list[tuple[int, str | None]]:
    """What scoring was told of it."""
    events = await bureau.events("commendation.attributed.v1")
    return [(one["number"], one["officer_badge"]) for one in events]


async def test_the_unit_says_whom_typed_praise_means(bureau: Office) -> None:
    """It is the officer's from then on, with who said so; taken back, it is nobody's again."""
    own = await unnamed(bureau)
    assert WORDS not in await read(bureau, "accused", "?mine=1")
    assert f"{PLACE}/{own}" in await read(bureau, "desk")
    status, page = await say(bureau, "desk", own, "170001")
    assert (200, True, True) == (status, TYPED in page, NAMED in page)
    assert "desk 定为 170001" in page
    assert WORDS in await read(bureau, "accused", "?mine=1")
    assert NAMED in await read(bureau, "auditor")
    _, page = await say(bureau, "county", own, "")
    assert ("county 撤回了" in page, NAMED in page) == (True, False)
    assert WORDS not in await read(bureau, "accused", "?mine=1")
    assert [(1, "170001"), (2, None)] == await told(bureau)


async def test_saying_the_same_again_is_no_second_word(bureau: Office) -> None:
    """Two people who say the same have said it once."""
    own = await unnamed(bureau)
    await say(bureau, "desk", own, "170001")
    await say(bureau, "county", own, "170001")
    assert [(1, "170001")] == await told(bureau)


async def test_nobody_praises_themselves_or_somebody_elsewhere(bureau: Office) -> None:
    """The page says so and changes nothing; nor does what the citizen chose give way."""
    own, chosen = await unnamed(bureau), await praise(bureau, officer_badge="170002")
    for who, badge, why in (
        ("accused", "170001", "不能记到自己名下"), ("desk", "170003", "请选本窗口在岗的民警"),
    ):  # fmt: skip
        status, shown = await say(bureau, who, own, badge)
        assert (422, True) == (status, why in shown)
    page = await tab(bureau, "county")
    await page.get(f"{PLACE}/{own}")
    assert 409 == await page.send(f"{PLACE}/{chosen}", ("badge", "170001"))
    assert "群众自己选了民警" in page.text
    assert [] == await told(bureau)


async def test_another_unit_says_nothing(bureau: Office) -> None:
    """It does not exist for a neighbour; the auditor reads, and is offered no form."""
    own = await unnamed(bureau)
    for who in ("neighbour", "elsewhere"):
        assert 404 == (await bureau.browse(who, f"{PLACE}/{own}")).status
        other = await tab(bureau, who)
        await other.get(PLACE)
        assert 404 == await other.send(f"{PLACE}/{own}", ("badge", "170001"))
    page = await bureau.browse("auditor", f"{PLACE}/{own}")
    assert (200, False) == (page.status, "<select" in page.text)
    assert [] == await told(bureau)


async def test_who_moved_away_reads_it_and_does_not_change_it(bureau: Office) -> None:
    """What was said of them elsewhere follows them; what it means is that unit's to say."""
    own = await unnamed(bureau, unit_code=FAR_UNIT)
    async with bureau.database.acquire() as conn:
        await conn.execute(
            "UPDATE commendations SET attributed_badge = '170001' WHERE commendation_id = $1", own
        )
    page = await bureau.browse("accused", f"{PLACE}/{own}")
    assert (200, True, False) == (page.status, WORDS in page.text, "<select" in page.text)
    mine = await tab(bureau, "accused")
    await mine.get(PLACE)
    assert 404 == await mine.send(f"{PLACE}/{own}", ("badge", ""))
