"""The units' points as a list to take away."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.scoring.api import READERS
from services.scoring.store import points
from shared.db import Connection, Database
from shared.web.endpoints import Call, Endpoint
from shared.web.exports import MOST, Exports, Table

COLUMNS = ("unit_code", "unit", "place", "points")


def endpoints(database: Database) -> list[Endpoint]:
    """One."""
    return Exports("/exports", "/scores", "scores", READERS, database, load).endpoints()


async def load(conn: Connection, _: Call[Any, Any], __: Mapping[str, str]) -> Table:
    """All units below one's place, by code."""
    found = await points.list_balances(conn, "", MOST + 1)
    rows = [
        (one["unit_code"], one["name"], one["parent"], _points(one["balance_centipoints"]))
        for one in found
    ]
    return Table(COLUMNS, rows)


def _points(centipoints: int) -> Decimal:
    return Decimal(centipoints).scaleb(-2)
