"""Commits are shared: what arrives while one batch is being written goes into the next.

    write(one) ──▶ waiting ──▶ rows ──▶ one statement, one COMMIT ──▶ every caller gets its answer
                     │ full                  │ connection lost: unknown, so the same rows again
                     ▼                       ▼ still unknown when patience ends
                Unavailable             Unavailable, never a false success

Rows are made of a whole batch at once, and where that fails each by itself.

A row that PostgreSQL cannot take fails alone: its batch is halved until it stands by itself, and
each part is signed for itself. A repeat's new statement is signed too, but nobody ever gets it.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, NamedTuple, Self, TypeVar
from uuid import UUID

import asyncpg

from services.intake.accept import metrics
from services.intake.accept.signing import sign
from services.intake.accept.store import submissions
from services.intake.accept.store.submissions import Row, Stored
from shared import faults
from shared.bus.pace import Pace
from shared.db import Database
from shared.errors import Unavailable
from shared.observe import log, spans, trace
from shared.tasks import Tasks
from shared.values.notes import Signer

One = TypeVar("One")
_counted = cache(metrics.SUBMISSIONS.labels)
_PAUSE = 0.1


@dataclass(frozen=True)
class Limits:
    """How much shares a commit, and how long and how many may wait for one."""

    rows: int = 200
    linger: float = 0.0
    in_flight: int = 1
    waiting: int = 5000
    patience: float = 5.0


class Written(NamedTuple):
    """What is stored under a receipt, and whether our own row made it."""

    stored: Stored
    own: Row
    fresh: bool


class _Waiting(NamedTuple, Generic[One]):
    one: One
    answer: "asyncio.Future[Written]"
    deadline: float
    traceparent: str


Outcome = Written | Exception


class Writer(Generic[One]):
    """The one way in. An async context: leaving it writes what still waits, then ends."""

    def __init__(
        self,
        database: Database,
        make: Callable[[Sequence[One]], list[Row]],
        signer: Signer,
        limits: Limits,
        tasks: Tasks,
        pace: Pace,
    ) -> None:
        self._db, self._make, self._signer = database, make, signer
        self._limits, self._tasks, self._pace = limits, tasks, pace
        self._waiting: deque[_Waiting[One]] = deque()
        self._arrived = asyncio.Event()
        self._leaving = False
        self._writing: list[asyncio.Task[None]] = []
        self._abandoned: set[asyncio.Task[dict[UUID, Outcome]]] = set()

    async def __aenter__(self) -> Self:
        numbers = range(1, self._limits.in_flight + 1)
        self._writing = [self._tasks.start(f"writer {n}", self._run()) for n in numbers]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leaving = True
        self._arrived.set()
        await self._tasks.end(*self._writing)

    async def write(self, one: One) -> Written:
        """Answer after COMMIT. Unavailable when the queue is full or patience has ended."""
        if self._leaving or len(self._waiting) >= self._limits.waiting:
            raise Unavailable()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Written] = loop.create_future()
        deadline = loop.time() + self._limits.patience
        self._waiting.append(_Waiting(one, answer, deadline, trace.current()))
        self._arrived.set()
        return await answer

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            if pause := self._pause():
                await asyncio.sleep(pause)
            batch = self._take()
            if batch:
                traces = [w.traceparent for w in batch]
                with spans.together("write submission", traces, "internal"):
                    await self._settle(batch)
            elif self._leaving:
                return

    def _pause(self) -> float:
        """Longer where the events of what is taken in do not leave as fast."""
        linger = self._limits.linger if len(self._waiting) < self._limits.rows else 0.0
        return max(linger, self._pace.rest)

    def _take(self) -> list[_Waiting[One]]:
        size = min(len(self._waiting), self._limits.rows)
        batch = [self._waiting.popleft() for _ in range(size)]
        if not self._waiting and not self._leaving:
            self._arrived.clear()
        metrics.WAITING.set(len(self._waiting))
        now = asyncio.get_running_loop().time()
        for late in (w for w in batch if w.deadline <= now):
            _answer(late, Unavailable())
        return [w for w in batch if w.deadline > now]

    async def _settle(self, batch: list[_Waiting[One]]) -> None:
        made = self._made([w.one for w in batch])
        rows = [row for row in made if isinstance(row, Row)]
        outcomes = await self._outcomes(rows, min(w.deadline for w in batch)) if rows else {}
        written = (one for one in outcomes.values() if isinstance(one, Written))
        if fresh := [one.stored for one in written if one.fresh]:
            tell("received", fresh)
        for waiting, row in zip(batch, made, strict=True):
            known = outcomes.get(row.facts.id, Unavailable()) if isinstance(row, Row) else row
            _answer(waiting, known)

    def _made(self, batch: Sequence[One]) -> Sequence[Row | Exception]:
        try:
            return self._make(batch)
        except Exception as error:  # a defect of ours: its caller is told, nobody else
            if len(batch) == 1:
                return [error]
            return [made for one in batch for made in self._made([one])]

    async def _outcomes(self, rows: list[Row], deadline: float) -> dict[UUID, Outcome]:
        # A server that hangs cannot be waited for, not even for the end of a cancelled statement.
        work = asyncio.create_task(self._until_known(rows, deadline))
        self._abandoned.add(work)
        work.add_done_callback(self._abandoned.discard)
        left = deadline - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait({work}, timeout=left)
        if not done:
            work.cancel()
            log.get().error("batch unknown", size=len(rows), reason="no answer in time")
            return {}
        return work.result()

    async def _until_known(self, rows: list[Row], deadline: float) -> dict[UUID, Outcome]:
        while True:
            try:
                return await self._commit(rows)
            except faults.UNFIT as error:
                return await self._apart(rows, error, deadline)
            except (*faults.PASSING, asyncpg.PostgresError) as error:
                log.get().warning("batch repeated", size=len(rows), error=repr(error))
            except Exception as error:  # a defect of ours: every caller is told, none waits
                return dict.fromkeys((row.facts.id for row in rows), error)
            if asyncio.get_running_loop().time() + _PAUSE > deadline:
                return {}
            await asyncio.sleep(_PAUSE)

    async def _apart(
        self, rows: list[Row], error: Exception, deadline: float
    ) -> dict[UUID, Outcome]:
        if len(rows) == 1:
            return {rows[0].facts.id: error}
        half = len(rows) // 2
        first = await self._until_known(rows[:half], deadline)
        return first | await self._until_known(rows[half:], deadline)

    async def _commit(self, rows: list[Row]) -> dict[UUID, Outcome]:
        # Anew for every attempt: what is signed together is what is stored together.
        rows = sign(self._signer, rows)
        async with self._db.single() as conn:
            added = await submissions.add_all(conn, rows)
        metrics.BATCH_ROWS.observe(len(rows))
        outcomes: dict[UUID, Outcome] = {
            row.facts.id: Written(row.facts, row, fresh=True)
            for row in rows
            if row.facts.id in added
        }
        known = [row for row in rows if row.facts.id not in added]
        return outcomes | await self._read_back(known) if known else outcomes

    async def _read_back(self, rows: Sequence[Row]) -> dict[UUID, Outcome]:
        # Also our own rows, when an earlier COMMIT of theirs was answered by silence.
        async with self._db.acquire() as conn:
            hashes = [row.facts.receipt_hash for row in rows]
            found = await submissions.list_by_receipts(conn, hashes)
        stored = {facts.receipt_hash: facts for facts in found}
        return {row.facts.id: _known(stored[row.facts.receipt_hash], row) for row in rows}


def _known(stored: Stored, own: Row) -> Written:
    return Written(stored, own, fresh=stored.id == own.facts.id)


def tell(outcome: str, stored: Sequence[Stored]) -> None:
    """Count and log what became of submissions, in one line for all of them."""
    for kind, number in Counter(one.kind for one in stored).items():
        _counted(kind, outcome).inc(number)
    log.get().info(
        f"submissions {outcome}",
        count=len(stored),
        submission_ids=[str(one.id) for one in stored],
        unit_codes=[one.unit_code for one in stored],
    )


def _answer(waiting: _Waiting[One], outcome: Outcome) -> None:
    if waiting.answer.done():  # the caller has gone
        return
    if isinstance(outcome, Written):
        waiting.answer.set_result(outcome)
    else:
        waiting.answer.set_exception(outcome)
