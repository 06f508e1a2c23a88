"""Cases on a real database: opened by events, worked on through the API."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from shared.db import Database
from shared.errors import Reject
from shared.events import MessageSettled, ScoreChanged, SubmissionAdded
from shared.values import clock, lots
from tests.integration.verification_office import (
    FAR_UNIT,
    OTHER_UNIT,
    PHONE,
    UNIT,
    Office,
    office,
)
from tests.support import at

SERVICE = "verification"
MORNING = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)  # 09:00 at the bureau
MIDNIGHT = datetime(2026, 5, 6, 16, 0, tzinfo=UTC)  # 24:00 of that day


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    """The small bureau."""
    async with office(database) as opened:
        yield opened


async def test_a_complaint_opens_one_case_due_at_midnight(bureau: Office) -> None:
    """A submission heard twice opens one case, due at the end of the day it came in."""
    event = bureau.submission(received_at=MORNING)
    await bureau.hear(event)
    await bureau.hear(event)
    opened = await bureau.events("case.opened.v1")
    assert [str(event.submission_id)] == [e["submission_id"] for e in opened]
    due = {opened[0]["callback_due_at"], opened[0]["verification_due_at"]}
    assert {MIDNIGHT} == {datetime.fromisoformat(text) for text in due}


async def test_a_late_evening_complaint_is_due_the_next_day(bureau: Office) -> None:
    """After 18:00 the case is due at the end of the next day."""
    await bureau.case(received_at=MORNING + timedelta(hours=9, seconds=1))
    opened = await bureau.events("case.opened.v1")
    assert MIDNIGHT + timedelta(days=1) == datetime.fromisoformat(opened[0]["callback_due_at"])


async def test_a_bare_bad_rating_is_due_in_five_working_days(bureau: Office) -> None:
    """Nobody to call, but something to put right; with words it is due like a complaint."""
    rated = {"kind": "rating", "phone": None, "satisfaction": 2, "received_at": MORNING}
    await bureau.hear(bureau.submission(**rated, words=None, categories=()))
    await bureau.hear(bureau.submission(**rated))
    bare, worded = await bureau.events("case.opened.v1")
    assert MIDNIGHT == datetime.fromisoformat(worded["verification_due_at"])
    # Thursday, Friday, the Saturday that makes up for a holiday, Monday, Tuesday.
    assert MIDNIGHT + timedelta(days=6) == datetime.fromisoformat(bare["verification_due_at"])


async def test_a_serious_matter_is_the_inspections(bureau: Office) -> None:
    """Integrity: neither unit, county nor city sees the case; the inspection sees no other."""
    case_id, other = await bureau.case(categories=("integrity",)), await bureau.case()
    seen = {
        who: (await bureau.ask(who, "GET", f"cases/{case_id}")).status
        for who in ("desk", "county", "city", "inspector", "auditor")
    }
    assert {"desk": 404, "county": 404, "city": 404, "inspector": 200, "auditor": 200} == seen
    assert 404 == (await bureau.ask("inspector", "GET", f"cases/{other}")).status
    for who, wanted in (("inspector", {case_id}), ("city", {other}), ("auditor", {case_id, other})):
        listed = await bureau.ask(who, "GET", "cases")
        assert {str(one) for one in wanted} == {one["case_id"] for one in listed.json["items"]}


async def test_one_inspector_judges_and_another_confirms(bureau: Office) -> None:
    """Nobody else could: the second person for what is the inspection's is of the inspection."""
    case_id = await bureau.case(categories=("integrity",))
    said = {"verdict": "unsubstantiated", "attribution": "none"}
    assert 404 == (await bureau.judge("city", case_id, **said)).status
    assert 201 == (await bureau.judge("inspector", case_id, **said)).status
    seen = [
        (await bureau.review(who, case_id, 1)).status for who in ("inspector", "city", "inspector2")
    ]
    assert [403, 404, 201] == seen


async def test_what_is_added_later_may_make_it_the_inspections(bureau: Office) -> None:
    """The unit that had it loses sight of it, and so does everybody above but the inspection."""
    case_id = await bureau.case(submission_id=(said := uuid4()))
    assert 200 == (await bureau.ask("desk", "GET", f"cases/{case_id}")).status
    added = SubmissionAdded(
        addition_id=uuid4(), submission_id=said, number=1, unit_code=UNIT, kind="complaint",
        categories=("integrity",), added_at=clock.now(), why="open",
    )  # fmt: skip
    await bureau.hear(added)
    seen = [
        (await bureau.ask(who, "GET", f"cases/{case_id}")).status
        for who in ("desk", "city", "inspector")
    ]
    assert [404, 404, 200] == seen


