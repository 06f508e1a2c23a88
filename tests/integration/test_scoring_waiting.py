"""What waits is told: appeals to leadership, documents that are to be read to the desk."""

import runpy
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from services.scoring import approvals
from services.scoring.jobs import tell_older
from services.scoring.store import sanctions
from shared.access import Role
from shared.db import Database
from shared.events import AppealChanged, Envelope
from shared.values import clock
from tests.conftest import ROOT
from tests.integration.scoring_desk import Scores, opened
from tests.integration.scoring_parts import DAY, POLICIES, cleared
from tests.integration.staff_tab import somebody
from tests.support import at

SERVICE = "scoring"
DESK = "http://desk.example"
YEAR = clock.service_day(clock.now()).year
UNTOLD = runpy.run_path(str(ROOT / "services/scoring/migrations/scoring_0021.py"))["UNTOLD"]


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """The service, beside a desk."""
    async with opened(database, DESK) as found:
        yield found


def appealed(case: UUID, unit: str = "n1", days: int = 7) -> AppealChanged:
    """An officer does not accept a mark; the answer is due so many days later."""
    return AppealChanged(
        appeal_id=case, case_id=case, unit_code=unit, badge=f"P-{unit}", revision=1, version=1,
        state="filed", due_at=DAY + timedelta(days=days), changed_at=DAY,
    )  # fmt: skip


async def leadership(scores: Scores, role: Role = "leadership") -> str:
    """The page."""
    tab = scores.tab(role)
    assert 200 == await tab.get("/leadership")
    return tab.text


async def test_leadership_sees_how_many_appeals_wait(scores: Scores) -> None:
    """And by when the first is due, or how many are late; who may answer is led to the desk."""
    with at(DAY + timedelta(days=1)):
        assert "民警申诉" not in await leadership(scores)
        first = appealed(await scores.judge("n1"))
        await scores.hear(first, appealed(await scores.judge("s1"), "s1", days=9))
        page = await leadership(scores)
        assert "等着答复的民警申诉：2 件" in page
        assert "最早一件应在3月9日" in page.replace(" ", "")
        link = f'href="{DESK}/desk/mine#requests"'
        assert (False, True) == (link in page, link in await leadership(scores, "city_supervisor"))
    with at(DAY + timedelta(days=8)):
        assert "其中 1 件已过答复期限" in await leadership(scores)
        answered = first.model_copy(update={"state": "upheld", "version": 2})
        await scores.hear(answered)
        page = await leadership(scores)
        assert (True, False) == ("等着答复的民警申诉：1 件" in page, "已过答复期限" in page)


async def told(scores: Scores) -> list[tuple[str, str, str | None]]:
    """What the desk is told of documents, in order: which, what became of it, whose it is."""
    async with scores.database.acquire() as conn:
        rows = await conn.fetch(
            "SELECT body FROM outbox WHERE type = 'paper.changed.v1' ORDER BY seq"
        )
    found = [Envelope.model_validate_json(row["body"]).data for row in rows]
    return [(one["paper"], one["state"], one["badge"]) for one in found]


async def test_the_desk_is_told_of_every_document(scores: Scores) -> None:
    """When it is issued, read or taken back; not of what nobody at the unit has to read."""
    cases = [await scores.judge("n1", received_at=DAY + timedelta(days=n)) for n in range(4)]
    note = cleared(uuid4(), 1).model_copy(update={"unit_code": "n1", "named": ("P-n1",)})
    await scores.hear(note)
    issued = [(f"criticism-{YEAR}-{n}", "issued", None) for n in (1, 2, 3, 4)]
    assert [*issued, (f"clearing-{YEAR}-1", "issued", "P-n1")] == await told(scores)
    leader = somebody("leadership")
    async with scores.database.transaction(as_=leader) as conn:
        for one in await sanctions.list_newest(conn, "waiting", None, None, 99):
            body = approvals.SignatureBody(decision="sign")
            await approvals.decide(conn, POLICIES, leader, one.sanction_id, body)
    signed = [(f"{kind}-{YEAR}-1", "issued", "P-n1") for kind in ("transfer", "accountability")]
    assert set(signed) == set((await told(scores))[5:]), "no alert"
    tab = scores.tab("unit_operator", "n1")
    await tab.get(f"/papers/criticism/{YEAR}/1")
    assert 303 == await tab.send(f"/papers/criticism/{YEAR}/1/reading")
    assert (f"criticism-{YEAR}-1", "read", None) == (await told(scores))[-1]
    before = len(await told(scores))
    gone = cleared(cases[3], 2).model_copy(update={"unit_code": "n1"})
    await scores.hear(gone, gone.model_copy(update={"case_id": cases[2]}))
    assert {
        (f"criticism-{YEAR}-4", "withdrawn", None), (f"criticism-{YEAR}-3", "withdrawn", None),
        (f"transfer-{YEAR}-1", "withdrawn", "P-n1"),
    } == set((await told(scores))[before:])  # fmt: skip
    found = note.model_copy(
        update={"revision": 2, "verdict": "substantiated", "attribution": "unit", "named": ()}
    )
    await scores.hear(found)
    assert (f"clearing-{YEAR}-1", "withdrawn", "P-n1") in await told(scores)


async def test_documents_of_before_are_told_once(
    scores: Scores, postgres: Postgres, database: Database
) -> None:
    """What is in force and unread; what was read or withdrawn before waits for nobody."""
    cases = [await scores.judge("n1", received_at=DAY + timedelta(days=n)) for n in range(3)]
    await scores.hear(cleared(cases[2], 2).model_copy(update={"unit_code": "n1"}))
    tab = scores.tab("unit_operator", "n1")
    await tab.get(f"/papers/criticism/{YEAR}/1")
    await tab.send(f"/papers/criticism/{YEAR}/1/reading")
    async with database.acquire() as conn:
        name = await conn.fetchval("SELECT current_database()")
        await conn.execute("DELETE FROM outbox")
    owner = await asyncpg.connect(postgres.url(name))
    await owner.execute("INSERT INTO" + UNTOLD.split("INSERT INTO")[1].split(";")[0])
    await owner.close()
    assert (1, 0) == (await tell_older(database), await tell_older(database))
    assert [(f"criticism-{YEAR}-2", "issued", None)] == await told(scores)
