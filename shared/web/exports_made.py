"""Who took which list away: a page of each service that has lists, for who watches."""

from dataclasses import dataclass

from pydantic import BaseModel, Field

from shared import access
from shared.db import Database
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page

_LIST = """
    SELECT export_id, username, what, asked, format, number, exported_at FROM exports
    WHERE export_id < $1 ORDER BY export_id DESC LIMIT $2
"""
_NEWEST, _PAGE = 2**62, 50


class MadeQuery(BaseModel):
    """Lists that were taken away before one."""

    before: int = Field(_NEWEST, ge=0, le=_NEWEST)


@dataclass(frozen=True)
class MadeExports:
    """At the place that `access` has for the service."""

    service: str
    database: Database

    def endpoints(self) -> list[Endpoint]:
        """One."""
        return [
            Endpoint(
                "GET", self._address, self.show, "Who took which list away",
                staff(access.LOG_READERS), query=MadeQuery,
            )
        ]  # fmt: skip

    @property
    def _address(self) -> str:
        return access.EXPORTS[self.service]

    async def show(self, call: Call[None, MadeQuery]) -> Page:
        """The newest first."""
        async with self.database.acquire() as conn:
            found = await conn.fetch(_LIST, call.query.before, _PAGE + 1)
        made = found[:_PAGE]
        further = f"{self._address}?before={made[-1]['export_id']}" if len(found) > _PAGE else None
        values = {"made": made, "next_page": further, "places": access.EXPORTS}
        return Page("exports_made.html", values)
