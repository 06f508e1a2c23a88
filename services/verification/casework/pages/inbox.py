"""The inbox: what is to be done, the most pressing first. No JavaScript."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ValidationError

from services.verification.casework import listing, queries, rows
from services.verification.casework.acts import search
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import READERS
from services.verification.casework.pages.live import FRESH, figures
from services.verification.casework.store import (
    holds,
    lists,
    papers,
    presences,
    queues,
    saved_views,
    workers,
)
from services.verification.supervision.acts import count_waiting
from shared import access
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Invalid, Refused
from shared.values import clock
from shared.values.counting import MOST
from shared.web import repeats
from shared.web.counted import counted
from shared.web.endpoints import Call, Endpoint
from shared.web.replies import Page

_PAGE = 25
# Before every case.
_NOTHING = UUID(int=0)
# What a link of the inbox keeps of what was asked for.
_ASKED = ("state", "due", "step", "category", "unit", "who", "urgent", "q", "words")
# What each of the rail's views asks for.
_VIEWS: Mapping[str, Mapping[str, object]] = {
    "work": {},
    "late": {"due": "late"},
    "today": {"due": "today"},
    "urgent": {"urgent": True},
    "call": {"step": "call"},
    "check": {"step": "check"},
    "review": {"step": "review"},
    "word": {"step": "word"},
    "verified": {"state": "verified"},
    "all": {"state": "all"},
}


@dataclass(frozen=True)
class InboxPages:
    """`/desk`."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """One."""
        return [Endpoint("GET", "/desk", self.inbox, "The inbox", READERS)]

    async def inbox(self, call: Call[None, None]) -> Page:
        """A page of cases, and how many are due."""
        return await self.page(call, query_of(call.asking))

    async def page(
        self,
        call: Call[Any, Any],
        query: queries.InboxQuery,
        title: str = "",
        refused: Refused | None = None,
    ) -> Page:
        """The same for what is asked for; with the name that a view could not be saved under."""
        now, today = clock.now(), listing.end_of_today()
        async with self.database.reading(as_=call.operator) as conn:
            found = await listing.find(conn, self.desk, call.operator, query)
            page = await listing.list_found(conn, call.operator, query, found)
            shown = await rows.load(conn, self.desk, call.operator, page.cases, now)
            counts = await lists.count_due(conn, call.operator, today, now)
            here = await presences.list_others(conn, call.operator.username, now, FRESH)
            waiting = await _waiting(conn, call)
            saved = await saved_views.list_of(conn, call.operator.username)
            people = await _people(conn, call.operator, query.unit)
        values = {
            "rows": shown,
            "counts": figures(counts, call.language),
            "late": counts.late,
            "newest": counts.newest or _NOTHING,
            "here": here,
            "query": query,
            "found": found,
            "shown": search.SHOWN,
            "view": _view(query),
            "categories": self.desk.policies.at(now).categories,
            "next_page": _link(query, page.cursor) if page.cursor else None,
            "hour": rows.hour,
            "people": people,
            "saved": saved,
            "asked": asked_in(query),
            "title": title,
            "key": repeats.key_again(call, refused) if refused else "",
            "may_save": call.operator.role in access.CASE_WORKERS,
            "done": call.asked("done") == "view",
        }
        return Page("inbox.html", values | waiting, refused=refused)


async def _waiting(conn: Connection, call: Call[Any, Any]) -> dict[str, object]:
    """What waits for a person beside cases; None for whom it does not wait."""
    who = call.operator
    above, unit = who.role in access.SUPERVISORS, who.role == "unit_operator"
    held = await holds.count_holds(conn, "held", None, None, MOST) if above else None
    notices = await count_waiting(conn, who)
    unread = await papers.count_unread(conn, who, MOST) if unit else None
    appeals, late = await queues.count_appeals(conn, who, MOST) if above else (None, 0)
    numbers = {"held": held, "notices": notices, "unread": unread, "appeals": appeals}
    shown = {
        name: None if number is None else counted(number, call.language)
        for name, number in numbers.items()
    }
    return {**shown, "waits": bool(notices), "reads": bool(unread), "owes": bool(late)}


async def _people(conn: Connection, operator: Operator, unit: str | None) -> list[Operator]:
    """Of whose cases there may be a list: who works at the unit that is asked for, or here."""
    if unit:
        return await workers.list_workers(conn, unit)
    return await workers.list_at(conn, operator.scope)


def query_of(given: Mapping[str, str]) -> queries.InboxQuery:
    """What a link asks for."""
    # One with a filter or a cursor that we do not know shows the inbox, not an error.
    kept = {name: value for name, value in given.items() if value}
    try:
        query = queries.InboxQuery.model_validate(kept | {"limit": _PAGE})
        listing.cursor_of(query)
    except (ValidationError, Invalid):
        return queries.InboxQuery(limit=_PAGE)
    return query


def _asked(query: queries.InboxQuery) -> dict[str, object]:
    """What was asked for beside the usual."""
    given = query.model_dump(include=set(_ASKED), exclude_defaults=True)
    return {name: given[name] for name in _ASKED if given.get(name)}


def asked_in(query: queries.InboxQuery) -> str:
    """The same as it stands in an address."""
    return urlencode(_asked(query))


def _view(query: queries.InboxQuery) -> str:
    """Which of the rail's views it is; `found` for any other choice of cases."""
    asked = _asked(query)
    named = query.number or query.submission_id
    return next((name for name, one in _VIEWS.items() if one == asked and not named), "found")


def _link(query: queries.InboxQuery, cursor: str) -> str:
    return "/desk?" + urlencode({**_asked(query), "cursor": cursor})
