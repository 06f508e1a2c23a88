"""Before a verdict: cases are joined and taken apart by the level above, or said to differ."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.verification.casework.acts import likeness, requests
from services.verification.casework.bodies import DecisionBody, IncidentBody, UnlikeBody
from shared.db import Connection, Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.values import clock
from tests.integration.test_verification_assigning import sent
from tests.integration.verification_case import DESK, PEOPLE, Casework
from tests.integration.verification_office import OTHER_UNIT, office
from tests.support import at

SERVICE = "verification"
WHY = "同一天同一个窗口，说的是一件事"
WORDS = "等了一上午没有人，窗口一直关着"


@pytest.fixture
async def casework(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


async def ask(
    casework: Casework, who: str, case_id: UUID, other: object = "", decision: str = "merge"
) -> UUID:
    """Ask for it; the request's id."""
    body = IncidentBody.model_validate(
        {"decision": decision, "incident": str(other), "reason": WHY}
    )
    return UUID(await casework.act(who, requests.ask_incident, case_id, body))


async def decide(
    casework: Casework, who: str, case_id: UUID, request_id: UUID, decision: str = "grant"
) -> None:
    """Answer it."""
    told = {"request_id": request_id, "decision": decision, "word": "看过两边的话"}
    await casework.act(who, requests.decide, case_id, DecisionBody.model_validate(told))


async def incident(casework: Casework, case_id: UUID) -> UUID:
    """To which a case belongs."""
    return (await casework.stands(case_id)).incident_id


async def test_a_join_asked_for_holds_once_the_level_above_grants_it(casework: Casework) -> None:
    """Not before, not by an equal; then all of both belong together, each is told once."""
    one, other, along = [await casework.open() for _ in range(3)]
    first = await ask(casework, "county", along, one)
    await decide(casework, "city", along, first)
    await casework.said()
    asked = await ask(casework, "desk", one, (await casework.stands(other)).number)
    assert [] == await casework.said("incident.changed.v1")
    with pytest.raises(Forbidden):
        await decide(casework, "accused", one, asked)
    await decide(casework, "county", one, asked)
    assert {await incident(casework, other)} == {await incident(casework, c) for c in (one, along)}
    told = await casework.said("incident.changed.v1")
    assert {str(one), str(along)} == {event["case_id"] for event in told}
    assert 2 == len(told)
    acts = [action for action, _ in await casework.timeline(one)]
    assert ["opened", "merge_asked", "merge_granted", "incident"] == acts


async def test_a_case_is_taken_apart_again(casework: Casework) -> None:
    """Asked and granted alike; what is alone has nothing to part from."""
    one, other = await casework.open(), await casework.open()
    await decide(casework, "county", one, await ask(casework, "desk", one, other))
    await decide(casework, "county", one, await ask(casework, "desk", one, decision="split"))
    assert await incident(casework, one) != await incident(casework, other)
    with pytest.raises(Invalid, match="incident_is_so"):
        await ask(casework, "desk", one, decision="split")


async def test_a_refusal_and_silence_leave_them_two(casework: Casework) -> None:
    """After a refusal it may be asked again; what nobody answers in a day lapses."""
    one, other = await casework.open(), await casework.open()
    await decide(casework, "county", one, await ask(casework, "desk", one, other), "refuse")
    asked = await ask(casework, "desk", one, other)
    with pytest.raises(Conflict, match="asked_already"):
        await ask(casework, "accused", one, other)
    with at(clock.now() + timedelta(days=2)), pytest.raises(Conflict, match="request_over"):
        await decide(casework, "county", one, asked)
    await casework.conn.execute("UPDATE case_requests SET due_at = mashang_now()")
    assert 1 == await requests.lapse(casework.conn, 10)
    assert await incident(casework, one) != await incident(casework, other)
    assert ("merge_lapsed", "") == (await casework.timeline(one))[-1]


async def test_what_cannot_be_joined_is_refused_in_words(casework: Casework) -> None:
    """No case named, another unit's, one kept from who asks, one that is with it already."""
    one, far = await casework.open(), await casework.open(unit_code=OTHER_UNIT)
    hidden = await casework.open(officer_badge="170009")
    for other, key in (("", "needed"), (far, "unknown"), (hidden, "unknown"), (one, "is_so")):
        with pytest.raises(Invalid, match=f"incident_{key}"):
            await ask(casework, "desk", one, other)
    body = IncidentBody(decision="merge", incident=str(one), reason=" ")
    with pytest.raises(Invalid, match="reason_needed"):
        await casework.act("desk", requests.ask_incident, one, body)
    with pytest.raises(NotFound):
        await ask(casework, "neighbour", one, far)