async def test_reached_callback(bureau: Office) -> None:
    """A logged call that reached the citizen settles the callback and is told to the others.

    The unit itself makes none (rule 4).
    """
    case_id = await bureau.case()
    path = f"cases/{case_id}/callbacks"
    own = await bureau.ask("desk", "POST", path, {"outcome": "reached"})
    assert (403, []) == (own.status, await bureau.events("callback.logged.v1"))
    answer = await bureau.ask("county", "POST", path, {"outcome": "reached", "note": "满意"})
    assert (201, "reached", 1) == (answer.status, answer.json["state"], answer.json["attempt"])
    assert [answer.json["case_id"]] == [
        e["case_id"] for e in await bureau.events("callback.logged.v1")
    ]
    again = await bureau.ask("county", "POST", path, {"outcome": "reached"})
    assert (409, 1) == (again.status, len(await bureau.events("callback.logged.v1")))
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert ["opened", "called"] == [a["action"] for a in case.json["actions"]]
    assert "满意" == case.json["actions"][1]["note"]


async def test_three_spaced_attempts_make_unreached(bureau: Office) -> None:
    """Calls in quick succession count once; three that are half an hour apart mean unreached.

    Then, and only then, an SMS is asked for; another call in vain asks for no second one.
    """
    case_id = await bureau.case(received_at=MORNING)
    states = []
    for minute in (0, 1, 31, 60, 62, 95):
        with at(MORNING + timedelta(minutes=minute)):
            answer = await bureau.ask(
                "county", "POST", f"cases/{case_id}/callbacks", {"outcome": "no_answer"}
            )
            states.append(answer.json["state"])
    assert ["open", "open", "open", "open", "unreached", "unreached"] == states
    [told] = await bureau.events("callback.unreached.v1")
    assert (str(case_id), 5, "zh") == (told["case_id"], told["attempt"], told["language"])
    assert PHONE == bureau.seal.open(told["phone_sealed"], f"phone:{told['submission_id']}")


async def test_nobody_to_call_without_a_phone(bureau: Office) -> None:
    """A case without a phone has no callback to log and no number to show."""
    case_id = await bureau.case(phone=None)
    call = await bureau.ask("county", "POST", f"cases/{case_id}/callbacks", {"outcome": "busy"})
    reveal = await bureau.ask("desk", "POST", f"cases/{case_id}/phone-reveals", {"reason": "核实"})
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert (409, 409) == (call.status, reveal.status)
    assert ("no_phone", None) == (case.json["callback_state"], case.json["phone"])


async def test_a_verdict_is_final_and_carries_everything(bureau: Office) -> None:
    """case.verified brings the sealed phone as it came, the sealed answer, and who is blamed."""
    event = bureau.submission(officer_badge="170002")
    await bureau.hear(event)
    page = await bureau.ask("desk", "GET", f"cases?submission_id={event.submission_id}")
    case_id = page.json["items"][0]["case_id"]
    answer = await bureau.judge("desk", case_id, attribution="officers", officers=["170002"])
    assert (201, "verified") == (answer.status, answer.json["state"])
    told = (await bureau.events("case.verified.v1"))[0]
    opened = bureau.seal.open(told["answer_sealed"], f"answer:{event.submission_id}")
    assert "情况属实,已整改" == opened
    expected = (1, "substantiated", ["170002"], event.phone_sealed, ["inefficiency"], case_id)
    found = ("revision", "verdict", "officers", "phone_sealed", "categories", "incident_id")
    assert expected == tuple(told[name] for name in found)


