"""What waits beside cases is counted where whoever it waits for lands: appeals, documents."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.verification.watching import Watch
from shared.db import Database
from shared.events import PaperChanged, PaperState
from shared.values import clock
from tests.integration import verification_case
from tests.integration.test_verification_appeals import answered, marked, own
from tests.integration.verification_office import UNIT, Office, office

SERVICE = "verification"
DESK, SCORING = "http://desk.example", "http://scoring.example"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau, beside scoring."""
    urls = {"verification": DESK, "scoring": SCORING}
    async with office(database, staff_urls=urls) as opened:
        yield opened


async def rail(bureau: Office, who: str, view: str) -> str | None:
    """What the inbox counts under a view; None where somebody has no such view."""
    page = await bureau.browse(who, "/desk")
    assert 200 == page.status
    found = re.search(f'<b data-count="{view}">([^<]*)</b>', page.text)
    return found[1] if found else None


async def gauges(bureau: Office) -> tuple[float | None, float | None]:
    """How many appeals wait, and how long the oldest has waited."""
    await Watch(bureau.database, verification_case.DESK.policies).observe()
    names = ("mashang_appeals_waiting", "mashang_appeal_age_seconds")
    number, seconds = (REGISTRY.get_sample_value(name) for name in names)
    return number, seconds


async def test_appeals_wait_where_they_are_answered(bureau: Office) -> None:
    """At the county above the unit and at the city, until one answers; nobody judges their own."""
    assert (0, 0) == await gauges(bureau)
    assert ["0", "0"] == [await rail(bureau, who, "answer") for who in ("county", "city")]
    case_id = await marked(bureau)
    assert 303 == await own(bureau, "accused", case_id)
    seen = {who: await rail(bureau, who, "answer")
            for who in ("county", "city", "elsewhere", "desk", "accused", "auditor")}  # fmt: skip
    assert {
        "county": "1", "city": "1", "elsewhere": "0", "desk": None, "accused": None,
        "auditor": None,
    } == seen  # fmt: skip
    number, seconds = await gauges(bureau)
    assert (1, True) == (number, 0 <= (seconds or 0) < 600)
    assert 'href="/desk/mine#requests"' in (await bureau.browse("county", "/desk")).text
    assert 'id="requests"' in (await bureau.browse("county", "/desk/mine")).text
    assert 303 == await answered(bureau, "county", case_id, "refuse")
    assert "0" == await rail(bureau, "county", "answer")
    assert (0, 0) == await gauges(bureau)


async def test_an_appeal_past_its_day_stands_out(bureau: Office) -> None:
    """The count is of the colour of what is late, and the gauge says how old it is."""
    case_id = await marked(bureau)
    assert 303 == await own(bureau, "accused", case_id)
    shown = (await bureau.browse("county", "/desk")).text
    assert 'href="/desk/mine#requests" class="late"' not in shown
    async with bureau.database.acquire() as conn:
        await conn.execute(
            """UPDATE case_requests SET asked_at = asked_at - interval '30 days',
               due_at = due_at - interval '30 days'"""
        )
    shown = (await bureau.browse("county", "/desk")).text
    assert 'href="/desk/mine#requests" class="late"' in shown
    _, seconds = await gauges(bureau)
    assert timedelta(days=30) <= timedelta(seconds=seconds or 0) < timedelta(days=31)


def paper(name: str, state: PaperState = "issued", badge: str | None = None) -> PaperChanged:
    """What scoring says of a document of the unit."""
    version = ("issued", "read", "withdrawn").index(state) + 1
    return PaperChanged(
        paper=name, unit_code=UNIT, badge=badge, state=state, version=version,
        changed_at=clock.now(),
    )  # fmt: skip


async def test_documents_wait_for_whom_they_are(bureau: Office) -> None:
    """The unit's for everybody there, an officer's for that one; nobody elsewhere counts them."""
    assert "0" == await rail(bureau, "accused", "unread")
    await bureau.hear(paper("criticism-2026-1"))
    await bureau.hear(paper("clearing-2026-1", badge="170001"))
    seen = {who: await rail(bureau, who, "unread")
            for who in ("accused", "desk", "neighbour", "county", "auditor")}  # fmt: skip
    assert {
        "accused": "2", "desk": "1", "neighbour": "0", "county": None, "auditor": None
    } == seen  # fmt: skip
    page = (await bureau.browse("accused", "/desk")).text
    assert f'href="{SCORING}/papers/unread" class="late"' in page


async def test_what_was_read_or_withdrawn_waits_no_longer(bureau: Office) -> None:
    """Whatever comes first, and however often it comes."""
    for state in ("read", "withdrawn"):
        await bureau.hear(paper(f"{state}-2026-1"))
        for told in (state, "issued", state):
            await bureau.hear(paper(f"{state}-2026-1", told))
        await bureau.hear(paper(f"{state}-2026-2", state))
        await bureau.hear(paper(f"{state}-2026-2"))
    assert "0" == await rail(bureau, "desk", "unread")
