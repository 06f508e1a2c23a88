"""`/w/{code}/no-more`: whoever got an invitation by SMS says that they want no more, or do again.

The link is all that is asked for, and only of its own phone anything is said.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.intake.abuse import store as counts
from services.intake.abuse.limits import Limit
from services.intake.accept.acceptance import Acceptance
from services.intake.accept.store import phones
from services.intake.pages.notices import HIDDEN, notice
from shared.db import Connection, Database
from shared.errors import Conflict, Invalid, Refused, TooMany
from shared.observe import log
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import PUBLIC, Call, Endpoint
from shared.web.replies import Page, See

ADDRESS = "/w/{code}/no-more"
UNKNOWN = notice("wrong_code", 404)
# People change their minds; a program may not fill the table.
OFTEN = Limit("no_more", 10, timedelta(days=1))


class NoMoreBody(BaseModel):
    """True wants no more of them, False takes that back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    no_more: bool


class Said(BaseModel):
    """What holds from now on."""

    no_more: bool


@dataclass(frozen=True)
class DecliningPage:
    """The page behind the link in an invitation's SMS."""

    acceptance: Acceptance
    database: Database

    def endpoints(self) -> list[Endpoint]:
        """The page, which asks once, and its form."""
        return [
            Endpoint(
                "GET", ADDRESS, self.show, "Whether a phone is invited again", PUBLIC,
                params={"code": str},
            ),
            Endpoint(
                "POST", ADDRESS, self.say, "Be invited no more, or take that back", PUBLIC,
                params={"code": str}, body=NoMoreBody, form=True, again=self.again, repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[Any, None]) -> Page:
        """Asking changes nothing: programs open links, too."""
        return await self._page(call)

    async def say(self, call: Call[NoMoreBody, None]) -> See:
        """Said, once; the same page then tells, and takes it back."""
        code = self.acceptance.unit_of(call.params["code"]).code
        async with self.database.transaction() as conn:
            await repeats.once(conn, call, Said, partial(_say, conn, code, call.body.no_more))
        return See(f"/w/{code}/no-more")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The page, and why it was not stored."""
        return await self._page(call, refused)

    async def _page(self, call: Call[Any, Any], refused: Refused | None = None) -> Page:
        try:
            code = self.acceptance.unit_of(call.params["code"]).code
        except Invalid:
            return UNKNOWN
        async with self.database.acquire() as conn:
            index = await phones.of_link(conn, code)
            no_more = await phones.declines(conn, index) if index else False
        values = {
            "code": code,
            "known": index is not None,
            "no_more": no_more,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("no_more.html", values, refused=refused, headers=HIDDEN)


async def _say(conn: Connection, code: str, no_more: bool) -> Said:
    index = await phones.of_link(conn, code)
    if index is None:
        raise Conflict("refused.no_phone_invited")
    if no_more != await phones.declines(conn, index):
        counted = await counts.count(conn, OFTEN, index)
        if counted.over:
            raise TooMany("refused.said_often", counted.after(clock.now()))
        await phones.add_word(conn, index, code, clock.now(), no_more=no_more)
        log.get().info("invitations declined" if no_more else "invitations welcome again")
    return Said(no_more=no_more)
