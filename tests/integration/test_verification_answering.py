"""A citizen answers back: what becomes of the case at the desk."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.verification.casework import citizens, listing, views
from services.verification.casework.acts import incidents, recusals
from services.verification.casework.bodies import RecusalBody
from services.verification.casework.details import load_detail
from services.verification.casework.pages.case_forms import possible
from services.verification.casework.queries import ListQuery
from services.verification.casework.rules.cases import Case, phone_use
from services.verification.casework.store import cases, lists
from services.verification.casework.store.figures import get_figures
from shared.db import Connection
from shared.errors import Conflict, Forbidden, Invalid, Retry
from shared.events import (
    AnswerRated,
    ContactBound,
    FollowupReceived,
    PhoneRefused,
    PressureReported,
    SubmissionWithdrawn,
)
from shared.values import clock, lots
from tests.integration.verification_case import DESK, PEOPLE, SEAL, Casework
from tests.integration.verification_office import PHONE, UNIT
from tests.support import at

SERVICE = "verification"
OTHER = "+8613977770100"
NOON = datetime.fromisoformat("2026-07-02T12:00:00+08:00")


@pytest.fixture
async def work(conn: Connection) -> AsyncIterator[Casework]:
    """The small bureau, at noon of a day."""
    with at(NOON):
        yield await Casework.begun(conn)


async def submission_of(work: Casework, case_id: UUID) -> UUID:
    """What the case was opened for."""
    return (await work.stands(case_id)).submission_id


async def bind(work: Casework, case_id: UUID) -> ContactBound:
    """The citizen binds a phone."""
    own = await submission_of(work, case_id)
    sealed = SEAL.close(PHONE, f"phone:{own}")
    event = ContactBound(
        submission_id=own, phone_sealed=sealed, phone_index=SEAL.index(PHONE), bound_at=clock.now()
    )
    await citizens.on_contact_bound(DESK, work.conn, event)
    return event


async def follow_up(
    work: Casework, case_id: UUID, words: str = "没有查清", ago: timedelta = timedelta()
) -> FollowupReceived:
    """The citizen does not accept the verdict, and said so a while ago."""
    case, own = await work.stands(case_id), uuid4()
    event = FollowupReceived(
        followup_id=own, submission_id=case.submission_id, number=1, revision=case.revision,
        words_sealed=SEAL.close(words, f"words:{own}"), received_at=clock.now() - ago,
    )  # fmt: skip
    await citizens.on_followup_received(DESK, work.conn, event)
    return event


async def press(work: Casework, submission_id: UUID, words: str = "所长要我撤诉") -> Case:
    """The citizen reports pressure; the case of it, as the service itself sees it."""
    own = uuid4()
    event = PressureReported(
        pressure_id=own, submission_id=submission_id, unit_code=UNIT, counter=None,
        words_sealed=SEAL.close(words, f"words:{own}"),
        phone_sealed=SEAL.close(PHONE, f"phone:{own}"), phone_index=SEAL.index(PHONE),
        language="zh", reported_at=clock.now(),
    )  # fmt: skip
    await citizens.on_pressure_reported(DESK, work.conn, event)
    found = await cases.claim_case_of(work.conn, own)
    assert found is not None
    return found


async def withdraw(work: Casework, case_id: UUID, version: int = 1, *, yes: bool = True) -> None:
    """The citizen withdraws, or takes it back."""
    event = SubmissionWithdrawn(
        submission_id=await submission_of(work, case_id), version=version, withdrawn=yes,
        changed_at=clock.now(),
    )  # fmt: skip
    await citizens.on_submission_withdrawn(DESK, work.conn, event)


async def rate(work: Casework, case_id: UUID, version: int, solved: bool | None) -> None:
    """The citizen says whether it is solved."""
    event = AnswerRated(
        submission_id=await submission_of(work, case_id), kind="complaint", unit_code=UNIT,
        version=version, revision=1, solved=solved, satisfied=False, rated_at=clock.now(),
    )  # fmt: skip
    await citizens.on_answer_rated(work.conn, event)


def day_end(days: int) -> datetime:
    """24:00 so many days after noon's day."""
    return clock.end_of_day(clock.service_day(NOON) + timedelta(days=days))