async def test_second_review_by_the_level_above(bureau: Office) -> None:
    """Unsubstantiated waits for another person above; only then is it told."""
    case_id = await bureau.case()
    first = await bureau.judge("county", case_id, verdict="unsubstantiated", attribution="none")
    assert ("in_review", []) == (first.json["state"], await bureau.events("case.verified.v1"))
    review = f"cases/{case_id}/reviews"
    refused = [
        (await bureau.ask(who, "POST", review, {"decision": "confirm", "revision": 1})).status
        for who in ("desk", "county", "county2", "elsewhere", "auditor")
    ]
    assert [403, 403, 403, 404, 403] == refused
    done = await bureau.ask("city", "POST", review, {"decision": "confirm", "revision": 1})
    assert (201, "verified") == (done.status, done.json["state"])
    told = (await bureau.events("case.verified.v1"))[0]
    assert told["verified_at"] == done.json["final_at"]
    assert done.json["verified_at"] < done.json["final_at"]


async def test_a_returned_verdict_opens_the_case_again(bureau: Office) -> None:
    """Returning needs a reason, gives a fresh due time, and the next verdict is revision 2."""
    with at(MORNING):
        case_id = await bureau.case()
        await bureau.judge("desk", case_id, verdict="unverifiable", attribution="none")
    with at(MORNING + timedelta(days=1)):
        bare = await bureau.review("county", case_id, 1, decision="return")
        assert (422, "note") == (bare.status, bare.json["errors"][0]["field"])
        back = await bureau.review("county", case_id, 1, decision="return", note="查监控")
        assert ("open", False) == (back.json["state"], back.json["late"])
        due = datetime.fromisoformat(back.json["verification_due_at"])
        assert MIDNIGHT + timedelta(days=1) == due
        again = await bureau.judge("desk", case_id, verdict="helped", attribution="none",
                                   revision=1)  # fmt: skip
    assert ("verified", 2) == (again.json["state"], again.json["revision"])
    assert [2] == [e["revision"] for e in await bureau.events("case.verified.v1")]


