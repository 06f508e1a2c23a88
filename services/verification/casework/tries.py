"""The calls to a citizen as the case's page shows them, and when the next one counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.verification.casework.rules import callbacks
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions
from services.verification.casework.store.actions import Attempt
from shared import policy
from shared.db import Connection


@dataclass(frozen=True)
class Try:
    """A call; one too soon after another does not count."""

    call: Attempt
    counts: bool


@dataclass(frozen=True)
class Tries:
    """The calls since the case was opened, or opened again.

    `number` is that of the next one, which counts from `counts_from` on: at once where that is
    None; `left` still have to count before a citizen whom nobody reaches is told by SMS.
    """

    calls: Sequence[Try]
    number: int
    left: int
    counts_from: datetime | None


async def load(conn: Connection, case: Case, rule: policy.Callback) -> Tries:
    """Read them."""
    every = await actions.list_attempts(conn, case.case_id)
    times = callbacks.since(case.reopened_at, [one.called_at for one in every])
    spacing = timedelta(minutes=rule.spacing_minutes)
    counting = callbacks.counting(times, spacing)
    calls = zip(every[len(every) - len(times) :], counting, strict=True)
    return Tries(
        [Try(call, counts) for call, counts in calls],
        len(every) + 1,
        max(0, rule.attempts - sum(counting)),
        callbacks.counts_from(times, spacing),
    )
