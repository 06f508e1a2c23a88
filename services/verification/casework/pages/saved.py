"""Saving a choice of cases under a name, and forgetting it."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from services.verification.casework import queries
from services.verification.casework.api import WORKERS
from services.verification.casework.pages.inbox import InboxPages, asked_in, query_of
from services.verification.casework.store import saved_views
from shared.db import Connection, Database
from shared.errors import Invalid, Refused, Wrong
from shared.values import text
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page, See

ADDRESS = "/desk/views"
# So many stand in the rail; who has more finds none of them.
MOST = 20


@dataclass(frozen=True)
class SavedViews:
    """`/desk/views`."""

    database: Database
    inbox: InboxPages

    def endpoints(self) -> list[Endpoint]:
        """Two forms of the inbox."""
        form = partial(Endpoint, "POST", who=WORKERS, form=True, csrf="token", repeat="form")
        return [
            form(ADDRESS, self.save, "Save what is asked for under a name", body=queries.ViewBody,
                 again=self.again),
            form(f"{ADDRESS}/removal", self.remove, "Forget a saved view",
                 body=queries.ViewRemovalBody),
        ]  # fmt: skip

    async def save(self, call: Call[queries.ViewBody, None]) -> See:
        """To the view, which says that it is saved."""
        async with self.database.transaction(as_=call.operator) as conn:
            asked = await repeats.once(conn, call, str, partial(_save, conn, call))
        return See(f"/desk?{asked}&done=view")

    async def remove(self, call: Call[queries.ViewRemovalBody, None]) -> See:
        """To all open work."""
        async with self.database.transaction(as_=call.operator) as conn:
            done = partial(_remove, conn, call)
            await repeats.once(conn, call, bool, done)
        return See("/desk")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with the name as it was typed, and what is wrong with it."""
        query = query_of(dict(parse_qsl(call.fields.one("asked"))))
        return await self.inbox.page(call, query, call.fields.one("title"), refused)


async def _save(conn: Connection, call: Call[queries.ViewBody, None]) -> str:
    own, title = call.operator.username, text.line(call.body.title)
    asked = asked_in(query_of(dict(parse_qsl(call.body.asked))))
    if not title:
        raise Invalid(Wrong("title", "wrong.view_title"))
    if not asked:
        raise Invalid(Wrong("title", "wrong.view_of_nothing"))
    there = await saved_views.list_of(conn, own)
    if title not in there and len(there) >= MOST:
        raise Invalid(Wrong("title", "wrong.views_too_many", n=MOST))
    await saved_views.put(conn, own, title, asked)
    return asked


async def _remove(conn: Connection, call: Call[queries.ViewRemovalBody, None]) -> bool:
    await saved_views.remove(conn, call.operator.username, call.body.title)
    return True
