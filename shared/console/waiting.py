"""What an inbox keeps for later or for a person: by filter, with its history."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.bus.inbox import MAX_ATTEMPTS
from shared.db import Connection
from shared.values import text

State = Literal["parked", "pending"]
PAGE = 50
_YEARS = 24 * 366 * 10
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_EARLIEST.replace(year=3000))]
FIRST = _EARLIEST, UUID(int=0)
_COLUMNS = """consumer, event_id, type, state, attempts, error, stored_at, parked_at, next_at,
    coalesce(parked_at, stored_at) AS since, body"""
# $1 state, $2 type, $3 part of the error, $4 until when it waits, $5 one event.
_WANTED = """state = $1 AND ($2 = '' OR type = $2)
    AND ($3 = '' OR strpos(lower(coalesce(error, '')), lower($3)) > 0)
    AND coalesce(parked_at, stored_at) <= $4 AND ($5::uuid IS NULL OR event_id = $5)"""
_LIST = f"""
    SELECT {_COLUMNS} FROM inbox_pending WHERE {_WANTED}
      AND (coalesce(parked_at, stored_at), event_id) > ($6, $7)
    ORDER BY coalesce(parked_at, stored_at), event_id LIMIT $8
"""  # noqa: S608
_GET = f"SELECT {_COLUMNS} FROM inbox_pending WHERE event_id = $1"  # noqa: S608
_KINDS = f"""
    SELECT type, count(*)::int AS number, min(coalesce(parked_at, stored_at)) AS oldest
    FROM inbox_pending WHERE {_WANTED} GROUP BY type ORDER BY number DESC, type
"""  # noqa: S608
_COUNT = "SELECT state, count(*)::int FROM inbox_pending GROUP BY state"
_FAILURES = """
    SELECT failed_at AS at, CASE WHEN parked THEN 'parked' ELSE 'failed' END AS what,
        attempt AS number, error AS word, '' AS by
    FROM inbox_failures WHERE event_id = $1
    UNION ALL
    SELECT e.touched_at, a.act, e.attempts, a.reason, a.username
    FROM console_events e JOIN console_acts a USING (act_id) WHERE e.event_id = $1
    ORDER BY at
"""
_FORGET = """
    WITH old AS (DELETE FROM inbox_failures WHERE failed_at < now() - $1::interval RETURNING 1)
    SELECT count(*) FROM old
"""
KEPT = timedelta(days=90)


class Wanted(BaseModel):
    """A filter: which of what waits. `hours` is how long at least, `until` since when at latest.

    What comes to wait after `until` is not meant, so that nothing is replayed or discarded that
    nobody has seen.
    """

    model_config = ConfigDict(frozen=True)

    state: State = "parked"
    type: str = Field("", max_length=100)
    error: str = Field("", max_length=200)
    hours: int = Field(0, ge=0, le=_YEARS)
    event_id: UUID | None = None
    until: Moment | None = None

    @property
    def chooses(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.type or self.error or self.hours or self.event_id)

    def values(self, now: datetime) -> tuple[object, ...]:
        """The parameters of the statements here."""
        latest = (self.until or now) - timedelta(hours=self.hours)
        return self.state, self.type, text.line(self.error), latest, self.event_id


@dataclass(frozen=True)
class Waiting:
    """An event that is stored: since when, tried how often; what it says may be sealed in parts."""

    consumer: str
    event_id: UUID
    type: str
    state: State
    attempts: int
    error: str | None
    stored_at: datetime
    parked_at: datetime | None
    next_at: datetime
    since: datetime
    body: str = field(repr=False)

    @property
    def left(self) -> int:
        """How many attempts it has left by itself."""
        return max(0, MAX_ATTEMPTS - self.attempts) if self.state == "pending" else 0


@dataclass(frozen=True)
class Kind:
    """How many of a type, the oldest since when."""

    type: str
    number: int
    oldest: datetime


@dataclass(frozen=True)
class Step:
    """Something in an event's story: failed, parked, replayed or discarded (`by` whom, if any)."""

    at: datetime
    what: str
    number: int
    word: str | None
    by: str


async def list_waiting(
    conn: Connection,
    wanted: Wanted,
    now: datetime,
    after: tuple[datetime, UUID] = FIRST,
    limit: int = PAGE,
) -> list[Waiting]:
    """The longest waiting first, those behind `after`."""
    rows = await conn.fetch(_LIST, *wanted.values(now), *after, limit)
    return [Waiting(**dict(row)) for row in rows]


async def get_waiting(conn: Connection, event_id: UUID) -> Waiting | None:
    """One, unless it is done by now."""
    row = await conn.fetchrow(_GET, event_id)
    return Waiting(**dict(row)) if row else None


async def list_kinds(conn: Connection, wanted: Wanted, now: datetime) -> list[Kind]:
    """How many are meant, by type."""
    return [Kind(**dict(row)) for row in await conn.fetch(_KINDS, *wanted.values(now))]


async def count_waiting(conn: Connection) -> dict[str, int]:
    """How many by state."""
    return {row["state"]: row["count"] for row in await conn.fetch(_COUNT)}


async def list_steps(conn: Connection, event_id: UUID) -> list[Step]:
    """What became of an event, in order; kept for ninety days, acts for good."""
    return [Step(**dict(row)) for row in await conn.fetch(_FAILURES, event_id)]


async def forget_failures(conn: Connection) -> int:
    """Those of long ago; how many."""
    return int(await conn.fetchval(_FORGET, KEPT))
