"""HTTP: public figures, the vendor's reports, and the approvers' work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from aiohttp import web

from services.rewards import approvals, metrics
from services.rewards.approvals import Approval, Note
from services.rewards.providers.protocol import Airtime
from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import State
from services.rewards.settings import Settings
from services.rewards.store import figures, history, orders, rewards
from services.rewards.views import counts, reward_json
from shared.access import Operator, Role, check
from shared.db import Connection, Database
from shared.errors import FieldError, Invalid, Malformed, NotFound
from shared.observe import log
from shared.values import text
from shared.vendors import reports
from shared.web.edge import json_response, read_json

PAGE = 50
READERS: tuple[Role, ...] = (
    "reward_approver", "city_supervisor", "auditor", "administrator",
)  # fmt: skip
Act = Callable[[Connection, Reward, Operator], Awaitable[Reward]]


@dataclass(frozen=True)
class Api:
    """The routes' handlers and what they need."""

    settings: Settings
    database: Database
    vendor: Airtime

    def routes(self) -> list[web.AbstractRouteDef]:
        """All routes of the service."""
        one = "/api/v1/rewards/{id}"
        return [
            web.get("/api/v1/figures", self.get_figures),
            web.get("/api/v1/rewards", self.list_rewards),
            web.get(one, self.get_reward),
            web.post(f"{one}/approvals", self.approve),
            web.post(f"{one}/holds", self.hold),
            web.post(f"{one}/write-offs", self.write_off),
            web.post(reports.PATH, self.take_report),
        ]

    async def get_figures(self, _: web.Request) -> web.Response:
        """Counts for the public table; nothing about anybody."""
        async with self.database.acquire() as conn:
            return json_response(counts(await figures.list_states(conn)))

    async def list_rewards(self, request: web.Request) -> web.Response:
        """GET ?state=&cursor=: newest first, 50 at a time; `next` is the next page's cursor."""
        self._reader(request)
        state, before = _state(request), _cursor(request)
        async with self.database.acquire() as conn:
            rows = await rewards.list_page(conn, state, before, PAGE)
        cursor = str(rows[-1][0]) if len(rows) == PAGE else None
        return json_response({"rewards": [self._json(r) for _, r in rows], "next": cursor})

    async def get_reward(self, request: web.Request) -> web.Response:
        """One reward with its orders and its whole history."""
        self._reader(request)
        async with self.database.acquire() as conn:
            reward = await rewards.get(conn, _reward_id(request))
            if reward is None:
                raise _missing()
            return json_response(await self._whole(conn, reward))

    async def approve(self, request: web.Request) -> web.Response:
        """POST {decision: approve | refuse, note}: the second person's word on a held reward."""
        body = await read_json(request, Approval)
        return await self._act(request, lambda c, r, who: approvals.decide(c, r, who, body))

    async def hold(self, request: web.Request) -> web.Response:
        """POST {note}: stop a reward that is not on its way yet; somebody else must approve it."""
        body = await read_json(request, Note)
        return await self._act(request, lambda c, r, who: approvals.hold(c, r, who, body.note))

    async def write_off(self, request: web.Request) -> web.Response:
        """POST {note}: one of two signatures that an unknown order was not executed."""
        body, pace = await read_json(request, Note), self.settings.pace
        return await self._act(
            request, lambda c, r, who: approvals.write_off(c, r, who, body.note, pace)
        )

    async def take_report(self, request: web.Request) -> web.Response:
        """A report is a hint: it makes the question due now, and is believed in nothing else."""
        reports.check(self.vendor, request.match_info["vendor"], request.match_info["secret"])
        order_ids = self._read_report(await request.read())
        async with self.database.transaction() as conn:
            for order_id in order_ids:
                state = await rewards.mark_due(conn, order_id)
                self._count_report("taken" if state else "not_open")
        log.get().info("report received", vendor=self.vendor.name, size=len(order_ids))
        reply = self.vendor.reply
        return web.Response(text=reply.text, content_type=reply.content_type)

    def _read_report(self, body: bytes) -> list[str]:
        try:
            return reports.read(self.vendor, body)
        except Malformed:
            self._count_report("malformed")
            raise

    def _count_report(self, outcome: str) -> None:
        metrics.REPORTS.labels(self.vendor.name, outcome).inc()

    async def _act(self, request: web.Request, act: Act) -> web.Response:
        who = self._approver(request)
        async with self.database.transaction() as conn:
            await rewards.lock_decisions(conn)
            reward = await rewards.claim_one(conn, _reward_id(request))
            if reward is None:
                raise _missing()
            return json_response(await self._whole(conn, await act(conn, reward, who)))

    async def _whole(self, conn: Connection, reward: Reward) -> dict[str, Any]:
        signed = await orders.list_write_offs(conn, reward.order_id)
        return self._json(reward) | {
            "orders": await orders.list_of(conn, reward),
            "transitions": await history.list_of(conn, reward),
            "write_offs": signed,
        }

    def _json(self, reward: Reward) -> dict[str, Any]:
        return reward_json(reward, self.settings.seal)

    def _reader(self, request: web.Request) -> Operator:
        return self._check(request, *READERS)

    def _approver(self, request: web.Request) -> Operator:
        return self._check(request, "reward_approver")

    def _check(self, request: web.Request, *roles: Role) -> Operator:
        header = request.headers.get("Authorization")
        return check(header, self.settings.identity_public, *roles)


def _reward_id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise _missing() from None


def _missing() -> NotFound:
    return NotFound("There is no such reward.")


def _state(request: web.Request) -> str | None:
    state = request.query.get("state")
    if state is not None and state not in get_args(State):
        raise Invalid("", FieldError("state", f"should be one of: {', '.join(get_args(State))}"))
    return state


def _cursor(request: web.Request) -> int | None:
    typed = request.query.get("cursor")
    if typed is None:
        return None
    cursor = text.number(typed, 10**18)
    if cursor is None:
        raise Invalid("", FieldError("cursor", "should be the `next` of the page before"))
    return cursor
