"""Cases that may be about one event are shown to whoever works on one, and joined by a click."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.verification.casework.acts import likeness
from shared.db import Connection, Database
from shared.values import clock
from tests.integration.verification_case import DESK, PEOPLE, Casework
from tests.integration.verification_office import OTHER_UNIT, office
from tests.integration.verification_tab import tab

SERVICE = "verification"
WORDS = "等了一上午没有人，窗口一直关着"
LIKE = "窗口一直关着，等了一上午也没有人"


@pytest.fixture
async def casework(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


async def alike(casework: Casework, who: str, case_id: UUID) -> list[tuple[UUID, str]]:
    """What is shown to somebody beside a case."""
    case = await casework.stands(case_id)
    async with casework.acting(who):
        found = await likeness.suggestions(casework.conn, DESK, PEOPLE[who], case)
    return [(one.case.case_id, one.why) for one in found]


async def two(casework: Casework, **changed: Any) -> tuple[UUID, UUID]:
    """A case, and another that differs in what is named."""
    one = await casework.open(words=WORDS, phone=None)
    return one, await casework.open(**{"words": LIKE, "phone": None} | changed)


async def test_similar_words_of_one_day_are_shown(casework: Casework) -> None:
    """Each on the other's page."""
    one, other = await two(casework)
    assert [(other, "words")] == await alike(casework, "desk", one)
    assert [(one, "words")] == await alike(casework, "desk", other)


async def test_the_same_phone_comes_first(casework: Casework) -> None:
    """Whatever its words are."""
    one = await casework.open(words=WORDS)
    like, same = await casework.open(words=LIKE, phone=None), await casework.open(words="别的事")
    assert [(same, "phone"), (like, "words")] == await alike(casework, "desk", one)


@pytest.mark.parametrize(
    "changed",
    [
        {"words": "让我回去补材料，跑了三趟"},
        {"unit_code": OTHER_UNIT},
        {"received_at": clock.now() - timedelta(days=2)},
        {"words": None},
    ],
    ids=["other words", "other unit", "other day", "no words"],
)
async def test_what_is_not_alike_is_not_shown(casework: Casework, changed: dict[str, Any]) -> None:
    """Other words, another unit, another day."""
    one, _ = await two(casework, **changed)
    assert [] == await alike(casework, "county", one)


async def test_nobody_sees_more_than_they_may(casework: Casework) -> None:
    """A case that is kept from the operator is not suggested to them either."""
    one, _ = await two(casework, officer_badge="170009")
    assert [] == await alike(casework, "desk", one)
    assert 1 == len(await alike(casework, "city", one))


async def test_one_click_writes_the_join_into_the_verdict(database: Database) -> None:
    """What else was typed stays; the verdict then joins, and what belongs together is not shown."""
    async with office(database) as bureau:
        first = await bureau.case(words=WORDS, phone=None)
        second = await bureau.case(words=LIKE, phone=None)
        async with database.acquire() as conn:
            number = await conn.fetchval("SELECT number FROM cases WHERE case_id = $1", first)
        desk = await tab(bureau, "desk")
        page = f"/desk/cases/{second}"
        assert 200 == await desk.get(page)
        assert f'name="join" value="{number}"' in desk.text
        assert 303 == await desk.send(page, ("join", number), ("verdicts-finding", "属实"))
        assert f"{page}?done=joined" == desk.location
        assert 200 == await desk.get(desk.location)
        assert f'name="verdicts-incident" value="{number}"' in desk.text
        assert ">\n属实</textarea>" in desk.text or ">属实</textarea>" in desk.text
        done = await bureau.judge("desk", second, incident=number)
        assert 201 == done.status, done.json
        assert 201 == (await bureau.review("county", second, 1)).status
        assert 200 == await desk.get(page)
        assert 'name="join"' not in desk.text
