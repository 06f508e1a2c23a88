"""What happened to all accounts, for those who watch their keepers."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.verification.signin.store import events
from shared import access
from shared.db import Database
from shared.values import text
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page

# Not below the accounts' own address, where the next part is a name.
ADDRESS = f"{access.WINGS['accounts']}-log"
_PAGE = 50


class LogQuery(BaseModel):
    """What happened before one, to one account or of one kind."""

    model_config = ConfigDict(frozen=True)

    before: int = Field(events.NEWEST, ge=0, le=events.NEWEST)
    username: Annotated[str, StringConstraints(max_length=64)] = ""
    kind: events.Kind | Literal[""] = ""


@dataclass(frozen=True)
class LogPages:
    """`/desk/accounts-log`."""

    database: Database

    def endpoints(self) -> list[Endpoint]:
        """The one page."""
        readers = staff(access.LOG_READERS)
        return [
            Endpoint(
                "GET", ADDRESS, self.show, "What happened to accounts", readers, query=LogQuery
            )
        ]

    async def show(self, call: Call[None, LogQuery]) -> Page:
        """The newest first."""
        asked = {"username": text.username(call.query.username), "kind": call.query.kind}
        async with self.database.acquire() as conn:
            found = await events.list_events(conn, call.query.before, _PAGE + 1, **asked)
        page = found[:_PAGE]
        onward = urlencode({**asked, "before": page[-1].event_id}) if len(found) > _PAGE else ""
        further = f"{ADDRESS}?{onward}" if onward else None
        values = {
            "events": page,
            "kinds": events.KINDS,
            "command": events.COMMAND_LINE,
            "next_page": further,
        }
        return Page("account_log.html", {**values, **asked})
