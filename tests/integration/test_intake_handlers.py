"""What intake hears becomes its directory and the story behind each receipt."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from uuid import UUID, uuid4

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from services.intake.accept import metrics
from services.intake.accept.store import officers, units
from shared import events
from shared.db import Connection, Database
from shared.events import Event
from shared.flows import heard_by
from shared.values import clock
from tests.integration.intake_site import UNIT, Site, settings, site
from tests.support import living_by

SERVICE = "intake"
AT = datetime(2026, 7, 2, 6, 47, tzinfo=UTC)
DUE = datetime(2126, 7, 2, 16, 0, tzinfo=UTC)
CASE, REWARD = uuid7(), uuid7()


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Site]:
    """A running intake."""
    async with site(database) as running:
        yield running


def opened(submission: UUID) -> events.CaseOpened:
    """The case's opening."""
    return events.CaseOpened(
        case_id=CASE, submission_id=submission, kind="complaint", unit_code=UNIT, urgent=False,
        opened_at=AT, callback_due_at=DUE, verification_due_at=DUE,
    )  # fmt: skip


def called(
    submission: UUID, attempt: int, outcome: events.CallbackOutcome, state: events.CallbackState
) -> events.CallbackLogged:
    """An attempt to call."""
    return events.CallbackLogged(
        case_id=CASE, submission_id=submission, unit_code=UNIT, attempt=attempt, outcome=outcome,
        state=state, called_at=AT + timedelta(minutes=attempt), due_at=DUE,
    )  # fmt: skip


def verified(
    submission: UUID, answer: str, revision: int = 1, verdict: events.Verdict = "substantiated"
) -> events.CaseVerified:
    """A verdict with its sealed answer."""
    return events.CaseVerified(
        case_id=CASE, submission_id=submission, incident_id=CASE, revision=revision,
        kind="complaint", unit_code=UNIT, categories=("other",), verdict=verdict,
        attribution="unit", officers=(),
        answer_sealed=settings().seal.close(answer, f"answer:{submission}"),
        phone_sealed=None, phone_index=None, language="zh", received_at=AT,
        verified_at=AT + timedelta(hours=revision),
    )  # fmt: skip


def decided(submission: UUID, version: int, decision: str) -> events.RewardDecided:
    """A decision on the reward."""
    return events.RewardDecided.model_validate(
        {
            "reward_id": REWARD, "case_id": CASE, "submission_id": submission,
            "decision": decision, "reason": None, "amount_fen": 2000, "decided_at": AT,
            "due_at": DUE, "version": version,
        }
    )  # fmt: skip


def settled(submission: UUID, purpose: str, outcome: str) -> events.MessageSettled:
    """An SMS's end."""
    return events.MessageSettled.model_validate(
        {
            "message_id": uuid7(), "case_id": CASE, "submission_id": submission,
            "purpose": purpose, "outcome": outcome, "settled_at": AT + timedelta(hours=4),
        }
    )  # fmt: skip


def paid(submission: UUID) -> events.RewardPaid:
    """The airtime's arrival."""
    return events.RewardPaid(
        reward_id=REWARD, case_id=CASE, submission_id=submission, amount_fen=2000,
        phone_sealed="x", language="zh", paid_at=AT + timedelta(hours=3), due_at=DUE,
    )  # fmt: skip


def reversed_(submission: UUID) -> events.RewardReversed:
    """The airtime's way back."""
    return events.RewardReversed(
        reward_id=REWARD, case_id=CASE, submission_id=submission, amount_fen=2000,
        reversed_at=AT + timedelta(hours=5),
    )  # fmt: skip


def whole(submission: UUID) -> list[Event]:
    """A complaint's life from the case to the thanks."""
    return [
        opened(submission),
        called(submission, 1, "no_answer", "open"),
        called(submission, 2, "reached", "reached"),
        verified(submission, "情况属实,已整改。"),
        decided(submission, 1, "scheduled"),
        paid(submission),
        settled(submission, "thanks", "delivered"),
    ]


async def test_the_list_at_a_window_follows_the_directory(intake: Site) -> None:
    """Who serves there now, by badge; who left is off it, and an old word changes nothing."""
    known = {"badge": "170001", "name": "白世宇", "unit_code": UNIT, "active": True}
    told = [
        events.OfficerChanged(**known, phone_index=None, version=2),
        events.OfficerChanged(**known | {"name": "旧名"}, phone_index=None, version=1),
        events.OfficerChanged(**known | {"badge": "170002", "active": False}, phone_index=None,
                              version=1),
    ]  # fmt: skip
    await intake.tell(*told)
    async with intake.database.acquire() as conn:
        assert {"170001": "白世宇"} == await officers.list_at(conn, UNIT)
        assert {} == await officers.list_at(conn, "elsewhere")


async def test_a_unit_brings_its_matters_and_counters(intake: Site) -> None:
    """In the order of the directory's list."""
    await intake.tell(
        events.UnitChanged(
            unit_code=UNIT, name="大厅", parent="市", path=(UNIT,), kind="vehicle", counters=6,
            active=True, version=1, matters=("换领驾驶证", "车辆年检"),
        )
    )  # fmt: skip
    async with intake.database.acquire() as conn:
        unit = await units.get(conn, UNIT)
    assert unit
    assert (6, ("换领驾驶证", "车辆年检")) == (unit.counters, unit.matters)


