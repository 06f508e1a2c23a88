"""How each process of a service is: its jobs, the broker, how much it says; told by itself.

A process writes its row every few seconds and reads how loud it shall be, so that whoever asks any
instance hears of all of them.
"""

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from shared.db import Connection, Database
from shared.jobs import JobState
from shared.observe import log

Level = Literal["debug", "info", "warning", "error"]
EVERY = timedelta(seconds=5)
# Who has said nothing for so long is not shown: it has ended, or cannot reach the database.
SILENT = timedelta(seconds=60)
MOST_MINUTES = 24 * 60
_TELL = """
    WITH told AS (
        INSERT INTO process_states (process, told) VALUES ($1, $2)
        ON CONFLICT (process) DO UPDATE SET told = $2, seen_at = now())
    SELECT asked FROM console_acts WHERE act = 'level' ORDER BY act_id DESC LIMIT 1
"""
_LEVEL = """
    WITH act AS (
        INSERT INTO console_acts (act, username, reason, asked, number)
        VALUES ('level', $1, $2, $3, 0) RETURNING act_id)
    INSERT INTO console_ends (act_id) SELECT act_id FROM act RETURNING act_id
"""
_NEWEST = """
    SELECT asked, username FROM console_acts WHERE act = 'level' ORDER BY act_id DESC LIMIT 1
"""
_LIST = """
    SELECT process, told, seen_at FROM process_states WHERE seen_at > now() - $1::interval
    ORDER BY process
"""
_FORGET = "DELETE FROM process_states WHERE seen_at < now() - interval '1 hour'"
_OUTBOX = """
    SELECT count(*)::int AS number,
        coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS seconds
    FROM outbox
"""


class Loud(BaseModel):
    """How loud all processes of a service are until a time."""

    model_config = ConfigDict(frozen=True)

    level: Level
    until: AwareDatetime


@dataclass(frozen=True)
class Told:
    """What a process says of itself. `broker`: ok, away, or why it takes nothing."""

    started_at: datetime
    broker: str
    level: str
    jobs: list[JobState]


@dataclass(frozen=True)
class Process:
    """One of them, as last heard of."""

    process: str
    told: Told
    seen_at: datetime


@dataclass(frozen=True)
class Outbox:
    """What has not left yet: how many, the oldest for how long."""

    number: int
    seconds: float


_told = TypeAdapter(Told)


def name() -> str:
    """This process among all of a service."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def tell(database: Database, told: Told) -> None:
    """Write how this process is, and take over how loud it shall be."""
    async with database.acquire() as conn:
        asked = await conn.fetchval(_TELL, name(), _told.dump_python(told, mode="json"))
    if asked:
        take_over(asked)


def take_over(asked: dict[str, Any]) -> None:
    """Be as loud as the newest word says, until its end; a word of another version is none."""
    try:
        loud = Loud.model_validate(asked)
    except ValidationError:
        return
    log.change(loud.level, loud.until.timestamp())


async def make_loud(
    conn: Connection, username: str, reason: str, level: Level, minutes: int
) -> datetime:
    """All processes of this service take it over within seconds; when it ends."""
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    asked = Loud(level=level, until=until).model_dump(mode="json")
    await conn.execute(_LEVEL, username, reason, asked)
    log.get().warning("log level changed", state=level, soon=until.isoformat())
    return until


async def get_loud(conn: Connection) -> tuple[Loud, str] | None:
    """What holds now and who wanted it, if it is not the usual."""
    row = await conn.fetchrow(_NEWEST)
    loud = Loud.model_validate(row["asked"]) if row else None
    if row is None or loud is None or loud.until <= datetime.now(UTC):
        return None
    return loud, row["username"]


async def list_processes(conn: Connection) -> list[Process]:
    """Those that were heard of lately; what another version wrote differently is left out."""
    found = []
    for row in await conn.fetch(_LIST, SILENT):
        try:
            told = _told.validate_python(row["told"])
        except ValidationError:
            continue
        found.append(Process(row["process"], told, row["seen_at"]))
    return found


async def get_outbox(conn: Connection) -> Outbox:
    """Its depth and age."""
    row = await conn.fetchrow(_OUTBOX)
    return Outbox(**dict(row)) if row else Outbox(0, 0.0)


async def forget(conn: Connection) -> None:
    """Processes that have ended."""
    await conn.execute(_FORGET)
