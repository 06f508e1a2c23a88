"""Several cases at once, each as if alone.

Of an assignment all are done or none. Of an answer each is its own verdict: whoever was faster with
one of them does not undo the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.verification.casework.acts import assigning, judging
from services.verification.casework.acts.desk import Desk, claim
from services.verification.casework.bodies import LeadBody
from services.verification.casework.bulk_bodies import BulkAnswerBody, BulkLeadBody
from services.verification.casework.rules import verdicts
from services.verification.casework.store import bare, cases
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Invalid, Refused, Wrong
from shared.observe import log


async def assign(conn: Connection, desk: Desk, operator: Operator, body: BulkLeadBody) -> int:
    """Make somebody the lead of these; how many. Invalid where nothing was ticked."""
    if not body.ids:
        raise Invalid(Wrong("ids", "cases_needed"))
    await cases.lock_all(conn, changes=True)
    one = LeadBody(who=body.who, word=body.word)
    chosen = sorted(set(body.ids))
    for case_id in chosen:
        await assigning.assign(conn, desk, operator, case_id, one)
    return len(chosen)


@dataclass(frozen=True)
class Left:
    """A case that was not answered: its number, the key of the reason, and what stands in it."""

    case_id: UUID
    number: str
    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    """How many were answered, and which were not."""

    done: int
    left: Sequence[Left]


async def answer(
    conn: Connection, desk: Desk, operator: Operator, body: BulkAnswerBody
) -> Answered:
    """Judge and answer these bare ratings alike. Invalid where nothing is ticked or written."""
    _complete(body)
    await cases.lock_all(conn, changes=True)
    left = []
    chosen = sorted(body.seen.items())
    for case_id, revision in chosen:
        try:
            async with conn.transaction():
                await _answer_one(conn, desk, operator, case_id, revision, body)
        except Refused as refused:
            left.append(await _left(conn, operator, case_id, refused))
    log.get().info("cases answered", count=len(chosen) - len(left), refused=len(left))
    return Answered(len(chosen) - len(left), left)


def _complete(body: BulkAnswerBody) -> None:
    wrongs = list(verdicts.wrongs(body.verdict_on(0).draft(()), (), (), (), 0))
    if not body.ids:
        wrongs.insert(0, Wrong("ids", "cases_needed"))
    if wrongs:
        raise Invalid(*wrongs)


async def _answer_one(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case_id: UUID,
    revision: int,
    body: BulkAnswerBody,
) -> None:
    await claim(conn, operator, case_id)
    if not await bare.is_bare(conn, case_id):
        raise Conflict("refused.not_bare")
    await judging.submit_verdict(conn, desk, operator, case_id, body.verdict_on(revision))


async def _left(conn: Connection, operator: Operator, case_id: UUID, refused: Refused) -> Left:
    """Why one was not answered; of a case that is not theirs to see no number either."""
    told: Refused | Wrong = refused.wrong[0] if refused.wrong else refused
    numbers = await cases.list_numbers(conn, operator, [case_id])
    values = {name: _plain(value) for name, value in told.values.items()}
    return Left(case_id, numbers.get(case_id, ""), told.key, values)


def _plain(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