async def test_everything_in_flows_has_a_handler(intake: Site) -> None:
    """Intake handles exactly what FLOWS gives it."""
    assert set(heard_by("intake")) == set(intake.service.handlers)


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_whole_life_is_told_in_order(intake: Site, backwards: bool) -> None:
    """The receipt tells every step in the order of time, also when events arrive backwards."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    steps = whole(UUID(answer["submission_id"]))
    await intake.tell(*(reversed(steps) if backwards else steps))
    path = f"/api/v1/receipts/{answer['receipt']['code']}"
    account = await (await intake.client.get(path)).json()
    told = [line["step"] for line in account["timeline"] if line["step"] != "received"]
    assert [
        "opened", "called_no_answer", "called_reached", "verified", "reward_paid",
        "message_thanks_delivered",
    ] == told  # fmt: skip
    assert ("substantiated", "情况属实,已整改。") == (account["verdict"], account["answer"])
    assert answer["receipt"]["proof"] == account["proof"]


async def test_a_replay_adds_nothing(intake: Site) -> None:
    """Hearing everything twice leaves the time line as it was."""
    steps = whole(uuid7())
    await intake.tell(*steps)
    once = await intake.fetch("SELECT * FROM timeline ORDER BY step, key")
    await intake.tell(*steps)
    assert once == await intake.fetch("SELECT * FROM timeline ORDER BY step, key")
    assert len(steps) == len(once)


async def test_a_changed_verdict_replaces_the_answer(intake: Site) -> None:
    """The highest revision's verdict and answer stand above the story, which keeps both."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    submission = UUID(answer["submission_id"])
    await intake.tell(verified(submission, "改判", 2, "partly"), verified(submission, "初判"))
    path = f"/api/v1/receipts/{answer['receipt']['code']}"
    account = await (await intake.client.get(path, headers={"Accept-Language": "en"})).json()
    texts = [line["text"] for line in account["timeline"]]
    assert ("partly", "改判") == (account["verdict"], account["answer"])
    assert "Verdict: Substantiated" in texts
    assert "Verdict changed after a review: Partly substantiated" in texts


async def test_every_step_has_words_in_both_languages(intake: Site) -> None:
    """No outcome, verdict, decision or message state is without a text."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    submission, path = UUID(answer["submission_id"]), f"/r/{answer['receipt']['code']}"
    outcomes, verdicts = get_args(events.CallbackOutcome), get_args(events.Verdict)
    await intake.tell(
        opened(submission),
        *(called(submission, n, o, "open") for n, o in enumerate(outcomes, 1)),
        *(verified(submission, v, n, v) for n, v in enumerate(verdicts, 1)),
        *(
            settled(submission, purpose, outcome)
            for purpose in ("thanks", "paid", "unreached", "word")
            for outcome in ("delivered", "failed", "unknown")
        ),
    )
    for version, decision in enumerate(("held", "refused", "scheduled"), 1):
        await intake.tell(decided(submission, version, decision))
        for lang in ("zh", "en"):
            assert 200 == (await intake.client.get(path, params={"lang": lang})).status
    await intake.tell(paid(submission), reversed_(submission))
    shown = await (await intake.client.get(path, params={"lang": "en"})).text()
    assert "The operator took back the 20.00 yuan" in shown


async def test_a_word_stands_on_the_receipt(intake: Site) -> None:
    """Whoever holds the receipt reads it, each once; before and after it the story is the same."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    submission, path = UUID(answer["submission_id"]), f"/r/{answer['receipt']['code']}"
    words = [
        events.WordGiven(
            case_id=CASE, submission_id=submission, number=number, phone_sealed=None,
            word_sealed=settings().seal.close(said, f"answer:{submission}:word:{number}"),
            language="zh", given_at=AT + timedelta(hours=number), word_owed="progress",
            word_due_at=DUE + timedelta(days=7 * number),
        )
        for number, said in ((1, "在等监控录像"), (2, "周五<前>答复"))
    ]  # fmt: skip
    await intake.tell(opened(submission), *words, *words)
    page = await (await intake.client.get(path, params={"lang": "zh"})).text()
    assert [1, 1] == [page.count(one) for one in ("在等监控录像", "周五&lt;前&gt;答复")]
    assert (1, 1) == (page.count("前告诉您进展"), page.count("2019-05-15 起的规定"))
    stored = await intake.fetch("SELECT details::text FROM timeline WHERE step = 'word'")
    assert not [row for row in stored if "监控" in row["details"]]


