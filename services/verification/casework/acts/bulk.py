"""Several cases at once, each as if alone.

Of an assignment all are done or none. Of an answer each is its own verdict, and of a merge its own
request: whoever was faster with one of them does not undo the rest.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from uuid import UUID

from pydantic import BaseModel

from services.verification.casework.acts import assigning, judging, requests
from services.verification.casework.acts.desk import Desk, claim
from services.verification.casework.bodies import IncidentBody, LeadBody
from services.verification.casework.bulk_bodies import (
    BulkAnswerBody,
    BulkLeadBody,
    BulkMergeBody,
)
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


class Left(BaseModel):
    """A case for which it was not done: its number, the reason's key, and what stands in it."""

    case_id: UUID
    number: str
    key: str
    values: dict[str, str | int]


class Answered(BaseModel):
    """For how many it was done, and for which not."""

    done: int
    left: list[Left]


async def answer(
    conn: Connection, desk: Desk, operator: Operator, body: BulkAnswerBody
) -> Answered:
    """Judge and answer these bare ratings alike. Invalid where nothing is ticked or written."""
    _complete(body)
    await cases.lock_all(conn, changes=True)
    return await _each(
        conn,
        operator,
        {
            case_id: partial(_answer_one, conn, desk, operator, case_id, revision, body)
            for case_id, revision in sorted(body.seen.items())
        },
    )


async def merge(conn: Connection, desk: Desk, operator: Operator, body: BulkMergeBody) -> Answered:
    """Ask that these join one of them, each for itself. Invalid where that is not said."""
    _told(body)
    await cases.lock_all(conn, changes=True)
    one = IncidentBody(decision="merge", incident=str(body.into), reason=body.reason)
    return await _each(
        conn,
        operator,
        {
            case_id: partial(requests.ask_incident, conn, desk, operator, case_id, one)
            for case_id in sorted(set(body.ids) - {body.into})
        },
    )


def _told(body: BulkMergeBody) -> None:
    wrongs = []
    if len(set(body.ids)) < 2:
        wrongs.append(Wrong("ids", "bulk_merge_two"))
    elif body.into not in body.ids:
        wrongs.append(Wrong("into", "bulk_merge_which"))
    if not body.reason.strip():
        wrongs.append(Wrong("reason", "reason_needed"))
    if wrongs:
        raise Invalid(*wrongs)


async def _each(
    conn: Connection, operator: Operator, doing: Mapping[UUID, Callable[[], Awaitable[object]]]
) -> Answered:
    """Do what there is to do for each of these; what is refused leaves nothing behind."""
    left = []
    for case_id, do in doing.items():
        try:
            async with conn.transaction():
                await do()
        except Refused as refused:
            left.append(await _left(conn, operator, case_id, refused))
    log.get().info("several cases done", count=len(doing) - len(left), size=len(doing))
    return Answered(done=len(doing) - len(left), left=left)


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
    number = numbers.get(case_id, "")
    return Left(case_id=case_id, number=number, key=told.key, values=values)


def _plain(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
