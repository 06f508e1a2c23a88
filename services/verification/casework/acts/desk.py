"""The tools of casework: the rules in force, the seal, the claimed case, its time line."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from services.verification.casework.rules import numbers
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions, cases
from services.verification.casework.store.actions import Action
from shared.access import Operator
from shared.bus.outbox import publish
from shared.db import Connection
from shared.errors import NotFound
from shared.events import Event
from shared.observe import spans
from shared.policy import Policies, Policy
from shared.values import clock
from shared.values.seal import Seal

B = TypeVar("B")
R = TypeVar("R")


@dataclass(frozen=True)
class Desk:
    """The tools of casework: the rules in force, and the seal."""

    policies: Policies
    seal: Seal

    def today(self) -> date:
        """The calendar day at the bureau."""
        return clock.service_day(clock.now(), self.policies.editions[-1].zone)

    def policy(self, case: Case) -> Policy:
        """The policy by which this case is judged."""
        return self.policies.at(case.received_at)


# What an operator does to a case with what they sent, in the caller's transaction.
Act = Callable[[Connection, Desk, Operator, UUID, B], Awaitable[R]]


async def claim(conn: Connection, operator: Operator, case_id: UUID) -> Case:
    """The case to work on, locked. NotFound also when the operator may not see it."""
    case = await cases.claim_case(conn, operator, case_id)
    if case is None:
        raise NotFound("refused.no_case")
    return case


async def find_said(conn: Connection, operator: Operator, said: str) -> Case | None:
    """The case that somebody names by its number, its id or a link, if the operator may see it."""
    named = numbers.read(said)
    if named is None:
        return None
    if isinstance(named, UUID):
        return await cases.get_case(conn, operator, named)
    return await cases.get_numbered(conn, operator, named)


async def tell(conn: Connection, case: Case, event: Callable[[], Event]) -> None:
    """Tell the other services, unless this case is none of theirs.

    In the citizen's trace, which goes on though an operator's request led to it.
    """
    if case.is_told:
        with spans.aside("tell of a case", case.traceparent) as its:
            await publish(conn, event(), its)


async def note_action(
    conn: Connection,
    desk: Desk,
    case: Case,
    operator: Operator,
    action: str,
    details: Mapping[str, Any],
    note: str = "",
) -> None:
    """Append to the time line; the note is sealed."""
    sealed = desk.seal.close(note, f"note:{case.submission_id}") if note else None
    await actions.add_action(
        conn, Action(case.case_id, action, operator.username, clock.now(), details, sealed)
    )
