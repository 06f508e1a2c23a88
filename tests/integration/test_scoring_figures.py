"""The directory and the facts behind the figures, in any order of arrival."""

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.scoring import handlers
from services.scoring.store import directory
from services.scoring.store.figures import get_figures
from shared import events
from shared.bus.handling import Heard
from shared.db import Connection
from tests.integration.scoring_parts import DAY, POLICIES, UNIT, on_case_verified, unit, verdict

SERVICE = "scoring"


async def test_older_versions_of_the_directory_are_ignored(conn: Connection) -> None:
    """A unit and an officer keep their newest version in any order of arrival."""
    for version, name in ((2, "new"), (1, "old")):
        await handlers.on_unit_changed(conn, unit(name, version))
        await handlers.on_officer_changed(
            conn,
            events.OfficerChanged(
                badge="170001", name=name, unit_code=UNIT, active=True, phone_index=None,
                version=version,
            ),
        )  # fmt: skip
    found = await directory.get_unit(conn, UNIT)
    officer = await directory.get_officer(conn, "170001")
    assert found is not None
    assert officer is not None
    assert ("new", "new") == (found["name"], officer["name"])


async def _live(conn: Connection, case: UUID, *, attempt_states: tuple[str, ...]) -> None:
    """One complaint from receipt to a call-back, events in an order that nobody promised."""
    for attempt, state in reversed(list(enumerate(attempt_states, 1))):
        await handlers.on_callback_logged(
            conn,
            events.CallbackLogged.model_validate(
                {
                    "case_id": case, "submission_id": case, "unit_code": UNIT, "attempt": attempt,
                    "outcome": "reached", "state": state, "called_at": DAY + timedelta(hours=1),
                    "due_at": DAY + timedelta(hours=14),
                }
            ),
        )  # fmt: skip
    opened = events.CaseOpened(
        case_id=case, submission_id=case, kind="complaint", unit_code=UNIT, urgent=False,
        opened_at=DAY, callback_due_at=DAY, verification_due_at=DAY,
    )  # fmt: skip
    await handlers.on_cases_opened(conn, [Heard(opened)])
    received = events.SubmissionReceived(
        submission_id=case, kind="complaint", unit_code=UNIT, satisfaction=1, received_at=DAY
    )
    await handlers.on_submissions_received(POLICIES, conn, [Heard(received)])


async def test_the_figures_reconcile(conn: Connection) -> None:
    """One complaint, called back at the second attempt, verified, paid: each figure is one."""
    case, reward = uuid4(), uuid4()
    await _live(conn, case, attempt_states=("open", "reached"))
    await on_case_verified(conn, verdict(case))
    paid = events.RewardPaid(
        reward_id=reward, case_id=case, submission_id=case, amount_fen=2000, phone_sealed="x",
        language="zh", paid_at=DAY, due_at=DAY,
    )  # fmt: skip
    await handlers.on_reward_paid(conn, paid)
    await handlers.on_reward_decided(
        conn,
        events.RewardDecided(
            reward_id=reward, case_id=case, submission_id=case, decision="scheduled", reason=None,
            amount_fen=2000, decided_at=DAY, due_at=DAY, version=1,
        ),
    )  # fmt: skip
    expected = Counter(
        cases=1, complaints=1, called_back=1, called_back_in_time=1, called_back_same_day=1,
        verified=1, verified_in_time=1, verified_same_day=1,
        substantiated=1, criticisms=1, rewards_paid=1, rewards_paid_fen=2000,
        rewards_held=0, rewards_manual=0, rewards_withdrawn=0, rewards_refused=0,
        rewards_reversed=0, points_deducted_centipoints=200,
        rated=0, solved=0, not_solved=0, satisfied=0, not_satisfied=0,
        asked_by_sms=0, answered_of_asked=0,
    )  # fmt: skip
    assert dict(expected) == await get_figures(conn, "Asia/Shanghai")


def _asked(case: UUID, revision: int) -> events.QuestionAsked:
    """The questions about a verdict arrived."""
    return events.QuestionAsked(
        message_id=uuid4(), case_id=case, submission_id=case, revision=revision, asked_at=DAY
    )


def _rated(case: UUID, version: int, revision: int) -> events.AnswerRated:
    """A word of the citizen about a verdict."""
    return events.AnswerRated(
        submission_id=case, kind="complaint", unit_code=UNIT, version=version, revision=revision,
        solved=True, satisfied=None, rated_at=DAY,
    )  # fmt: skip