async def test_who_may_not_see_the_other_case_reads_no_number_and_grants_nothing(
    casework: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request shows them a case of others'; granting it takes somebody whom neither names."""
    await casework.conn.execute("UPDATE operators SET badge = '170002' WHERE username = 'city'")
    monkeypatch.setitem(PEOPLE, "city", replace(PEOPLE["city"], badge="170002"))
    one, other = await casework.open(), await casework.open(officer_badge="170002")
    asked, case = await ask(casework, "city2", one, other), await casework.stands(one)
    async with casework.acting("city"):
        [shown] = await requests.load_asked(casework.conn, DESK, PEOPLE["city"], case)
    assert (WHY, None) == (shown.reason, shown.other)
    with pytest.raises(Forbidden, match="other_person"):
        await decide(casework, "city", one, asked)
    assert await incident(casework, one) != await incident(casework, other)


async def test_what_is_another_matter_is_not_suggested_again(casework: Casework) -> None:
    """On neither page, for nobody; a third that is like both still is, and it can be asked for."""
    one, other, third = [await casework.open(words=WORDS, phone=None) for _ in range(3)]
    await casework.act("desk", likeness.set_apart, one, UnlikeBody(incident=str(other)))
    for case_id in (one, other):
        case = await casework.stands(case_id)
        async with casework.acting("county"):
            found = await likeness.suggestions(casework.conn, DESK, PEOPLE["county"], case)
        assert [third] == [alike.case.case_id for alike in found]
    assert ("unlike", "desk") == (await casework.timeline(one))[-1]
    assert await ask(casework, "desk", one, other)


async def test_the_pages_show_both_texts_and_say_what_happens(database: Database) -> None:
    """From the suggestion to the request to the answer; what was wrong is kept, and said."""
    async with office(database) as bureau:
        one = await bureau.case(words=WORDS, phone=None)
        other = await bureau.case(words=f"{WORDS}！真的", phone=None)
        number: str = (await bureau.ask("desk", "GET", f"cases/{other}")).json["number"]
        page = await bureau.browse("desk", f"/desk/cases/{one}")
        assert f"/desk/cases/{one}/incident?with={number}" in page.text
        assert f"/desk/cases/{one}/unlike?with={number}" in page.text
        page = await bureau.browse("desk", f"/desk/cases/{one}/incident?with={number}")
        said = (f'value="{number}"', "真的", "没有答复，一切照旧", "并案或分开")
        assert [] == [text for text in said if text not in page.text]
        wrong = {"decision": "merge", "incident": "26-999999", "reason": WHY}
        refused = await sent(bureau, "desk", one, "incident", **wrong)
        assert (422, True) == (refused.status, 'value="26-999999"' in refused.text)
        assert WHY in refused.text
        done = await sent(bureau, "desk", one, "incident", **wrong | {"incident": number})
        assert f"/desk/cases/{one}?done=incident" == done.location
        page = await bureau.browse("county", f"/desk/cases/{one}/decision")
        said = (WHY, "真的", f"申请与 {number} 并案", "一份奖励上限")
        assert [] == [text for text in said if text not in page.text]
        mine = await bureau.browse("county", "/desk/mine")
        assert f"申请与 {number} 并案" in mine.text
        async with bureau.database.acquire() as conn:
            asked = await conn.fetchval("SELECT request_id::text FROM case_requests")
        await sent(bureau, "county", one, "decision", request_id=asked, decision="grant")
        page = await bureau.browse("desk", f"/desk/cases/{one}")
        shown = ("同意并案", "同一事件", number)
        assert [] == [text for text in shown if text not in page.text]
        page = await bureau.browse("desk", f"/desk/cases/{one}/incident")
        assert ("分开" in page.text, 'value="split" required' in page.text) == (True, True)
        done = await sent(bureau, "desk", one, "unlike", incident=number)
        assert (422, True) == (done.status, "已经并案" in done.text)