async def test_a_sampled_verdict_is_final_and_looked_at_again(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drawn verdict takes effect at once; confirming it later tells nothing twice."""
    monkeypatch.setattr(lots, "is_drawn", lambda *_: True)
    case_id = await bureau.case()
    drawn = await bureau.judge("desk", case_id)
    assert ("verified", True) == (drawn.json["state"], drawn.json["review_pending"])
    done = await bureau.review("county", case_id, 1)
    assert (False, drawn.json["final_at"]) == (done.json["review_pending"], done.json["final_at"])
    assert 1 == len(await bureau.events("case.verified.v1"))


async def test_a_changed_verdict_is_a_new_revision(bureau: Office) -> None:
    """Only a supervisor changes a final verdict, and with the revision they have seen."""
    case_id = await bureau.case()
    await bureau.judge("desk", case_id)
    stale = await bureau.judge("county", case_id, verdict="partly")
    by_unit = await bureau.judge("desk", case_id, verdict="partly", revision=1)
    done = await bureau.judge("county", case_id, verdict="partly", revision=1)
    assert (409, 403, 201) == (stale.status, by_unit.status, done.status)
    told = [(e["revision"], e["verdict"]) for e in await bureau.events("case.verified.v1")]
    assert [(1, "substantiated"), (2, "partly")] == told


async def test_two_verdicts_at_once_make_one(bureau: Office) -> None:
    """Of two people who decide at the same moment, one is told to look again."""
    case_id = await bureau.case()
    answers = await asyncio.gather(
        bureau.judge("desk", case_id), bureau.judge("county", case_id, verdict="partly")
    )
    assert [201, 409] == sorted(answer.status for answer in answers)
    assert 1 == len(await bureau.events("case.verified.v1"))


async def test_wrong_verdict_names_every_field(bureau: Office) -> None:
    """Everything wrong with a verdict is said at once, by field, and nothing is stored."""
    case_id = await bureau.case(categories=())
    answer = await bureau.judge(
        "desk", case_id, attribution="officers", officers=["170003"], finding=" ",
        incident=str(uuid4()),
    )  # fmt: skip
    fields = ["officers", "categories", "finding", "incident"]
    assert (422, fields) == (answer.status, [e["field"] for e in answer.json["errors"]])
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert (0, "open") == (case.json["revision"], case.json["state"])


async def test_the_officer_complained_about_sees_nothing(bureau: Office) -> None:
    """For the named officer the case is not in lists, not readable, and cannot be worked on."""
    case_id = await bureau.case(officer_badge="170001")
    listed = await bureau.ask("accused", "GET", "cases?state=all")
    seen = await bureau.ask("accused", "GET", f"cases/{case_id}")
    call = await bureau.ask("accused", "POST", f"cases/{case_id}/callbacks", {"outcome": "reached"})
    verdict = await bureau.judge("accused", case_id)
    reveal = await bureau.ask("accused", "POST", f"cases/{case_id}/phone-reveals", {"reason": "x"})
    assert [] == listed.json["items"]
    assert {404} == {seen.status, call.status, verdict.status, reveal.status}
    other = await bureau.case()
    assert 200 == (await bureau.ask("accused", "GET", f"cases/{other}")).status


async def test_the_blamed_officer_is_recused_too(bureau: Office) -> None:
    """Once a verdict names an officer, the case is gone for them; nobody judges themselves."""
    case_id = await bureau.case()
    own = await bureau.judge("accused", case_id, attribution="officers", officers=["170001"])
    assert (422, "officers") == (own.status, own.json["errors"][0]["field"])
    await bureau.judge("desk", case_id, attribution="officers", officers=["170001"])
    assert 404 == (await bureau.ask("accused", "GET", f"cases/{case_id}")).status


async def test_scope_is_the_subtree(bureau: Office) -> None:
    """Everybody sees the cases at and below their own place, and no others."""
    for unit in (UNIT, OTHER_UNIT, FAR_UNIT):
        await bureau.case(unit_code=unit)
    seen = {}
    for who in ("desk", "neighbour", "county", "elsewhere", "city", "auditor"):
        page = await bureau.ask(who, "GET", "cases")
        seen[who] = {item["unit_code"] for item in page.json["items"]}
    expected = {
        "desk": {UNIT}, "neighbour": {OTHER_UNIT}, "county": {UNIT, OTHER_UNIT},
        "elsewhere": {FAR_UNIT}, "city": {UNIT, OTHER_UNIT, FAR_UNIT},
        "auditor": {UNIT, OTHER_UNIT, FAR_UNIT},
    }  # fmt: skip
    assert expected == seen
    assert 403 == (await bureau.ask("admin", "GET", "cases")).status


async def test_an_auditor_changes_nothing(bureau: Office) -> None:
    """The auditor reads the case and may do nothing to it, not even see the number."""
    case_id = await bureau.case()
    path = f"cases/{case_id}"
    assert "138****8000" == (await bureau.ask("auditor", "GET", path)).json["phone"]
    refused = [
        await bureau.ask("auditor", "POST", f"{path}/callbacks", {"outcome": "reached"}),
        await bureau.ask("auditor", "POST", f"{path}/phone-reveals", {"reason": "好奇"}),
        await bureau.judge("auditor", case_id),
    ]
    assert [403, 403, 403] == [answer.status for answer in refused]


async def test_showing_the_phone_leaves_a_trace(bureau: Office) -> None:
    """The clear number is given only for a reason, which stays on the time line."""
    case_id = await bureau.case()
    path = f"cases/{case_id}"
    bare = await bureau.ask("desk", "POST", f"{path}/phone-reveals", {"reason": "  "})
    shown = await bureau.ask("desk", "POST", f"{path}/phone-reveals", {"reason": "回访"})
    case = await bureau.ask("desk", "GET", path)
    assert (422, 201, PHONE) == (bare.status, shown.status, shown.json["phone"])
    last = case.json["actions"][-1]
    told = (last["action"], last["actor"], last["note"])
    assert ("phone_revealed", "desk", "回访") == told
    assert PHONE[3:] not in case.text


async def test_inbox_order_and_pages(bureau: Office) -> None:
    """Urgent first, then what is due first; following the cursor gives each case once."""
    with at(MORNING + timedelta(hours=2)):
        days = {day: await bureau.case(received_at=MORNING - timedelta(days=day)) for day in (1, 3)}
        urgent = await bureau.case(received_at=MORNING, urgent=True)
        today = await bureau.case(received_at=MORNING)
        expected = [str(c) for c in (urgent, days[3], days[1], today)]
        found, cursor = [], ""
        for _ in range(4):
            page = await bureau.ask("city", "GET", f"cases?limit=1{cursor}")
            found += [item["case_id"] for item in page.json["items"]]
            cursor = f"&cursor={page.json['cursor']}"
        assert (expected, None) == (found, page.json["cursor"])
        late = await bureau.ask("city", "GET", "cases?due=late")
        assert expected[1:3] == [item["case_id"] for item in late.json["items"]]
        due = await bureau.ask("city", "GET", f"cases?due=today&unit={UNIT}")
        assert expected == [item["case_id"] for item in due.json["items"]]


@pytest.mark.parametrize(
    "query",
    ["cursor=abc", "cursor=W10", "limit=0", "limit=101", "state=x", f"unit={65 * 'x'}", "due=soon"],
)
async def test_a_wrong_query_is_named(bureau: Office, query: str) -> None:
    """A query that cannot be meant is refused by name, never a server error."""
    answer = await bureau.ask("city", "GET", f"cases?{query}")
    expected = (422, query.partition("=")[0])
    assert expected == (answer.status, answer.json["errors"][0]["field"])


async def test_what_others_tell_is_on_the_time_line(bureau: Office) -> None:
    """A settled SMS and a changed score are noted; one about an unknown case is set aside."""
    case_id, now = await bureau.case(), clock.now()
    message = MessageSettled(
        message_id=uuid4(), case_id=case_id, submission_id=uuid4(), purpose="thanks",
        outcome="delivered", settled_at=now,
    )  # fmt: skip
    score = ScoreChanged(
        entry_no=1, unit_code=UNIT, case_id=case_id, revision=1, reason="unit",
        delta_centipoints=-200, balance_centipoints=9800, changed_at=now,
    )  # fmt: skip
    await bureau.hear(message)
    await bureau.hear(score)
    case = await bureau.ask("desk", "GET", f"cases/{case_id}")
    assert ["opened", "message", "score"] == [a["action"] for a in case.json["actions"]]
    with pytest.raises(Reject):
        await bureau.hear(message.model_copy(update={"case_id": uuid4()}))


async def test_what_is_partly_true_is_among_the_substantiated(bureau: Office) -> None:
    """Its citizen is rewarded, its unit criticised: scoring's figure has it, and so has ours."""
    whole, part = await bureau.case(), await bureau.case()
    await bureau.judge("desk", whole)
    await bureau.judge("desk", part, verdict="partly")
    figures = (await bureau.ask("city", "GET", "figures")).json
    assert (2, 2, 1) == tuple(figures[name] for name in ("verified", "substantiated", "partly"))


async def test_figures_count_complaints(bureau: Office) -> None:
    """The figures count complaints where rule 16 does, and hold no personal data."""
    first, second = await bureau.case(), await bureau.case()
    await bureau.case(kind="request")
    await bureau.ask("county", "POST", f"cases/{first}/callbacks", {"outcome": "reached"})
    await bureau.judge("desk", first)
    await bureau.judge("desk", second, verdict="unsubstantiated", attribution="none")
    figures = await bureau.ask("city", "GET", "figures")
    expected = {
        "complaints": 2, "cases": 3, "called_back": 1, "called_back_in_time": 1,
        "called_back_same_day": 1, "verified": 1, "verified_in_time": 1, "verified_same_day": 1,
        "substantiated": 1, "partly": 0, "in_review": 1, "open": 1, "rated": 0,
        "solved": 0, "not_solved": 0, "satisfied": 0, "withdrawn": 0,
    }  # fmt: skip
    assert expected == figures.json


@pytest.mark.parametrize("table", ["case_actions", "verdicts", "callback_attempts"])
async def test_what_was_done_cannot_be_undone(bureau: Office, table: str) -> None:
    """The service's own role can neither change nor delete what was done."""
    async with bureau.database.acquire() as conn:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET case_id = case_id"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)


async def test_nothing_personal_is_stored_in_clear(bureau: Office) -> None:
    """Phone, words, notes, findings and answers are sealed in every table."""
    case_id = await bureau.case(words="我叫张三")
    await bureau.ask("county", "POST", f"cases/{case_id}/callbacks",
                     {"outcome": "reached", "note": "张三接的"})  # fmt: skip
    await bureau.judge("desk", case_id, finding="张三说的对", answer="张三您好")
    async with bureau.database.acquire() as conn:
        for table in ("cases", "case_actions", "callback_attempts", "verdicts", "outbox"):
            rows = await conn.fetch(f"SELECT t::text AS row FROM {table} t")
            stored = "".join(row["row"] for row in rows)
            assert ("张三" in stored, PHONE[3:] in stored) == (False, False)