async def test_what_is_answered_by_phone_is_the_citizens_next_word(intake: Site) -> None:
    """It stands on the receipt, and is told to all in one order with what they say there."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    submission = UUID(answer["submission_id"])
    heard = events.AnswerHeard(
        case_id=CASE, submission_id=submission, kind="complaint", unit_code=UNIT, number=1,
        revision=1, solved=False, satisfied=None, heard_at=AT + timedelta(hours=2),
    )  # fmt: skip
    await intake.tell(opened(submission), verified(submission, "已整改。"), heard)
    later = {"number": 2, "solved": True, "heard_at": AT + timedelta(hours=3)}
    await intake.tell(heard.model_copy(update=later))
    rows = await intake.fetch("SELECT body::jsonb -> 'data' AS data FROM outbox"
                              " WHERE type = 'answer.rated.v1' ORDER BY seq")  # fmt: skip
    assert [(1, False), (2, True)] == [(r["data"]["version"], r["data"]["solved"]) for r in rows]
    receipt = await intake.client.get(f"/api/v1/receipts/{answer['receipt']['code']}")
    assert True is (await receipt.json())["rating"]["solved"]


async def test_the_time_line_cannot_be_changed(conn: Connection) -> None:
    """The service's own role may neither change nor remove a line or a submission."""
    for sql in (
        "UPDATE timeline SET at = now()",
        "DELETE FROM timeline",
        "TRUNCATE timeline",
        "UPDATE submissions SET kind = 'rating'",
        "DELETE FROM submissions",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with conn.transaction():
                await conn.execute(sql)


async def test_an_older_version_of_a_unit_is_ignored(conn: Connection) -> None:
    """Events of the directory may arrive in any order; the highest version stays."""

    def unit(version: int, name: str) -> events.UnitChanged:
        return events.UnitChanged(
            unit_code=UNIT, name=name, parent="市", path=("411700", UNIT), kind="vehicle",
            counters=6, active=True, version=version,
        )  # fmt: skip

    applied = [await units.put(conn, unit(v, f"v{v}")) for v in (2, 1, 2, 3)]
    now = await units.get(conn, UNIT)
    assert [True, False, False, True] == applied
    assert now
    assert "v3" == now.name


async def test_submissions_for_unnamed_units_are_counted(intake: Site) -> None:
    """Operations see how many submissions wait for a unit that the directory does not name."""
    await intake.submit("a-random-key-0001")
    await intake.refresh()
    before = metrics.WITHOUT_UNIT._value.get()
    await intake.add_unit()
    await intake.refresh()
    assert (1.0, 0.0) == (before, metrics.WITHOUT_UNIT._value.get())


def replied(submission: UUID, *, solved: bool, revision: int = 1) -> events.AnswerReplied:
    """A reply by SMS to the questions about a verdict."""
    return events.AnswerReplied(
        reply_id=uuid4(), case_id=CASE, submission_id=submission, number=1, revision=revision,
        solved=solved, satisfied=solved, replied_at=AT + timedelta(hours=3),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("solved", "revision", "followups"), [(True, 1, 0), (False, 1, 1), (False, 2, 0)]
)
async def test_a_reply_by_sms_is_the_citizens_word_and_unsolved_a_followup(
    intake: Site, solved: bool, revision: int, followups: int
) -> None:
    """Told to all as any answer; a 3 opens the case again, once, if that verdict still stands."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    submission = UUID(answer["submission_id"])
    now = clock.now()
    verdict = verified(submission, "已整改。").model_copy(update={"verified_at": now})
    reply = replied(submission, solved=solved, revision=revision)
    await intake.tell(opened(submission), verdict, reply)
    await intake.tell(reply.model_copy(update={"number": 2, "reply_id": uuid4()}))
    rows = await intake.fetch("SELECT type, body::jsonb -> 'data' AS data FROM outbox ORDER BY seq")
    rated = [row["data"] for row in rows if row["type"] == "answer.rated.v1"]
    assert [(1, solved, revision), (2, solved, revision)] == [
        (one["version"], one["solved"], one["revision"]) for one in rated
    ]
    assert {("complaint", UNIT)} == {(one["kind"], one["unit_code"]) for one in rated}
    told = [row["data"] for row in rows if row["type"] == "followup.received.v1"]
    assert [1] * followups == [one["revision"] for one in told]


async def test_a_followup_by_sms_is_in_the_citys_language(intake: Site) -> None:
    """The desk reads what a 3 means in its own words."""
    answer = await (await intake.submit("a-random-key-0001")).json()
    submission = UUID(answer["submission_id"])
    verdict = verified(submission, "Mended.").model_copy(update={"verified_at": clock.now()})
    with living_by(Path("deploy/policies/complaints-uk.toml")):
        await intake.tell(opened(submission), verdict, replied(submission, solved=False))
    [row] = await intake.fetch(
        "SELECT body::jsonb -> 'data' AS data FROM outbox WHERE type = 'followup.received.v1'"
    )
    told = row["data"]
    words = settings().seal.open(told["words_sealed"], f"words:{told['followup_id']}")
    assert "(Reply by SMS, 3: it is not solved.)" == words


async def test_a_reply_to_nothing_is_no_defect(intake: Site) -> None:
    """A submission that is not here has nothing to be told of."""
    await intake.tell(replied(uuid4(), solved=False))
    assert [] == await intake.fetch("SELECT * FROM outbox")
