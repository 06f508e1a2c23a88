"""The tree: places, the units below them, and whatever is found by a word."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from services.verification.directory.acts import KEEPERS
from services.verification.directory.pages.forms import ADDRESS, FORMS
from services.verification.directory.store import officers, operators, places, units
from services.verification.directory.store.units import StoredUnit
from shared import access
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.policy import Policies
from shared.values import text
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.replies import Page, See

_PAGE, _FOUND, _LONGEST = 50, 20, 64


@dataclass(frozen=True)
class TreePages:
    """`/desk/directory`: `at` is a place, `q` a word, `after` a page's last unit."""

    database: Database
    policies: Policies

    def endpoints(self) -> list[Endpoint]:
        """The one page."""
        readers = staff(access.DIRECTORY_READERS)
        return [Endpoint("GET", ADDRESS, self.show, "The tree of places and units", readers)]

    async def show(self, call: Call[None, None]) -> Page | See:
        """What lies at one's own place, at another below it, or what was found."""
        said = text.line(call.asked("q"))[:_LONGEST]
        at = call.asked("at") or call.operator.scope
        async with self.database.reading(as_=call.operator) as conn:
            if said:
                return await self._found(conn, call, said)
            if await units.get_unit(conn, at):
                return See(FORMS["units"].address(at))
            return await self._at(conn, call, at)

    async def _at(self, conn: Connection, call: Call[None, None], at: str) -> Page:
        place = await places.get_place(conn, at)
        if place is None and call.asked("at"):
            raise NotFound
        after = call.asked("after")
        found = await units.list_below(conn, at, after, _PAGE + 1)
        values = {
            "said": "",
            "place": place,
            "trail": await places.list_above(conn, at),
            "below": await places.list_counted(conn, at),
            "operators": await operators.list_at(conn, at) if _sees_accounts(call) else (),
            "found": None,
            **_listed(found, at=at),
            **self._told(call),
        }
        return Page("directory.html", values)

    async def _found(self, conn: Connection, call: Call[None, None], said: str) -> Page:
        found = await units.find_units(conn, said, call.asked("after"), _PAGE + 1)
        people = await operators.find_operators(conn, said, _FOUND) if _sees_accounts(call) else []
        values = {
            "said": said,
            "place": None,
            "trail": (),
            "below": (),
            "operators": people,
            "found": {
                "places": await places.find_places(conn, said, _FOUND),
                "officers": await officers.find_officers(conn, said, _FOUND),
            },
            **_listed(found, q=said),
            **self._told(call),
        }
        return Page("directory.html", values)

    def _told(self, call: Call[None, None]) -> dict[str, Any]:
        levels = {one.key: one.called(call.language) for one in self.policies.editions[-1].levels}
        keeps = [kind for kind, roles in KEEPERS.items() if call.operator.role in roles]
        return {"levels": levels, "keeps": keeps, "most": _FOUND}


def _sees_accounts(call: Call[None, None]) -> bool:
    return call.operator.role in access.ACCOUNT_READERS


def _listed(found: list[StoredUnit], **kept: str) -> dict[str, Any]:
    page = found[:_PAGE]
    more = f"{ADDRESS}?" + urlencode({**kept, "after": page[-1].unit_code}) if page else None
    return {"units": page, "next_page": more if len(found) > _PAGE else None}
