"""What operators do to a case: who may, what is published, what stands on the time line."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.verification.casework import handlers
from services.verification.casework.acts import callbacks, judging, phones, reviews
from services.verification.casework.bodies import CallbackBody, RevealBody, ReviewBody, VerdictBody
from services.verification.casework.details import load_detail
from services.verification.casework.roster import load_roster
from services.verification.casework.store import actions
from shared.bus.handling import Heard
from shared.db import Connection, Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Reject
from shared.events import Language, MessageSettled, ScoreChanged
from shared.values import lots
from shared.values.seal import SealBroken
from tests.integration.verification_case import DESK, PEOPLE, SEAL, STRANGERS, Casework, submission
from tests.integration.verification_office import OTHER_UNIT, PHONE, UNIT
from tests.support import at, captured_logs

SERVICE = "verification"
MORNING = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 6, 16, 0, tzinfo=UTC)
ACTS: dict[str, tuple[Any, Any]] = {
    "callback": (callbacks.log_callback, CallbackBody(outcome="reached")),
    "verdict": (
        judging.submit_verdict,
        VerdictBody(
            verdict="helped", attribution="none", finding="查明", answer="答复", revision=0
        ),
    ),
    "review": (reviews.review, ReviewBody(decision="confirm", revision=1)),
    "reveal": (phones.reveal_phone, RevealBody(reason="回访")),
}  # fmt: skip


@pytest.fixture
async def work(conn: Connection) -> Casework:
    """The small bureau."""
    return await Casework.begun(conn)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", [*STRANGERS, "accused"])
async def test_to_strangers_the_case_does_not_exist(work: Casework, act: str, who: str) -> None:
    """Another unit, another county and the officer complained about: 404, and nothing is left."""
    case_id = await work.open(officer_badge="170001")
    before, _ = await work.timeline(case_id), await work.said()
    with pytest.raises(NotFound, match="no_case"):
        await work.act(who, ACTS[act][0], case_id, ACTS[act][1])
    assert (before, []) == (await work.timeline(case_id), await work.said())


@pytest.mark.parametrize("act", ACTS)
async def test_an_unknown_case_is_not_found(work: Casework, act: str) -> None:
    """An id that nobody has made is the same 404 as somebody else's case."""
    with pytest.raises(NotFound, match="no_case"):
        await work.act("city", ACTS[act][0], uuid4(), ACTS[act][1])


async def test_an_outsider_without_the_stores_condition_is_stopped(work: Casework) -> None:
    """Acting for a stranger, the table itself shows nothing, whatever a statement forgets."""
    await work.open()
    for who in STRANGERS:
        async with work.acting(who):
            assert [] == await work.conn.fetch("SELECT * FROM cases")
            assert [] == await work.conn.fetch("SELECT * FROM case_actions")


async def test_a_call_is_noted_and_told(work: Casework) -> None:
    """Each attempt has its number, on the time line and in the event; the note stays sealed."""
    with at(MORNING):
        case_id = await work.open()
        for outcome in ("busy", "no_answer", "reached"):
            await work.call("county", case_id, outcome, f"记录{outcome}")
    told = await work.said("callback.logged.v1")
    assert [(1, "busy", "open"), (2, "no_answer", "open"), (3, "reached", "reached")] == [
        (e["attempt"], e["outcome"], e["state"]) for e in told
    ]
    assert {(str(case_id), UNIT)} == {(e["case_id"], e["unit_code"]) for e in told}
    assert MIDNIGHT == datetime.fromisoformat(told[0]["due_at"])
    assert [("opened", ""), *[("called", "county")] * 3] == await work.timeline(case_id)
    noted = (await actions.list_actions(work.conn, case_id))[1]
    case = await work.stands(case_id)
    assert noted.note_sealed is not None
    assert "记录busy" == SEAL.open(noted.note_sealed, f"note:{case.submission_id}")
    assert {"attempt": 1, "outcome": "busy", "state": "open"} == noted.details


