"""What happened to accounts, as one can look it up; nothing of it is ever changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from services.verification.signin.attempts import NOWHERE, Caller
from shared.db import Connection

Kind = Literal[
    "signed_in",
    "refused",
    "code_refused",
    "recovered",
    "enrolled",
    "codes_renewed",
    "password_changed",
    "password_set",
    "confirmed",
    "confirm_refused",
    "signed_out",
    "ended",
    "factor_reset",
    "added",
    "changed",
    "disabled",
    "enabled",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# What was done from the command line; nobody is called so.
COMMAND_LINE = "#"
# Before this one come all.
NEWEST = 2**63 - 1


@dataclass(frozen=True)
class AccountEvent:
    """What happened to whose account; `done_by` is who did it, if that was somebody else.

    `network` is about where it came from, `agent` how the browser called itself.
    """

    event_id: int
    username: str
    name: str
    kind: Kind
    done_by: str
    agent: str
    network: str
    happened_at: datetime


_ADD = """
    INSERT INTO account_events (username, kind, done_by, agent, network)
    SELECT username, $2, $3, $4, $5 FROM operators WHERE username = $1
"""
_LIST = """
    SELECT e.*, o.name FROM account_events e JOIN operators o USING (username)
    WHERE e.event_id < $1{wanted} ORDER BY e.event_id DESC LIMIT $2
"""


async def add(
    conn: Connection, username: str, kind: Kind, caller: Caller = NOWHERE, done_by: str = ""
) -> None:
    """It has happened; of a name that nobody has there is nothing to tell."""
    await conn.execute(_ADD, username, kind, done_by, caller.shown_agent, caller.network)


async def list_events(
    conn: Connection, before: int, limit: int, *, username: str = "", kind: str = ""
) -> list[AccountEvent]:
    """The newest first, those before one; of one account or of one kind, if that is named."""
    asked = {"username": username, "kind": kind}
    named = {column: value for column, value in asked.items() if value}
    wanted = "".join(f" AND e.{column} = ${at}" for at, column in enumerate(named, 3))
    rows = await conn.fetch(_LIST.format(wanted=wanted), before, limit, *named.values())
    return [AccountEvent(**dict(row)) for row in rows]


async def forget(conn: Connection, kept: timedelta, most: int) -> int:
    """Remove what is no longer kept, so many at most; how many."""
    gone: int = await conn.fetchval("SELECT forget_account_events($1, $2)", kept, most)
    return gone
