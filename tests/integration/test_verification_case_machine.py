"""Any order of acts on one case, against a model of what may happen: the table never disagrees."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.access import may_review
from shared.db import Connection
from shared.errors import Conflict, Forbidden, NotFound, Refused
from shared.values import lots
from shared.values.clock import service_day
from tests.integration.verification_case import PEOPLE, STRANGERS, WORKERS, Casework
from tests.support import at

SERVICE = "verification"
START = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
SECOND = ("unsubstantiated", "unverifiable")
SPACING = timedelta(minutes=30)


@dataclass(frozen=True)
class Move:
    """Something that somebody tries, some minutes after the move before."""

    act: str
    who: str
    choice: str = ""
    off: int = 0
    drawn: int = 99
    after: int = 1


whos = st.sampled_from(WORKERS)
minutes = st.sampled_from([1, 29, 30, 31, 600])
judgings = st.builds(
    Move, st.just("judge"), whos, st.sampled_from(["substantiated", "helped", *SECOND]),
    st.sampled_from([0, 0, 0, 1]), st.sampled_from([0, 99]), minutes,
)  # fmt: skip
reviewings = st.builds(
    Move, st.just("review"), whos, st.sampled_from(["confirm", "return"]),
    st.sampled_from([0, 0, 1]), after=minutes,
)  # fmt: skip
callings = st.builds(
    Move, st.just("call"), whos, st.sampled_from(["reached", "busy", "no_answer", "busy"]),
    after=minutes,
)  # fmt: skip
revealings = st.builds(Move, st.just("reveal"), whos)
moves = st.lists(judgings | reviewings | callings | revealings, min_size=1, max_size=14)


@dataclass
class Model:
    """What a case should be, by the rules as people tell them."""

    now: datetime = START
    state: str = "open"
    revision: int = 0
    pending: bool = False
    confirmed: bool = False
    drawn: bool | None = None
    verdicts: list[str] = field(default_factory=list)
    author: str = ""
    callback: str = "open"
    calls: list[datetime] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    done: list[str] = field(default_factory=lambda: ["opened"])
    seen: set[tuple[str, date]] = field(default_factory=set)

    def try_(self, move: Move) -> type[Refused] | None:
        """What becomes of a move: the refusal, or None after it has been done."""
        self.now += timedelta(minutes=move.after)
        if move.who in STRANGERS:
            return NotFound
        wrong: type[Refused] | None = getattr(self, f"_{move.act}")(move)
        return wrong

    def _judge(self, move: Move) -> type[Refused] | None:
        if move.off or self.state == "in_review":
            return Conflict
        if self.state == "verified" and PEOPLE[move.who].role == "unit_operator":
            return Forbidden
        clears = move.choice == "helped" and "substantiated" in self.verdicts
        waits = move.choice in SECOND or clears or self.confirmed
        self.verdicts.append(move.choice)
        if not waits and self.drawn is None:
            self.drawn = move.drawn < 10
        self.pending = not waits and (self.pending or bool(self.drawn))
        self.state = "in_review" if waits else "verified"
        self.revision, self.author = self.revision + 1, move.who
        if not waits:
            self.told.append(self.revision)
        self.done.append("verdict")
        return None

    def _may_review(self, who: str) -> bool:
        return may_review(PEOPLE[who], self.author, PEOPLE[self.author].role)

    def _review(self, move: Move) -> type[Refused] | None:
        if move.off or not (self.state == "in_review" or self.pending):
            return Conflict
        if not self._may_review(move.who):
            return Forbidden
        if move.choice == "confirm" and self.state == "in_review":
            self.told.append(self.revision)
        self.confirmed |= move.choice == "confirm"
        self.state = "verified" if move.choice == "confirm" else "open"
        self.pending = False
        self.done.append("review")
        return None

    def _call(self, move: Move) -> type[Refused] | None:
        if PEOPLE[move.who].role == "unit_operator":
            return Forbidden
        if self.callback == "reached":
            return Conflict
        self.calls.append(self.now)
        counted: list[datetime] = []
        for call in self.calls:
            if not counted or call - counted[-1] >= SPACING:
                counted.append(call)
        if move.choice == "reached":
            self.callback = "reached"
        elif len(counted) >= 3:
            self.callback = "unreached"
        self.done.append("called")
        return None

    def _reveal(self, move: Move) -> type[Refused] | None:
        today = (move.who, service_day(self.now))
        if today not in self.seen:
            self.done.append("phone_revealed")
        self.seen.add(today)
        return None


async def do(work: Casework, case_id: UUID, move: Move, seen: int) -> type[Refused] | None:
    """The move on the database, by somebody who has seen that revision."""
    try:
        match move.act:
            case "judge":
                await work.judge(move.who, case_id, move.choice, seen)
            case "review":
                await work.review(move.who, case_id, move.choice, revision=seen)
            case "call":
                await work.call(move.who, case_id, move.choice)
            case _:
                await work.reveal(move.who, case_id)
    except Refused as refused:
        return type(refused)
    return None


@pytest.fixture
async def work(conn: Connection) -> Casework:
    """The small bureau, whose clock stands where a move puts it."""
    return await Casework.begun(conn)


async def holds(work: Casework, case_id: UUID, model: Model) -> None:
    """Everything that the table says, the time line and the outbox, is what the model says."""
    case = await work.stands(case_id)
    assert (model.state, model.revision, model.pending, model.callback) == (
        case.state, case.revision, case.review_pending, case.callback_state,
    )  # fmt: skip
    assert (case.state == "open") == (case.verified_at is None)
    assert (case.state == "verified") == (case.final_at is not None)
    assert case.under_review == (case.review_due_at is not None)
    assert (case.callback_state == "open") == (case.callback_settled_at is None)
    unmet = [
        due
        for due, owed in (
            (case.callback_due_at, case.callback_state == "open"),
            (case.verification_due_at, case.state == "open"),
            (case.review_due_at, case.under_review),
        )
        if owed and due
    ]
    assert (min(unmet) if unmet else None) == case.next_due_at
    assert model.done == [action for action, _ in await work.timeline(case_id)]


@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(tried=moves)
async def test_any_order_of_acts(
    work: Casework, monkeypatch: pytest.MonkeyPatch, tried: list[Move]
) -> None:
    """Each act is done or refused as the rules say, a revision is told once and only when final."""
    model, told = Model(), list[int]()
    with at(START):
        case_id = await work.open()
    await work.said()
    for move in tried:
        monkeypatch.setattr(lots, "is_drawn", lambda *_, drawn=move.drawn: drawn < 10)
        seen = model.revision + move.off
        expected = model.try_(move)
        with at(model.now):
            assert expected == await do(work, case_id, move, seen), move
        await holds(work, case_id, model)
        told += [e["revision"] for e in await work.said("case.verified.v1")]
        assert model.told == told
        assert len(model.calls) == await _count(work, case_id, "callback_attempts")
        assert model.revision == await _count(work, case_id, "verdicts")
    assert told == sorted(set(told))


async def _count(work: Casework, case_id: UUID, table: str) -> Any:
    return await work.conn.fetchval(f"SELECT count(*) FROM {table} WHERE case_id = $1", case_id)