async def test_unreached_is_settled_once_and_mended_by_reaching(work: Casework) -> None:
    """The time of giving up stays through further calls; reaching the citizen is a new time."""
    with at(MORNING):
        case_id = await work.open()
    settled = []
    for minute, outcome in ((0, "busy"), (30, "busy"), (60, "busy"), (95, "busy"), (99, "reached")):
        with at(MORNING + timedelta(minutes=minute, seconds=minute)):
            await work.call("county", case_id, outcome)
        case = await work.stands(case_id)
        settled.append((case.callback_state, case.callback_settled_at))
    states = [state for state, _ in settled]
    assert ["open", "open", "unreached", "unreached", "reached"] == states
    times = [moment for _, moment in settled]
    assert times[2] == times[3]
    assert times[3] is not None
    assert times[4] is not None
    assert times[3] < times[4]


async def test_a_settled_callback_is_no_duty_any_more(work: Casework) -> None:
    """What is due next goes from the callback and the verdict to the review, and to nothing."""
    with at(MORNING):
        case_id = await work.open()
        assert MIDNIGHT == (await work.stands(case_id)).next_due_at
        await work.call("county", case_id, "reached")
        assert MIDNIGHT == (await work.stands(case_id)).next_due_at
        await work.judge("desk", case_id, "unverifiable")
        assert MIDNIGHT + timedelta(days=1) == (await work.stands(case_id)).next_due_at
        await work.review("county", case_id)
        assert (await work.stands(case_id)).next_due_at is None


async def test_a_verdict_without_a_call_leaves_the_call_due(work: Casework) -> None:
    """「當天進行電話回訪完畢」 is a duty of its own: a verdict does not settle it."""
    with at(MORNING):
        case_id = await work.open()
        await work.judge("desk", case_id)
    case = await work.stands(case_id)
    assert ("verified", "open", MIDNIGHT) == (case.state, case.callback_state, case.next_due_at)


@pytest.mark.parametrize("verdict", ["unsubstantiated", "unverifiable"])
async def test_nothing_is_told_while_a_verdict_waits(work: Casework, verdict: str) -> None:
    """A verdict in review is nobody's business until the level above has confirmed it."""
    case_id = await work.open()
    await work.judge("desk", case_id, verdict)
    assert [] == await work.said("case.verified.v1")
    await work.review("county", case_id)
    (told,) = await work.said("case.verified.v1")
    assert (1, verdict, "none") == (told["revision"], told["verdict"], told["attribution"])


async def test_a_returned_verdict_is_never_told(work: Casework) -> None:
    """What the level above gave back stays between the two; only the next one is told."""
    case_id = await work.open()
    await work.judge("desk", case_id, "unsubstantiated")
    await work.review("county", case_id, "return", "请调监控")
    await work.judge("desk", case_id, "partly", revision=1)
    told = await work.said("case.verified.v1")
    assert [(2, "partly")] == [(e["revision"], e["verdict"]) for e in told]
    done = ["opened", "verdict", "review", "verdict"]
    assert done == [action for action, _ in await work.timeline(case_id)]


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(hours=8, minutes=59), 0),
        (timedelta(hours=9, seconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, hours=14, minutes=59), 2),
    ],
)
async def test_a_returned_case_has_a_due_time_of_its_own(
    work: Casework, after: timedelta, days: int
) -> None:
    """Given back by 18:00 it is due that day, later the next; the old due time is forgotten."""
    with at(MORNING):
        case_id = await work.open()
        await work.judge("desk", case_id, "unverifiable")
    with at(MORNING + after):
        await work.review("county", case_id, "return", "请补查")
    case = await work.stands(case_id)
    assert ("open", MIDNIGHT + timedelta(days=days)) == (case.state, case.verification_due_at)
    assert (None, None, None) == (case.verified_at, case.final_at, case.review_due_at)


async def test_the_clock_stops_at_the_first_submission(work: Casework) -> None:
    """「當天核查完畢上報」: what counts is when the unit submitted, not when it was confirmed."""
    with at(MORNING):
        case_id = await work.open()
        await work.judge("desk", case_id, "unsubstantiated")
    with at(MORNING + timedelta(days=2)):
        await work.review("county", case_id)
        case = await work.stands(case_id)
        assert not case.late(MORNING + timedelta(days=2))
    assert case.verified_at is not None
    assert case.final_at is not None
    assert (0, 2) == ((case.verified_at - MORNING).days, (case.final_at - MORNING).days)


