"""Somebody says that they have an urgent request, and its paging ends."""

from dataclasses import replace
from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action
from services.verification.casework.fields import Body, Note
from services.verification.casework.store import cases
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict
from shared.observe import log


class AnswerBody(Body):
    """POST /api/v1/cases/{id}/page; what one does first need not be said."""

    note: Note = ""


async def answer(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: AnswerBody
) -> str:
    """Stop it. Conflict where it pages nobody: somebody was faster, or it is judged."""
    case = await claim(conn, operator, case_id)
    if case.page_due_at is None:
        raise Conflict("refused.page_over")
    await cases.set_columns(conn, replace(case, page_due_at=None), ("page_due_at",))
    details = {"number": case.paged}
    await note_action(conn, desk, case, operator, "page_answered", details, body.note.strip())
    log.get().info("page answered", case_id=str(case_id), count=case.paged)
    return str(case.paged)
