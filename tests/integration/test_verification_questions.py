"""The two questions after the answer, asked by phone: they count as if said on the receipt page."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.db import Database
from tests.integration.verification_office import Office, office
from tests.integration.verification_tab import tab

SERVICE = "verification"


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


@pytest.fixture
async def case_id(bureau: Office) -> UUID:
    """A case that has its answer."""
    found = await bureau.case()
    assert 201 == (await bureau.judge("desk", found)).status
    return found


async def test_what_is_said_by_phone_is_told(bureau: Office, case_id: UUID) -> None:
    """Each time once, with the verdict that the citizen knew; the time line says who asked."""
    county = await tab(bureau, "county")
    page = f"/desk/cases/{case_id}"
    await county.get(page)
    fields = (("questions-solved", "1"), ("questions-satisfied", ""))
    assert 303 == await county.send(f"{page}/questions", *fields)
    await county.get(f"{page}?done=questions")
    assert "电话里问了两问" in county.text
    await county.send(f"{page}/questions", ("questions-satisfied", "0"))
    told = await bureau.events("answer.heard.v1")
    assert [(1, 1, True, None), (2, 1, None, False)] == [
        (e["number"], e["revision"], e["solved"], e["satisfied"]) for e in told
    ]
    assert {str(case_id)} == {e["case_id"] for e in told}


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [("desk", {"solved": True}, 403), ("county", {}, 422), ("auditor", {"solved": True}, 403)],
)
async def test_who_may_ask_and_what(
    bureau: Office, case_id: UUID, who: str, body: dict[str, bool], status: int
) -> None:
    """Never the unit about itself, and not nothing at all."""
    answer = await bureau.ask(who, "POST", f"cases/{case_id}/questions", body)
    assert (status, []) == (answer.status, await bureau.events("answer.heard.v1"))


async def test_nobody_is_asked_before_there_is_an_answer(bureau: Office) -> None:
    """While the case is open, and while the verdict waits for its second look."""
    open_one, waiting = await bureau.case(), await bureau.case()
    await bureau.judge("desk", waiting, verdict="unverifiable", attribution="none")
    for found in (open_one, waiting):
        answer = await bureau.ask("county", "POST", f"cases/{found}/questions", {"solved": True})
        assert 409 == answer.status
