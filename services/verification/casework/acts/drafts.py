"""What an operator has written on a case's page and not sent yet: theirs alone, and sealed."""

import json
from collections.abc import Collection
from uuid import UUID

from services.verification.casework.acts.desk import Desk
from services.verification.casework.store import drafts
from shared.access import Operator
from shared.db import Connection
from shared.values.seal import SealBroken
from shared.web.forms import NONE, Fields


async def load(conn: Connection, desk: Desk, operator: Operator, case_id: UUID) -> Fields:
    """What was kept last; nothing if there is none, or its key is gone."""
    sealed = await drafts.get(conn, case_id, operator.username)
    if sealed is None:
        return NONE
    try:
        told = json.loads(desk.seal.open(sealed, _context(operator, case_id)))
    except SealBroken:
        return NONE
    return Fields({name: tuple(values) for name, values in told.items()})


async def keep(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case_id: UUID,
    fields: Fields,
    sections: Collection[str],
) -> None:
    """Keep what stands in these sections of a form, and forget what was kept before."""
    told = {
        name: values
        for name, values in fields.values.items()
        if any(name.startswith(f"{section}-") for section in sections)
    }
    typed = {name: values for name, values in told.items() if not name.endswith("-categories")}
    if not Fields(typed).typed:
        await drafts.delete(conn, case_id, operator.username)
        return
    written = json.dumps(told | {"revision": fields.all("revision")}, ensure_ascii=False)
    sealed = desk.seal.close(written, _context(operator, case_id))
    await drafts.put(conn, case_id, operator.username, sealed)


def _context(operator: Operator, case_id: UUID) -> str:
    return f"note:draft:{case_id}:{operator.username}"