@pytest.mark.parametrize("judged", [False, True])
async def test_a_bound_phone_is_to_be_called(work: Casework, judged: bool) -> None:
    """Before and after the verdict a phone makes a call due the same day, and intake is told."""
    case_id = await work.open(phone=None)
    if judged:
        await work.judge("desk", case_id)
    await work.said()
    with at(NOON + timedelta(days=2)):
        await bind(work, case_id)
    case = await work.stands(case_id)
    assert ("open", day_end(2)) == (case.callback_state, case.callback_due_at)
    told = await work.said("case.rescheduled.v1")
    assert [("phone_bound", None)] == [(e["why"], e["verification_due_at"]) for e in told]
    assert PHONE == await work.reveal("desk", case_id)
    await work.call("county", case_id, "reached")
    assert "reached" == (await work.stands(case_id)).callback_state


async def test_a_phone_is_bound_once(work: Casework) -> None:
    """The same word again changes nothing, and nobody is told twice."""
    case_id = await work.open(phone=None)
    event = await bind(work, case_id)
    await work.call("county", case_id, "reached")
    await citizens.on_contact_bound(DESK, work.conn, event)
    assert "reached" == (await work.stands(case_id)).callback_state
    assert 1 == len(await work.said("case.rescheduled.v1"))


async def test_a_second_phone_of_a_citizen_who_was_called_makes_no_new_call(
    work: Casework,
) -> None:
    """A mobile after a landline is for the reward; the call has been made."""
    case_id = await work.open(phone="+863962912345")
    await work.call("county", case_id, "reached")
    await work.said()
    await bind(work, case_id)
    case = await work.stands(case_id)
    assert ("reached", SEAL.index(PHONE)) == (case.callback_state, case.phone_index)
    assert [] == await work.said("case.rescheduled.v1")


async def test_what_comes_before_its_case_waits(work: Casework) -> None:
    """Order is never assumed: the event is tried again once the submission is here."""
    event = ContactBound(
        submission_id=uuid4(), phone_sealed="1.x", phone_index="0" * 32, bound_at=clock.now()
    )
    with pytest.raises(Retry):
        await citizens.on_contact_bound(DESK, work.conn, event)


async def test_a_follow_up_opens_the_case_one_level_higher(work: Casework) -> None:
    """Due anew, not for the unit that decided it, and a changed verdict is a new revision."""
    case_id = await work.open()
    await work.call("county", case_id, "reached")
    await work.judge("desk", case_id)
    await work.said()
    with at(NOON + timedelta(days=3)):
        await follow_up(work, case_id)
        case = await work.stands(case_id)
        assert ("open", "open", "desk") == (case.state, case.callback_state, case.decided_by)
        assert {day_end(3)} == {case.callback_due_at, case.verification_due_at}
        [told] = await work.said()
        assert ("followup", 1) == (told["why"], told["revision"])
        assert day_end(3) == datetime.fromisoformat(told["verification_due_at"])
        with pytest.raises(Forbidden):
            await work.judge("desk", case_id, revision=1)
        await work.call("county", case_id, "reached")
        await work.judge("county", case_id, "partly", revision=1)
    again = await work.said("case.verified.v1")
    assert [("partly", 2)] == [(e["verdict"], e["revision"]) for e in again]


async def test_what_was_done_once_stays_done_in_the_figures(work: Casework) -> None:
    """「當天核查完畢」 is true of that day, whatever a follow-up opens again on a later one."""
    case_id = await work.open()
    await work.call("county", case_id, "reached")
    await work.judge("desk", case_id, "partly")
    before = await get_figures(work.conn, clock.SHANGHAI.key)
    done = {
        name: 1
        for what in ("called_back", "verified")
        for name in (what, f"{what}_in_time", f"{what}_same_day")
    } | {"substantiated": 1, "partly": 1, "open": 0, "in_review": 0}
    assert done.items() <= before.items()
    with at(NOON + timedelta(days=3)):
        await follow_up(work, case_id)
        assert before | {"open": 1} == await get_figures(work.conn, clock.SHANGHAI.key)
        await work.call("county", case_id, "reached")
        await work.judge("county", case_id, "unsubstantiated", revision=1)
        waits = await get_figures(work.conn, clock.SHANGHAI.key)
        assert before | {"in_review": 1} == waits, "the first verdict stands until it is confirmed"
        await work.review("city", case_id, revision=2)
    ended = await get_figures(work.conn, clock.SHANGHAI.key)
    assert before | {"substantiated": 0, "partly": 0} == ended


