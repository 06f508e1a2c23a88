"""What an operator has written on a case's page and not sent yet: theirs alone, and sealed."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.verification.casework.acts.desk import Desk
from services.verification.casework.store import drafts
from shared.access import Operator
from shared.db import Connection
from shared.values.seal import SealBroken
from shared.web.forms import NONE, Fields


@dataclass(frozen=True)
class Kept:
    """What was typed, and when it was kept, if anything was."""

    typed: Fields = NONE
    saved_at: datetime | None = None


async def load(conn: Connection, desk: Desk, operator: Operator, case_id: UUID) -> Kept:
    """What was kept last; nothing if there is none, or its key is gone."""
    found = await drafts.get(conn, case_id, operator.username)
    if found is None:
        return Kept()
    sealed, saved_at = found
    try:
        told = json.loads(desk.seal.open(sealed, _context(operator, case_id)))
    except SealBroken:
        return Kept()
    return Kept(Fields({name: tuple(values) for name, values in told.items()}), saved_at)


async def keep(
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case_id: UUID,
    fields: Fields,
    sections: Collection[str],
) -> datetime | None:
    """Keep what stands in these sections of a form, and forget what was kept before.

    When it was kept; None where nothing stands there.
    """
    told = {
        name: values
        for name, values in fields.values.items()
        if any(name.startswith(f"{section}-") for section in sections)
    }
    typed = {name: values for name, values in told.items() if not name.endswith("-categories")}
    if not Fields(typed).typed:
        await drafts.delete(conn, case_id, operator.username)
        return None
    written = json.dumps(told | {"revision": fields.all("revision")}, ensure_ascii=False)
    sealed = desk.seal.close(written, _context(operator, case_id))
    return await drafts.put(conn, case_id, operator.username, sealed)


def _context(operator: Operator, case_id: UUID) -> str:
    return f"note:draft:{case_id}:{operator.username}"
