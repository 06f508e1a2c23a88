"""Documents are read: by whom they are for, once, and what waits for that has a list."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shared.access import Operator
from shared.db import Database
from shared.values import clock
from tests.integration.scoring_desk import SEED, Scores, opened
from tests.integration.scoring_parts import cleared
from tests.integration.staff_tab import Tab

SERVICE = "scoring"


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """A criticism of unit n1, and a note that clears its officer."""
    async with opened(database) as found:
        await found.judge("n1")
        await found.hear(
            cleared(uuid4(), 1).model_copy(update={"unit_code": "n1", "named": ("P-n1",)})
        )
        yield found


def at_n1(scores: Scores, badge: str | None = None) -> Tab:
    """Somebody who works there."""
    return Tab(scores.client, SEED, Operator("o", "周四", "unit_operator", "n1", badge))


def paper(kind: str) -> str:
    """The first of this year."""
    return f"/papers/{kind}/{clock.service_day(clock.now()).year}/1"


async def test_a_document_is_read_once(scores: Scores) -> None:
    """It waits in a list, says what will happen, and afterwards when; a second time is refused."""
    tab = at_n1(scores)
    assert 200 == await tab.get("/papers/unread")
    assert [True, True] == [
        f'href="{paper(kind)}"' in tab.text for kind in ("criticism", "clearing")
    ]
    assert 200 == await tab.get(paper("criticism"))
    for words in ("记下 周四 此刻已阅", "申诉期不变"):
        assert words in tab.text
    shown = tab.text
    assert 303 == await tab.send(f"{paper('criticism')}/reading")
    assert paper("criticism") == tab.location
    assert 200 == await tab.get(paper("criticism"))
    assert (True, False) == ("已阅" in tab.text, "/reading" in tab.text)
    await tab.get("/papers/unread")
    assert f'href="{paper("criticism")}"' not in tab.text
    other = at_n1(scores)
    other.text = shown.replace('name="key" value="', 'name="key" value="another')
    assert 409 == await other.send(f"{paper('criticism')}/reading")
    assert "已经记过阅了" in other.alerts[0]


async def test_only_whom_it_is_for_says_so(scores: Scores) -> None:
    """What clears an officer that officer reads, no colleague; nobody above reads for them."""
    colleague = at_n1(scores, "P-n2")
    await colleague.get(paper("clearing"))
    assert "/reading" not in colleague.text
    assert 403 == await colleague.send(f"{paper('clearing')}/reading")
    own = at_n1(scores, "P-n1")
    await own.get(paper("clearing"))
    assert 303 == await own.send(f"{paper('clearing')}/reading")
    above = scores.tab("county_supervisor", "north")
    await above.get(paper("criticism"))
    assert 403 == await above.send(f"{paper('criticism')}/reading")
    assert 403 == await above.get("/papers/unread")
    beside = scores.tab("unit_operator", "n2")
    assert 404 == await beside.send(f"{paper('criticism')}/reading")


async def test_what_was_withdrawn_waits_for_nobody(scores: Scores) -> None:
    """The note stands, the criticism of a case that fell is no longer in the list."""
    async with scores.database.acquire() as conn:
        case = await conn.fetchval("SELECT case_id FROM criticisms")
    await scores.hear(cleared(case, 2).model_copy(update={"unit_code": "n1"}))
    tab = at_n1(scores)
    await tab.get("/papers/unread")
    assert [False, True] == [
        f'href="{paper(kind)}"' in tab.text for kind in ("criticism", "clearing")
    ]