async def test_a_verdict_that_was_given_back_is_none(work: Casework) -> None:
    """What never took effect was not verified; the one that did was handed in on a later day."""
    case_id = await work.open()
    await work.judge("desk", case_id, "unsubstantiated")
    await work.review("county", case_id, "return")
    assert 0 == (await get_figures(work.conn, clock.SHANGHAI.key))["verified"]
    with at(NOON + timedelta(days=1)):
        await work.judge("desk", case_id, revision=1)
    figures = await get_figures(work.conn, clock.SHANGHAI.key)
    assert (1, 0) == (figures["verified"], figures["verified_same_day"])


async def test_a_follow_up_is_due_by_when_it_was_said(work: Casework) -> None:
    """Who was away when it came has no more time for it."""
    case_id = await work.open()
    await work.judge("desk", case_id)
    with at(NOON + timedelta(days=4)):
        await follow_up(work, case_id, ago=timedelta(days=1))
    case = await work.stands(case_id)
    assert {day_end(3)} == {case.callback_due_at, case.verification_due_at}
    assert case.reopened_at is not None
    assert timedelta(hours=1) > abs(case.reopened_at - NOON - timedelta(days=3))


async def test_what_the_county_confirmed_the_city_decides(work: Casework) -> None:
    """The level above whoever had the last word, not above whoever wrote it."""
    case_id = await work.open()
    await work.judge("desk", case_id, "unsubstantiated")
    await work.review("county", case_id)
    await follow_up(work, case_id)
    for who in ("desk", "county", "county2"):
        with pytest.raises(Forbidden):
            await work.judge(who, case_id, revision=1)
    await work.judge("city", case_id, revision=1)
    assert 2 == (await work.stands(case_id)).revision


async def test_at_the_top_another_person_decides(work: Casework) -> None:
    """Nobody judges again what they judged."""
    case_id = await work.open()
    await work.judge("city", case_id)
    await follow_up(work, case_id)
    with pytest.raises(Forbidden):
        await work.judge("city", case_id, revision=1)
    await work.judge("city2", case_id, revision=1)


async def test_a_follow_up_is_one(work: Casework) -> None:
    """The same event again does not open a case that was answered since."""
    case_id = await work.open()
    await work.judge("desk", case_id)
    event = await follow_up(work, case_id)
    await work.judge("county", case_id, revision=1)
    await citizens.on_followup_received(DESK, work.conn, event)
    assert "verified" == (await work.stands(case_id)).state


async def test_who_is_named_in_a_follow_up_keeps_away(work: Casework) -> None:
    """Rule 18 holds for later words as for the first."""
    case_id = await work.open()
    await work.judge("city", case_id)
    await follow_up(work, case_id, "170009民警骂我")
    assert "170009" in (await work.stands(case_id)).recused
    assert await seen(work, "desk", case_id) is None


async def seen(work: Casework, who: str, case_id: UUID) -> Case | None:
    """The case as somebody sees it."""
    async with work.acting(who):
        return await cases.get_case(work.conn, PEOPLE[who], case_id)


async def test_pressure_is_invisible_below_the_inspection(work: Casework) -> None:
    """In no list, count or search, not by id, not on the first case."""
    case_id = await work.open()
    outside = ("desk", "accused", "county", "city")
    before = [await all_that_shows(work, who) for who in outside]
    case = await press(work, await submission_of(work, case_id))
    assert before == [await all_that_shows(work, who) for who in outside]
    for who, sees in (*((who, False) for who in outside), ("inspector", True)):
        found = await seen(work, who, case.case_id)
        assert sees == (found is not None), who
        for said in (case.number, str(case.case_id), str(case.submission_id)):
            assert sees == await found_by(work, who, case, said), (who, said)


