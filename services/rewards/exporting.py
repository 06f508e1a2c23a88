"""The list of rewards to take away: without the phones, though they are masked on the page."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

from services.rewards.api import READERS
from services.rewards.rules.states import State
from services.rewards.store import directory, rewards
from shared.db import Connection, Database
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import MOST, Exports, Table, written_at
from shared.web.texts import texts

COLUMNS = ("verified_on", "unit_code", "unit", "state", "amount", "due")


def endpoints(database: Database) -> list[Endpoint]:
    """One."""
    return Exports("/exports", "/rewards", "rewards", READERS, database, load).endpoints()


async def load(conn: Connection, call: Call[Any, Any], asked: Mapping[str, str]) -> Table:
    """The rewards of a state, or all, the newest first."""
    state = asked.get("state", "")
    wanted = state if state in get_args(State) else None
    found = [one for _, one in await rewards.list_page(conn, wanted, None, MOST + 1)]
    names = await directory.list_names(conn, {one.unit_code for one in found})
    words = texts(call.language)
    rows = [
        (
            written_at(one.verified_at), one.unit_code,
            names.get(one.unit_code, ""), words.text(f"reward_{one.state}"),
            Decimal(one.amount_fen).scaleb(-2),
            written_at(one.due_at),
        )
        for one in found
    ]  # fmt: skip
    return Table(COLUMNS, rows, f"state={wanted}" if wanted else "")