async def test_a_late_verdict_stays_late_through_every_change(work: Casework) -> None:
    """A supervisor's later change neither mends nor causes lateness."""
    with at(MORNING):
        late, good = await work.open(), await work.open()
        await work.judge("desk", good)
    with at(MIDNIGHT + timedelta(seconds=1)):
        await work.judge("desk", late)
    with at(MIDNIGHT + timedelta(days=3)):
        for case_id in (late, good):
            await work.judge("county", case_id, "partly", revision=1)
        found = [(await work.stands(one)).late(MIDNIGHT) for one in (late, good)]
    assert [True, False] == found
    shown = await load_detail(work.conn, await work.stands(late), DESK)
    assert [True, True] == [v.late for v in shown.verdicts]


async def test_who_changes_their_own_verdict_is_reviewed(work: Casework) -> None:
    """A supervisor who turns their own final verdict into `unsubstantiated` waits like a unit."""
    case_id = await work.open()
    await work.judge("county", case_id)
    await work.judge("county", case_id, "unsubstantiated", revision=1)
    case = await work.stands(case_id)
    assert ("in_review", 2, None) == (case.state, case.revision, case.final_at)
    assert [1] == [e["revision"] for e in await work.said("case.verified.v1")]
    for who in ("county", "county2", "desk"):
        with pytest.raises(Forbidden, match="same_level"):
            await work.review(who, case_id)
    await work.review("city", case_id, revision=2)
    assert [2] == [e["revision"] for e in await work.said("case.verified.v1")]


