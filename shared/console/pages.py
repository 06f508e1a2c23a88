"""`/console`: a service's own waiting events, acts and processes, for who keeps the machines.

Every service serves it over its own database, so none reads another's; a switch leads from one to
the next.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ValidationError

from shared import access, flows
from shared.console import acts, charts, payload, processes, prometheus, waiting
from shared.console.bodies import (
    ActBody,
    ActQuery,
    ActsQuery,
    Board,
    ChartsQuery,
    Hours,
    LevelBody,
    ListQuery,
)
from shared.console.processes import Level
from shared.console.waiting import PAGE, State, Wanted
from shared.db import Connection, Database
from shared.errors import Invalid, NotFound, Refused, Wrong
from shared.observe import boards
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

HOME = access.WINGS["console"]
EVENT, ACTS, NEW = f"{HOME}/events/{{event_id}}", f"{HOME}/acts", f"{HOME}/acts/new"
ACT, PROCESSES, LEVEL = f"{ACTS}/{{act_id}}", f"{HOME}/processes", f"{HOME}/level"
CHARTS = f"{HOME}/charts"
KEEPERS = staff(access.CONSOLE_KEEPERS)
# Who watches the keepers reads what they did, and nothing of what the events say.
READERS = staff((*access.CONSOLE_KEEPERS, *access.LOG_READERS))
AGAIN = {"Refresh": "3"}
# Who looks at charts does so when everything is slow, the drawing too.
_CHARTS_SECONDS = 10.0


@dataclass(frozen=True)
class Console:
    """The pages of one service. `prometheus` is where charts come from; empty, there are none."""

    service: str
    database: Database
    prometheus: str = ""

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        form: dict[str, Any] = {"form": True, "csrf": "token", "repeat": "form"}
        event, act = {"event_id": UUID}, {"act_id": int}
        return [
            Endpoint("GET", HOME, self.show, "Events that wait", KEEPERS, query=ListQuery),
            Endpoint("GET", EVENT, self.show_one, "An event that waits", KEEPERS, params=event),
            Endpoint("GET", NEW, self.ask, "Before an act", KEEPERS, query=ActQuery),
            Endpoint(
                "POST", ACTS, self.act, "Replay or discard what waits", KEEPERS, body=ActBody,
                again=self.ask_again, **form,
            ),
            Endpoint("GET", ACTS, self.show_acts, "What was done here", READERS, query=ActsQuery),
            Endpoint("GET", ACT, self.show_act, "How far an act has come", READERS, params=act),
            Endpoint(
                "GET", CHARTS, self.charts, "Charts", KEEPERS, query=ChartsQuery,
                seconds=_CHARTS_SECONDS,
            ),
            Endpoint("GET", PROCESSES, self.state, "How the processes are", KEEPERS),
            Endpoint(
                "POST", LEVEL, self.level, "Make logs louder or quieter for a while", KEEPERS,
                body=LevelBody, again=self.level_again, **form,
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, ListQuery]) -> Page:
        """By state, type, error and age; the longest waiting first."""
        query, wanted = call.query, call.query.wanted
        async with self.database.reading() as conn:
            now = await conn.fetchval("SELECT now()")
            after = query.since, query.last
            found = await waiting.list_waiting(conn, wanted, now, after, PAGE + 1)
            kinds = await waiting.list_kinds(conn, wanted, now)
            counts = await waiting.count_waiting(conn)
        shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
        more = {"since": last.since.isoformat(), "last": last.event_id} if last else {}
        values = {
            "events": shown, "kinds": kinds, "counts": counts, "wanted": wanted,
            "number": sum(kind.number for kind in kinds), "now": now,
            "next_page": f"{HOME}?{_asked(wanted, **more)}" if last else None,
            "act_on": _asked(wanted), "types": [one.TYPE for one in flows.heard_by(self.service)],
            "states": get_args(State),
        }  # fmt: skip
        return Page("console.html", values)

    async def show_one(self, call: Call[None, None]) -> Page:
        """What it says, without what is sealed; what became of it."""
        event_id = call.params["event_id"]
        async with self.database.reading() as conn:
            event = await waiting.get_waiting(conn, event_id)
            steps = await waiting.list_steps(conn, event_id)
        if event is None and not steps:
            raise NotFound()
        body = event.body if event else ""
        values = {
            "event": event, "steps": steps, "event_id": event_id,
            "told": payload.told(body), "subject": payload.subject(body),
            "size": len(body.encode()),
        }  # fmt: skip
        return Page("console_event.html", values)

    async def ask(self, call: Call[None, ActQuery]) -> Page:
        """How many are meant, of which types, and what it hurts."""
        return await self._ask(call.query, NONE)

    async def ask_again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The same with what was typed, and why it was not done."""
        typed = {name: call.fields.one(name) for name in ActQuery.model_fields}
        try:
            query = ActQuery.model_validate(typed)
        except ValidationError:
            query = ActQuery()
        return await self._ask(query, call.fields, refused, repeats.key_again(call, refused))

    async def _ask(
        self, query: ActQuery, typed: Fields, refused: Refused | None = None, key: str = ""
    ) -> Page:
        async with self.database.reading() as conn:
            now = await conn.fetchval("SELECT now()")
            wanted = query.wanted.model_copy(update={"until": query.until or now})
            kinds = await waiting.list_kinds(conn, wanted, now)
        number = sum(kind.number for kind in kinds)
        values = {
            "act": query.act, "wanted": wanted, "kinds": kinds, "typed": typed, "key": key,
            "number": number, "until": wanted.until.isoformat() if wanted.until else "",
        }  # fmt: skip
        return Page("console_ask.html", values, refused=refused)

    async def act(self, call: Call[ActBody, None]) -> See:
        """The first of them at once; the page of the act shows how it goes on."""

        async def do(conn: Connection) -> int:
            body = call.body
            if body.act == "discard" and not body.reason:
                raise Invalid(Wrong("reason", "wrong.missing"))
            who = call.operator.username
            return await acts.begin(conn, body.act, who, body.reason, body.wanted)

        act_id = await repeats.done_once(self.database, call, int, do)
        return See(f"{ACTS}/{act_id}")

    async def show_acts(self, call: Call[None, ActsQuery]) -> Page:
        """The newest first."""
        async with self.database.reading() as conn:
            found = await acts.list_acts(conn, call.query.before, PAGE + 1)
        shown = found[:PAGE]
        more = f"{ACTS}?before={shown[-1].act_id}" if len(found) > PAGE else None
        return Page("console_acts.html", {"acts": shown, "next_page": more})

    async def show_act(self, call: Call[None, None]) -> Page:
        """Who, when, why, what was meant, and the first events that it came to."""
        act_id = call.params["act_id"]
        async with self.database.reading() as conn:
            act = await acts.get_act(conn, act_id)
            touched = await acts.list_touched(conn, act_id)
        if act is None:
            raise NotFound()
        keeps = call.operator.role in access.CONSOLE_KEEPERS
        values = {"act": act, "touched": touched, "keeps": keeps, "most": acts.PAGE}
        return Page("console_act.html", values, headers={} if act.ended_at else AGAIN)

    async def charts(self, call: Call[None, ChartsQuery]) -> Page:
        """What Grafana's dashboards show, for whoever has none."""
        query, now = call.query, datetime.now(UTC)
        window = prometheus.Window(now, timedelta(hours=int(query.hours)), self.service)
        panels = boards.BOARDS[query.board]
        asked = await prometheus.ask(self.prometheus, panels, window) if self.prometheus else []
        drawn = [
            (panel, told if isinstance(told, str) else charts.drawn(told, window, panel.unit))
            for panel, told in zip(panels, asked, strict=False)
        ]
        values = {
            "query": query, "now": now, "drawn": drawn, "most": charts.MOST,
            "asked": bool(self.prometheus), "away": "away" in asked,
            "boards": get_args(Board), "spans": get_args(Hours),
        }  # fmt: skip
        return Page("console_charts.html", values)

    async def state(self, _: Call[None, None]) -> Page:
        """Outbox, broker, jobs, logs."""
        return await self._state(NONE)

    async def level(self, call: Call[LevelBody, None]) -> See:
        """Within seconds, in every process of the service."""

        async def do(conn: Connection) -> bool:
            body, who = call.body, call.operator.username
            await processes.make_loud(conn, who, body.reason, body.level, body.minutes)
            return True

        await repeats.done_once(self.database, call, bool, do)
        return See(f"{PROCESSES}?done=1")

    async def level_again(self, call: Call[Any, None], refused: Refused) -> Page:
        """The page with what was typed."""
        return await self._state(call.fields, refused, repeats.key_again(call, refused))

    async def _state(self, typed: Fields, refused: Refused | None = None, key: str = "") -> Page:
        async with self.database.reading() as conn:
            values = {
                "now": await conn.fetchval("SELECT now()"),
                "outbox": await processes.get_outbox(conn),
                "counts": await waiting.count_waiting(conn),
                "found": await processes.list_processes(conn),
                "loud": await processes.get_loud(conn),
                "levels": get_args(Level),
                "typed": typed,
                "key": key,
            }
        return Page("console_processes.html", values, refused=refused)


def _asked(wanted: Wanted, **more: object) -> str:
    told = wanted.model_dump(exclude={"until"}, exclude_defaults=True) | more
    return urlencode({name: str(value) for name, value in told.items()})