async def test_of_those_asked_by_sms_so_many_have_answered(conn: Connection) -> None:
    """About that verdict or a newer one, in any order: what was said of one before is none."""
    answered, silent, again, unasked = (uuid4() for _ in range(4))
    for case in (answered, silent, again, unasked):
        await _live(conn, case, attempt_states=())
    for asked in (
        _asked(answered, 2), _asked(answered, 1), _asked(silent, 1), _asked(silent, 1),
        _asked(again, 1), _asked(again, 2),
    ):  # fmt: skip
        await handlers.on_question_asked(conn, asked)
    for rated in (
        _rated(answered, 1, 2), _rated(answered, 2, 1), _rated(again, 1, 1), _rated(unasked, 1, 1)
    ):  # fmt: skip
        await handlers.on_answer_rated(conn, rated)
    found = await get_figures(conn, "Asia/Shanghai")
    assert (3, 1, 3) == (found["asked_by_sms"], found["answered_of_asked"], found["rated"])


async def test_an_answer_of_before_answers_no_question(conn: Connection) -> None:
    """Of what is known from before the questions were counted, nobody knows to which it was."""
    case = uuid4()
    await _live(conn, case, attempt_states=())
    await handlers.on_answer_rated(conn, _rated(case, 1, 1))
    await conn.execute("UPDATE answers SET revision = NULL")
    await handlers.on_question_asked(conn, _asked(case, 1))
    found = await get_figures(conn, "Asia/Shanghai")
    assert (1, 0) == (found["asked_by_sms"], found["answered_of_asked"])
    await handlers.on_answer_rated(conn, _rated(case, 2, 1))
    assert 1 == (await get_figures(conn, "Asia/Shanghai"))["answered_of_asked"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_who_was_reached_once_was_called_back(
    conn: Connection, order: tuple[int, ...]
) -> None:
    """Calls after a follow-up take that from nobody, in whichever order they are heard of."""
    case, day = uuid4(), timedelta(days=1)
    await _live(conn, case, attempt_states=())
    attempts = [
        events.CallbackLogged.model_validate(
            {
                "case_id": case, "submission_id": case, "unit_code": UNIT, "attempt": attempt,
                "outcome": "reached" if state == "reached" else "busy", "state": state,
                "called_at": DAY + after, "due_at": DAY + after + timedelta(hours=1),
            }
        )
        for attempt, state, after in ((1, "reached", 0 * day), (2, "open", 3 * day),
                                      (3, "reached", 4 * day))
    ]  # fmt: skip
    for number in order:
        await handlers.on_callback_logged(conn, attempts[number])
    figures = await get_figures(conn, "Asia/Shanghai")
    assert (1, 1, 1) == tuple(figures[f"called_back{end}"] for end in ("", "_in_time", "_same_day"))


COUNTED = {"held": 1, "manual": 1, "withdrawn": 1, "refused": 1}


@pytest.mark.parametrize("paid", [False, True])
@pytest.mark.parametrize("decision", COUNTED)
async def test_each_state_of_a_reward_is_its_own_figure(
    conn: Connection, decision: str, paid: bool
) -> None:
    """The newest decision counts whenever it arrives; what is paid counts as paid and no more."""
    reward, case = uuid4(), uuid4()
    told = events.RewardDecided(
        reward_id=reward, case_id=case, submission_id=case, decision="scheduled", reason=None,
        amount_fen=2000, decided_at=DAY, due_at=DAY, version=1,
    )  # fmt: skip
    later = told.model_copy(update={"decision": decision, "version": 4})
    for event in (later, told):
        await handlers.on_reward_decided(conn, event)
    if paid:
        await handlers.on_reward_paid(
            conn,
            events.RewardPaid(
                reward_id=reward, case_id=case, submission_id=case, amount_fen=2000,
                phone_sealed="x", language="zh", paid_at=DAY, due_at=DAY,
            ),
        )  # fmt: skip
    figures = await get_figures(conn, "Asia/Shanghai")
    counted = {name: figures[f"rewards_{name}"] for name in (*COUNTED, "paid")}
    assert {"paid" if paid else decision: 1} == {n: c for n, c in counted.items() if c}


async def test_a_reversed_reward_counts_no_more(conn: Connection) -> None:
    """Also when the reversal is heard before the payment."""
    reward, case = uuid4(), uuid4()
    await handlers.on_reward_reversed(
        conn,
        events.RewardReversed(
            reward_id=reward, case_id=case, submission_id=case, amount_fen=2000, reversed_at=DAY
        ),
    )
    await handlers.on_reward_paid(
        conn,
        events.RewardPaid(
            reward_id=reward, case_id=case, submission_id=case, amount_fen=2000, phone_sealed="x",
            language="zh", paid_at=DAY, due_at=DAY,
        ),
    )  # fmt: skip
    figures = await get_figures(conn, "Asia/Shanghai")
    assert (0, 0, 1) == (
        figures["rewards_paid"],
        figures["rewards_paid_fen"],
        figures["rewards_reversed"],
    )
