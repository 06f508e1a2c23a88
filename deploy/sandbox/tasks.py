"""What happens later: settlements and callbacks, kept in the book so that a kill loses none."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.book import Book
from deploy.sandbox.when import now

log = logging.getLogger(__name__)
MAX_RUNNING = 64
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """A due piece of work; ``ref`` is the row that it is about."""

    id: int
    kind: str
    ref: int
    attempt: int
    payload: dict[str, Any]


Action = Callable[[Task], Awaitable[None]]


def add_task(
    db: sqlite3.Connection, kind: str, ref: int, seconds: float, payload: Mapping[str, Any] = {}
) -> None:
    """Plan an action in the caller's transaction, ``seconds`` from now."""
    db.execute(
        "INSERT INTO tasks (due_at, kind, ref, payload) VALUES (?, ?, ?, ?)",
        (now() + seconds, kind, ref, json.dumps(payload, ensure_ascii=False)),
    )


def finish_task(db: sqlite3.Connection, task: Task) -> None:
    """Strike the task off, in the transaction of its effect."""
    db.execute("DELETE FROM tasks WHERE id = ?", (task.id,))


def postpone_task(db: sqlite3.Connection, task: Task, seconds: float) -> None:
    """Try again later, as the next attempt."""
    db.execute(
        "UPDATE tasks SET attempt = attempt + 1, due_at = ? WHERE id = ?",
        (now() + seconds, task.id),
    )


class Worker:
    """Runs due tasks, each by the action of its kind. An action finishes or postpones its task."""

    def __init__(self, book: Book, actions: Mapping[str, Action]) -> None:
        self._book = book
        self._actions = actions
        self._running: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled; running actions are then cancelled too and start again next time."""
        try:
            while True:
                self._book.changed.clear()
                moment = now()
                for task in self._due(moment):
                    self._running[task.id] = asyncio.create_task(self._run(task))
                await self._sleep(moment)
        finally:
            await self._cancel_running()

    def _due(self, moment: float) -> list[Task]:
        room = MAX_RUNNING - len(self._running)
        rows = self._book.db.execute(
            "SELECT * FROM tasks WHERE due_at <= ? ORDER BY due_at, id LIMIT ?",
            (moment, MAX_RUNNING + room),
        )
        return [task(row) for row in rows if row["id"] not in self._running][:room]

    async def _sleep(self, moment: float) -> None:
        """Until the next task is due, the book changes, or (a full house) an action ends."""
        next_due = self._book.db.execute(
            "SELECT min(due_at) FROM tasks WHERE due_at > ?", (moment,)
        ).fetchone()[0]
        seconds = 60.0 if next_due is None else max(next_due - now(), 0.001)
        # Not `wait_for`: before Python 3.12 it forgets a cancellation that comes with its answer.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._book.changed.wait()

    async def _run(self, task: Task) -> None:
        try:
            if self._is_wanted(task):
                await self._actions[task.kind](task)
        except Exception:
            log.exception("task %s of kind %s failed; trying again", task.id, task.kind)
            with self._book.writing() as db:
                postpone_task(db, task, RETRY_SECONDS)
        finally:
            self._running.pop(task.id, None)
            self._book.changed.set()

    def _is_wanted(self, task: Task) -> bool:
        # The book may have been forgotten since the task was picked.
        found = self._book.db.execute("SELECT 1 FROM tasks WHERE id = ?", (task.id,))
        return found.fetchone() is not None

    async def _cancel_running(self) -> None:
        running = list(self._running.values())
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def task(row: sqlite3.Row) -> Task:
    """A row of the book as a value."""
    return Task(row["id"], row["kind"], row["ref"], row["attempt"], json.loads(row["payload"]))