async def found_by(work: Casework, who: str, case: Case, said: str) -> bool:
    """Whether somebody finds the case by its number, its id or its submission's."""
    key = "submission_id" if said == str(case.submission_id) else "number"
    query = ListQuery.model_validate({key: said})
    async with work.acting(who):
        page = await listing.list_page(work.conn, PEOPLE[who], query)
    return [case.case_id] == [one.case_id for one in page.cases]


async def all_that_shows(work: Casework, who: str) -> Any:
    """Every list, every count, and each case with all that belongs to it."""
    operator, now = PEOPLE[who], clock.now()
    async with work.acting(who):
        conn, shown = work.conn, []
        for state in ("work", "all", "open"):
            for due in (None, "today", "late"):
                query = ListQuery.model_validate({"state": state, "due": due})
                page = await listing.list_page(conn, operator, query)
                shown.append([case.case_id for case in page.cases])
        counts = await lists.count_due(conn, operator, day_end(9), now)
        rows = await conn.fetchval("SELECT count(*) FROM cases")
        actions = await conn.fetchval("SELECT count(*) FROM case_actions")
        found = await everything(work, who)
        details = [await load_detail(conn, case, DESK) for case in found]
    return shown, counts, rows, actions, details


async def everything(work: Casework, who: str) -> list[Case]:
    """All cases that somebody sees."""
    page = await listing.list_page(work.conn, PEOPLE[who], ListQuery(state="all"))
    return page.cases


async def detail(work: Casework, who: str, case_id: UUID) -> views.Detail:
    """A case's page as somebody sees it."""
    async with work.acting(who):
        case = await cases.get_case(work.conn, PEOPLE[who], case_id)
        assert case is not None
        return await load_detail(work.conn, case, DESK)


async def test_pressure_leaves_no_trace_elsewhere(work: Casework) -> None:
    """No other service hears of it, and the public figures do not count it."""
    case_id = await work.open()
    await work.judge("desk", await work.open())
    await work.said()
    before = await get_figures(work.conn, clock.SHANGHAI.key)
    case = await press(work, await submission_of(work, case_id))
    await work.call("inspector", case.case_id, "reached")
    await work.judge("inspector", case.case_id, "unsubstantiated")
    await work.review("inspector2", case.case_id, "return")
    await work.judge("inspector", case.case_id, categories=["other"], revision=1)
    assert ([], before) == (await work.said(), await get_figures(work.conn, clock.SHANGHAI.key))
    assert [("opened", "")] == await work.timeline(case_id)


async def test_pressure_stays_with_the_inspection(work: Casework) -> None:
    """It is not given back, nor joined with a case that others see."""
    first = await work.open()
    case = await press(work, await submission_of(work, first))
    release = RecusalBody(decision="release", reason="与单位无关")
    with pytest.raises(Conflict, match="stays_above"):
        await work.act("inspector", recusals.change, case.case_id, release)
    with pytest.raises(Invalid):
        await work.judge("county", first, incident=case.number)
    async with work.acting("inspector"):
        joined = await incidents.wanted(work.conn, DESK, PEOPLE["inspector"], case, str(first))
    assert joined[0] is None
    shown = await detail(work, "inspector", case.case_id)
    assert "releases" not in possible(case, shown, PEOPLE["inspector"])


async def test_who_is_kept_from_the_first_case_is_kept_from_the_pressure(work: Casework) -> None:
    """Also an inspector, once one of them is meant."""
    first = await work.open(words="督察纪远山包庇他们")
    case = await press(work, await submission_of(work, first), "又来找我")
    saw = [await seen(work, who, case.case_id) is not None for who in ("inspector", "inspector2")]
    assert [False, True] == saw


async def test_pressure_over_praise_is_a_case_too(work: Casework) -> None:
    """Somebody was made to give five stars: there is no first case, and none is needed."""
    case = await press(work, uuid4())
    assert ("pressure", True, "open") == (case.kind, case.urgent, case.callback_state)
    assert await seen(work, "inspector", case.case_id) is not None


