"""What is the inspection's has documents, too: none of them says to anybody what it was about."""

from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pypdfium2
import pytest

from services.scoring import approvals
from services.scoring.store import sanctions
from services.scoring.store.papers import KINDS
from shared import statements
from shared.access import OUTSIDERS, Operator
from shared.db import Database
from shared.papers.printer import Printer
from shared.values import clock
from tests.integration.scoring_desk import SEED, Scores, opened
from tests.integration.scoring_parts import DAY, POLICIES, cleared
from tests.integration.staff_tab import Tab, somebody

SERVICE = "scoring"
YEAR = clock.service_day(clock.now()).year
NUMBER, SUBJECT = "26-000666", "廉洁"
KEPT: dict[str, Any] = {"categories": ("integrity",), "number": NUMBER, "recused": (OUTSIDERS,)}

OUTSIDE = [
    Operator("o", "周四", "unit_operator", "n1"),
    Operator("p", "民警", "unit_operator", "n1", "P-n1"),
    Operator("t", "孙五", "unit_operator", "s1"),
    somebody("county_supervisor", "north"),
    somebody("city_supervisor"),
    somebody("leadership"),
]
INSIDE = [somebody("inspection"), somebody("auditor")]


@pytest.fixture
async def scores(database: Database) -> AsyncIterator[Scores]:
    """A document of every kind, each about nothing but what the inspection dealt with."""
    async with opened(database) as found:
        for day in range(4):
            await found.judge("n1", received_at=DAY + timedelta(days=day), **KEPT)
        for month in (3, 4):
            for day in range(1, 4):
                at = DAY.replace(month=month, day=day)
                await found.judge("s1", officers=(), attribution="unit", received_at=at, **KEPT)
        named = {"unit_code": "n1", "named": ("P-n1",)}
        await found.hear(cleared(uuid4(), 1).model_copy(update=named | KEPT))
        leader = somebody("leadership")
        async with database.transaction(as_=leader) as conn:
            for one in await sanctions.list_newest(conn, "waiting", None, None, 99):
                body = approvals.SignatureBody(decision="sign")
                await approvals.decide(conn, POLICIES, leader, one.sanction_id, body)
        yield found


async def read(scores: Scores, who: Operator, path: str) -> tuple[int, str]:
    """A page, or what a program gets."""
    headers = Tab(scores.client, SEED, who).headers
    if path.startswith("/api/"):
        headers = {"Authorization": f"Bearer {statements.issue(who, SEED)}"}
    async with scores.client.get(path, headers=headers) as response:
        return response.status, unescape(await response.text())


def telling(told: str) -> list[str]:
    """What of the case it gives away."""
    return [words for words in (NUMBER, SUBJECT, "integrity") if words in told]


async def test_no_document_tells_what_it_was_about(scores: Scores) -> None:
    """Neither its page nor what programs get of it, nor a list that it stands in."""
    for kind in KINDS:
        seen = 0
        for who in OUTSIDE:
            for path in (f"papers/{kind}/{YEAR}/1", f"papers?kind={kind}"):
                for address in (f"/{path}", f"/api/v1/{path}"):
                    status, told = await read(scores, who, address)
                    assert [] == telling(told), (who, address)
                    seen += status == 200
        assert seen >= 16, "both lists for all, the document for its own unit and those above"


async def test_no_file_tells_what_it_was_about(scores: Scores) -> None:
    """Not even that of an auditor, who may hand it on."""
    printer = next(each for each in scores.service.resources if isinstance(each, Printer))
    headers = Tab(scores.client, SEED, somebody("auditor")).headers
    async with printer:
        for kind in KINDS:
            path = f"/papers/{kind}/{YEAR}/1/paper.pdf"
            async with scores.client.get(path, headers=headers) as response:
                document = pypdfium2.PdfDocument(await response.read())
            pages = [document[n].get_textpage().get_text_range() for n in range(len(document))]
            told = "".join("".join(pages).split())
            assert (True, []) == (f"〔{YEAR}〕1号" in told, telling(told)), kind


async def test_a_document_says_the_same_to_everybody(scores: Scores) -> None:
    """The inspection reads beside it which cases they were; its own words name none of them."""
    for kind in KINDS:
        path = f"/api/v1/papers/{kind}/{YEAR}/1"
        told = [await scores.get(path, who.role) for who in (*INSIDE, somebody("leadership"))]
        assert [200] * 3 == [status for status, _ in told]
        bodies = [body["body"] for _, body in told]
        assert [bodies[0]] * 3 == bodies
        assert [] == telling("".join(bodies[0]))
        numbers = [{case["number"] for case in body["cases"]} for _, body in told]
        assert [{NUMBER}, {NUMBER}, {""}] == numbers
    _, body = await scores.get(f"/api/v1/papers/criticism/{YEAR}/1")
    assert "2026年3月2日收到、由市局督察办理的投诉，经核查属实" in body["body"][0]


async def test_lists_to_take_away_and_to_read_tell_no_more(scores: Scores) -> None:
    """Each kind as a file, and what waits for its readers at the unit."""
    tab = scores.tab("leadership")
    for kind in KINDS:
        await tab.get(f"/papers?kind={kind}")
        assert 200 == await tab.send("/papers/exports", asked=f"kind={kind}", format="csv")
        assert (True, []) == (f"〔{YEAR}〕1号" in tab.text, telling(tab.text)), kind
    for unit in ("n1", "s1"):
        status, told = await read(scores, somebody("unit_operator", unit), "/papers/unread")
        assert (200, []) == (status, telling(told))
