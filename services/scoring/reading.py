"""Documents are read: whoever one is for says so, once; what waits for that has a list."""

from pydantic import BaseModel

from services.scoring import views
from services.scoring.announcing import tell
from services.scoring.rules.reading import is_addressed
from services.scoring.store import papers
from services.scoring.store.papers import KINDS, Addressed, Numbered
from shared.access import Operator
from shared.db import Connection
from shared.errors import Conflict, Forbidden, NotFound
from shared.observe import log
from shared.values import clock


class Read(BaseModel):
    """Which document it was."""

    kind: str
    year: int
    number: int


def addressed(who: Operator, one: Numbered) -> bool:
    """Whether it is for somebody to read."""
    return is_addressed(who, one.kind, one.unit_code, one.badge)


async def read(conn: Connection, who: Operator, kind: str, year: int, number: int) -> Read:
    """Note who read it. NotFound, Forbidden, Conflict."""
    one = await find_paper(conn, kind, year, number)
    if not addressed(who, one):
        raise Forbidden("refused.paper_not_yours")
    now = clock.now()
    if not await papers.mark_read(conn, one, who.username, now):
        raise Conflict("refused.paper_read")
    own = Addressed(one.kind, one.year, one.number, one.unit_code, one.badge)
    await tell(conn, [own], "read", now)
    log.get().info("document read", unit_code=one.unit_code, code=one.number)
    return Read(kind=kind, year=year, number=number)


async def find_paper(conn: Connection, kind: str, year: int, number: int) -> Numbered:
    """One that the operator may see; NotFound where there is none."""
    known = kind in KINDS and 0 < year <= views.LAST and 0 < number <= views.LAST
    one = await papers.get(conn, kind, year, number) if known else None
    if one is None:
        raise NotFound("refused.no_paper")
    return one