async def test_a_withdrawn_case_goes_on(work: Casework) -> None:
    """It is noted, and the verdict is due as before; taking it back is noted as well."""
    case_id = await work.open()
    before = await work.stands(case_id)
    await withdraw(work, case_id)
    case = await work.stands(case_id)
    assert ("open", before.next_due_at, True) == (
        case.state, case.next_due_at, case.withdrawn_at is not None
    )  # fmt: skip
    await withdraw(work, case_id, 2, yes=False)
    await work.judge("desk", case_id)
    case = await work.stands(case_id)
    assert (None, "verified", False) == (case.withdrawn_at, case.state, case.review_pending)
    done = [action for action, _ in await work.timeline(case_id)]
    assert ["opened", "withdrawn", "withdrawal_taken_back", "verdict"] == done


async def test_the_last_word_on_withdrawing_counts(work: Casework) -> None:
    """Also when it arrives first."""
    case_id = await work.open()
    await withdraw(work, case_id, 2, yes=False)
    await withdraw(work, case_id, 1)
    assert (2, None) == (
        (await work.stands(case_id)).withdrawal, (await work.stands(case_id)).withdrawn_at
    )  # fmt: skip


@pytest.mark.parametrize("first", ["withdrawn", "judged"])
async def test_the_level_above_looks_at_a_sample_of_the_withdrawn(
    work: Casework, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Whichever came first, what the lot draws is looked at again."""
    monkeypatch.setattr(lots, "lot", lambda *drawn: 0 if drawn[1] == "withdrawn" else 99)
    case_id = await work.open()
    if first == "withdrawn":
        await withdraw(work, case_id)
    await work.judge("desk", case_id)
    if first == "judged":
        await withdraw(work, case_id)
    case = await work.stands(case_id)
    assert (True, day_end(1)) == (case.review_pending, case.review_due_at)


async def test_the_newest_answer_to_the_questions_counts(work: Casework) -> None:
    """Whatever arrives when; closed and not solved stays to be seen, and is counted."""
    case_id = await work.open()
    await work.judge("desk", case_id)
    await rate(work, case_id, 2, False)
    await rate(work, case_id, 1, True)
    shown = await detail(work, "desk", case_id)
    assert (False, False) == (shown.solved, shown.satisfied)
    figures = await get_figures(work.conn, clock.SHANGHAI.key)
    assert (1, 0, 1) == (figures["rated"], figures["solved"], figures["not_solved"])
    assert 2 == len([a for a, _ in await work.timeline(case_id) if a == "rated"])


async def refuse(work: Casework, case_id: UUID, number: str) -> None:
    """The vendors of airtime refuse a phone."""
    event = PhoneRefused(
        submission_id=await submission_of(work, case_id), phone_index=SEAL.index(number),
        refused_at=clock.now(),
    )  # fmt: skip
    await citizens.on_phone_refused(work.conn, event)


async def test_the_desk_is_told_of_a_phone_that_gets_no_airtime(work: Casework) -> None:
    """Whoever calls asks for another, and promises nothing, until one is bound."""
    case_id = await work.open()
    for number in (OTHER, PHONE, PHONE):
        await refuse(work, case_id, number)
    case = await work.stands(case_id)
    use = phone_use(case, SEAL)
    assert use is not None
    assert ("refused", False, True) == (use.kind, use.airtime, use.sms)
    rows = await work.conn.fetch("SELECT action FROM case_actions WHERE case_id = $1", case_id)
    assert 1 == [row["action"] for row in rows].count("phone_refused")
    own = case.submission_id
    event = ContactBound(
        submission_id=own, phone_sealed=SEAL.close(OTHER, f"phone:{own}"),
        phone_index=SEAL.index(OTHER), bound_at=clock.now(),
    )  # fmt: skip
    await citizens.on_contact_bound(DESK, work.conn, event)
    bound = phone_use(await work.stands(case_id), SEAL)
    assert bound is not None
    assert bound.airtime