async def test_a_drawn_verdict_stays_drawn_for_its_author(
    work: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes a verdict out of the sample by recording it again, nor does the level above."""
    monkeypatch.setattr(lots, "is_drawn", lambda *_: True)
    case_id = await work.open()
    await work.judge("county", case_id, "helped")
    due = (await work.stands(case_id)).review_due_at
    monkeypatch.setattr(lots, "is_drawn", lambda *_: False)
    await work.judge("county", case_id, "helped", revision=1)
    case = await work.stands(case_id)
    assert (True, due) == (case.review_pending, case.review_due_at)
    await work.judge("city", case_id, "partly", revision=2)
    assert (await work.stands(case_id)).review_pending
    await work.review("city2", case_id)
    assert not (await work.stands(case_id)).review_pending


async def test_a_sampled_verdict_given_back_is_judged_anew(
    work: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its effects stand until the next revision is told, and the case is open and due again."""
    monkeypatch.setattr(lots, "is_drawn", lambda *_: True)
    case_id = await work.open()
    await work.judge("desk", case_id, "substantiated")
    await work.review("county", case_id, "return", "责任不清")
    assert [1] == [e["revision"] for e in await work.said("case.verified.v1")]
    case = await work.stands(case_id)
    assert ("open", "substantiated", 1) == (case.state, case.verdict, case.revision)
    with pytest.raises(Conflict, match="stale_revision"):
        await work.judge("desk", case_id, "helped", revision=0)
    await work.judge("desk", case_id, "partly", revision=1)
    assert [2] == [e["revision"] for e in await work.said("case.verified.v1")]


async def test_a_reviewer_confirms_only_what_they_have_read(work: Casework) -> None:
    """A page left open while the verdict was replaced confirms nothing."""
    case_id = await work.open()
    await work.judge("desk", case_id, "unsubstantiated")
    await work.review("county", case_id, "return", "请补查")
    await work.judge("desk", case_id, "unverifiable", revision=1)
    with pytest.raises(Conflict, match="stale_revision") as refused:
        await work.review("city", case_id, revision=1)
    assert {"revision": 2} == refused.value.values
    assert "in_review" == (await work.stands(case_id)).state
    await work.review("city", case_id, revision=2)
    assert "verified" == (await work.stands(case_id)).state


async def test_a_wrong_verdict_leaves_nothing(work: Casework) -> None:
    """Everything wrong is said at once; no revision, no entry, no event."""
    case_id = await work.open()
    await work.said()
    with pytest.raises(Invalid) as refused:
        await work.judge(
            "desk", case_id, attribution="officers", officers=["170003"], categories=["x"],
            finding=" ", incident=str(uuid4()),
        )  # fmt: skip
    fields = [wrong.field for wrong in refused.value.wrong]
    assert ["officers", "categories", "finding", "incident"] == fields
    assert ([("opened", "")], []) == (await work.timeline(case_id), await work.said())


async def test_an_officer_who_has_left_cannot_be_blamed(work: Casework) -> None:
    """Only who serves there, or did at the time, can be named; who was named keeps the mark."""
    case_id = await work.open()
    await work.judge("desk", case_id, attribution="officers", officers=["170002"])
    await work.conn.execute("UPDATE officers SET active = false WHERE badge = '170002'")
    await work.conn.execute(
        """UPDATE postings p SET since = NULL, until = c.received_at FROM cases c
           WHERE p.badge = '170002' AND c.case_id = $1""",
        case_id,
    )
    with pytest.raises(Invalid, match="officers_unknown"):
        await work.judge("county", case_id, revision=1, attribution="officers", officers=["170002"])
    assert ("170002",) == (await work.stands(case_id)).officers


async def test_the_citizens_categories_stand_unless_others_are_named(work: Casework) -> None:
    """A verdict without categories takes the citizen's; the event carries the verdict's."""
    own, other = await work.open(), await work.open()
    await work.judge("desk", own)
    await work.judge("desk", other, categories=["buck_passing", "other", "other"])
    told = await work.said("case.verified.v1")
    assert [["inefficiency"], ["buck_passing", "other"]] == [e["categories"] for e in told]


async def test_incidents_are_joined_at_the_first_case(work: Casework) -> None:
    """A third case that joins the second shares the first one's incident; itself leads away."""
    first, second, third = [await work.open() for _ in range(3)]
    far = await work.open(unit_code=OTHER_UNIT)
    await work.judge("county", second, incident=str(first))
    await work.review("city", second)
    await work.judge("county", third, incident=str(second))
    await work.review("city", third)
    assert first == (await work.stands(third)).incident_id
    await work.judge("county", third, incident=str(third), revision=1)
    await work.review("city", third)
    assert first != (await work.stands(third)).incident_id
    for who, unknown in (("county", far), ("desk", far), ("desk", uuid4())):
        with pytest.raises(Invalid, match="incident_unknown"):
            await work.judge(who, first, incident=str(unknown))


@pytest.mark.parametrize("reason", ["", "  ", "\u3000\n", "\x00"])
async def test_no_reason_no_phone(work: Casework, reason: str) -> None:
    """The number is not shown for a reason of blanks, and nothing is noted."""
    case_id = await work.open()
    with pytest.raises(Invalid, match="reason_needed"):
        await work.reveal("desk", case_id, reason)
    assert [("opened", "")] == await work.timeline(case_id)


async def test_a_look_at_the_phone_is_noted_once_a_person_and_day(work: Casework) -> None:
    """With who and why, which is asked for only then; nothing is published and nothing logged."""
    with at(MORNING), captured_logs() as logged:
        case_id = await work.open()
        await work.said()
        shown = {await work.reveal(who, case_id, f"回访{who}") for who in ("desk", "county")}
        shown.add(await work.reveal("desk", case_id, ""))
    with at(MIDNIGHT):
        with pytest.raises(Invalid, match="reason_needed"):
            await work.reveal("desk", case_id, "")
        shown.add(await work.reveal("desk", case_id, "又要打"))
    assert {PHONE} == shown
    revealed = [("phone_revealed", who) for who in ("desk", "county", "desk")]
    assert [("opened", ""), *revealed] == await work.timeline(case_id)
    assert [] == await work.said()
    assert (False, False) == (PHONE[3:] in str(logged), "回访" in str(logged))


async def test_a_case_without_a_phone_has_no_number(work: Casework) -> None:
    """Nothing to show and nobody to call, whoever asks."""
    case_id = await work.open(phone=None)
    with pytest.raises(Conflict, match="no_phone"):
        await work.reveal("city", case_id)
    with pytest.raises(Conflict, match="no_phone"):
        await work.call("city", case_id, "reached")
    assert [("opened", "")] == await work.timeline(case_id)


async def test_a_sealed_phone_moved_to_another_case_does_not_open(work: Casework) -> None:
    """The phone belongs to its submission: a row edited by hand shows no stranger's number."""
    case_id, other = await work.open(), await work.open(phone="+8613900000000")
    await work.conn.execute(
        """UPDATE cases SET phone_sealed = (SELECT phone_sealed FROM cases WHERE case_id = $2)
           WHERE case_id = $1""",
        case_id, other,
    )  # fmt: skip
    with pytest.raises(SealBroken):
        await work.reveal("desk", case_id)


async def test_the_detail_opens_what_is_sealed(work: Casework) -> None:
    """Words, notes, findings and answers are readable; the phone is masked all the same."""
    case_id = await work.open(words="排队\n两小时", officer_badge="170001")
    await work.call("county", case_id, "reached", "很着急")
    await work.judge("county", case_id, attribution="officers", officers=["170002"],
                     finding=" 看过 ")  # fmt: skip
    shown = await load_detail(work.conn, await work.stands(case_id), DESK)
    assert ("排队\n两小时", "138****8000", "看过", "已整改") == (
        shown.words, shown.phone, shown.verdicts[0].finding, shown.verdicts[0].answer,
    )  # fmt: skip
    assert [None, None, "很着急", None] == [action.note for action in shown.actions]
    roster = await load_roster(work.conn, PEOPLE["city"], shown)
    assert {"170001": "甲", "170002": "乙", "170009": "丁"} == roster.active
    assert {"170001": "甲", "170002": "乙"} == roster.named


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_language_of_the_citizen_is_kept(work: Casework, language: Language) -> None:
    """The verdict's event says in which language to thank."""
    case_id = await work.open(language=language)
    await work.judge("desk", case_id)
    assert [language] == [e["language"] for e in await work.said("case.verified.v1")]


@pytest.mark.parametrize("purpose", ["thanks", "paid", "unreached", "word"])
@pytest.mark.parametrize("outcome", ["delivered", "failed", "unknown"])
async def test_what_became_of_an_sms_is_noted(work: Casework, purpose: str, outcome: str) -> None:
    """Every purpose and outcome stands on the time line as notifications told it."""
    case_id = await work.open()
    event = MessageSettled.model_validate(
        {"message_id": uuid4(), "case_id": case_id, "submission_id": uuid4(), "purpose": purpose,
         "outcome": outcome, "settled_at": MORNING}
    )  # fmt: skip
    await handlers.on_message_settled(work.conn, event)
    noted = (await actions.list_actions(work.conn, case_id))[-1]
    assert ("message", "notifications", MORNING, {"purpose": purpose, "outcome": outcome}) == (
        noted.action, noted.actor, noted.acted_at, noted.details,
    )  # fmt: skip


async def test_news_of_an_unknown_case_is_set_aside(work: Casework) -> None:
    """Case ids are made here: one that nobody knows is parked at once, without further attempts."""
    event = ScoreChanged(
        entry_no=1, unit_code=UNIT, case_id=uuid4(), revision=1, reason="unit",
        delta_centipoints=-1, balance_centipoints=-1, changed_at=MORNING,
    )  # fmt: skip
    with pytest.raises(Reject, match="no case"):
        await handlers.on_score_changed(work.conn, event)


DONE = "state = 'verified', verdict = 'helped', revision = 1, verified_at = now(), final_at = now()"
CHECKS = {
    "cases_callback_settled": "callback_state = 'reached'",
    "cases_no_phone": "phone_sealed = NULL",
    "cases_verified_at": "state = 'verified', verdict = 'helped', revision = 1, final_at = now()",
    "cases_final_at": "state = 'verified', verdict = 'helped', revision = 1, verified_at = now()",
    "cases_review": "review_due_at = now()",
    "cases_review_pending": "review_pending = true, review_due_at = now()",
    "cases_verdict": "state = 'verified', verified_at = now(), final_at = now()",
    "cases_state_known": "state = 'shelved'",
    "cases_kind_known": "kind = 'praise'",
    "cases_word_owed_known": "word_owed = 'a hint'",
    "cases_word_owed_by_a_time": "word_due_at = NULL",
    "cases_word_before_the_answer": DONE,
    "cases_paged_while_open": f"{DONE}, word_owed = NULL, word_due_at = NULL, page_due_at = now()",
}


@pytest.mark.parametrize("check", CHECKS)
async def test_the_table_refuses_what_no_case_can_be(work: Casework, check: str) -> None:
    """Whatever code writes it, a state without its times is refused by name."""
    case_id = await work.open()
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with work.conn.transaction():
            await work.conn.execute(f"UPDATE cases SET {CHECKS[check]} WHERE case_id = $1", case_id)
    assert check == refused.value.constraint_name


async def test_a_revision_is_recorded_once(work: Casework) -> None:
    """The key of verdicts is case and revision: a second one of the same number cannot be."""
    case_id = await work.open()
    await work.judge("desk", case_id)
    stored = (await actions.list_verdicts(work.conn, case_id))[0]
    with pytest.raises(asyncpg.UniqueViolationError):
        async with work.conn.transaction():
            await actions.add_verdict(work.conn, stored)


async def _at_once(
    database: Database, who: tuple[str, str], act: Any, case_id: UUID, body: Any
) -> list[str]:
    async def one(username: str) -> str:
        try:
            async with database.transaction(as_=PEOPLE[username]) as conn:
                await act(conn, DESK, PEOPLE[username], case_id, body)
        except Refused as refused:
            return refused.key
        return "done"

    return sorted(await asyncio.gather(*map(one, who)))


async def _case(database: Database, *, judged: str = "") -> UUID:
    async with database.transaction() as conn:
        work = await Casework.begun(conn)
        case_id = await work.open()
        if judged:
            await work.judge("desk", case_id, judged)
        return case_id


@pytest.mark.parametrize(
    ("act", "judged", "people", "expected"),
    [
        ("verdict", "", ("desk", "county"), ["done", "refused.stale_revision"]),
        ("verdict", "", ("desk", "desk"), ["done", "refused.stale_revision"]),
        ("review", "unverifiable", ("county", "county2"), ["done", "refused.nothing_to_review"]),
        ("callback", "", ("county", "city"), ["done", "refused.reached_already"]),
        ("reveal", "", ("desk", "county"), ["done", "done"]),
    ],
)
async def test_of_two_at_once(
    database: Database, act: str, judged: str, people: tuple[str, str], expected: list[str]
) -> None:
    """Whoever comes second sees what the first has done; numbers and revisions stay whole."""
    case_id = await _case(database, judged=judged)
    assert expected == await _at_once(database, people, ACTS[act][0], case_id, ACTS[act][1])
    async with database.acquire() as conn:
        for table, number in (("verdicts", "revision"), ("callback_attempts", "attempt")):
            rows = await conn.fetch(f"SELECT {number} AS n FROM {table} ORDER BY 1")
            assert list(range(1, len(rows) + 1)) == [row["n"] for row in rows]


async def test_one_submission_heard_twice_at_once_opens_one_case(database: Database) -> None:
    """Two instances that take the same event at the same moment make one case of it."""
    async with database.transaction() as conn:
        await Casework.begun(conn)
    event = submission()

    async def hear() -> None:
        async with database.transaction() as conn:
            await handlers.on_submissions_received(DESK, conn, [Heard(event)])

    await asyncio.gather(hear(), hear(), hear())
    async with database.acquire() as conn:
        assert 1 == await conn.fetchval("SELECT count(*) FROM cases")
        told = "SELECT count(*) FROM outbox WHERE type = 'case.opened.v1'"
        assert 1 == await conn.fetchval(told)
        assert 1 == await conn.fetchval("SELECT count(*) FROM case_actions")
