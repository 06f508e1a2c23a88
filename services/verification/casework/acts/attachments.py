"""Photos and recordings: who has looked at them."""

from collections.abc import Iterable
from uuid import UUID

from services.verification.casework.store import (
    actions,
    additions,
    cases,
    commendations,
    evidence,
)
from services.verification.casework.store.actions import Action
from shared.access import Operator
from shared.db import Connection
from shared.errors import NotFound
from shared.values import clock


async def see(conn: Connection, operator: Operator, case_id: UUID, attachment_id: UUID) -> str:
    """The attachment's name, its first look by this operator noted on the time line.

    NotFound for a case that is not theirs, and for what is none of its attachments.
    """
    case = await cases.get_case(conn, operator, case_id)
    if case is None:
        raise NotFound("refused.no_case")
    names = [one.name for one in await evidence.list_of(conn, case_id)]
    names += await additions.list_attachments(conn, case)
    name = _named(names, attachment_id)
    seen = {"attachment": name}
    action = Action(case_id, "attachment_seen", operator.username, clock.now(), seen)
    await actions.add_once(conn, action)
    return name


async def see_praised(conn: Connection, commendation_id: UUID, attachment_id: UUID) -> str:
    """The name of what came with praise. NotFound."""
    return _named(await commendations.list_attachments(conn, commendation_id), attachment_id)


def _named(names: Iterable[str], attachment_id: UUID) -> str:
    name = next((one for one in names if one.endswith(f"/{attachment_id}")), None)
    if name is None:
        raise NotFound("refused.no_file")
    return name
