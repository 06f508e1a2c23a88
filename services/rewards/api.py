"""HTTP: public figures, the vendor's reports, and the approvers' work."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.rewards import approvals, metrics, views
from services.rewards.providers.protocol import Airtime
from services.rewards.rebinding import turn_of
from services.rewards.rules.payouts import Pace, Reward
from services.rewards.store import (
    contacts,
    directory,
    earlier,
    figures,
    history,
    lateness,
    mismatches,
    orders,
    rewards,
)
from services.rewards.views import Approval, Note
from shared import access
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Malformed, NotFound
from shared.observe import log
from shared.values.seal import Seal
from shared.vendors import reports
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, report, staff, statistics
from shared.web.replies import Text

PAGE = 50
READERS = staff(access.REWARD_READERS)
DECIDERS = staff(access.REWARD_DECIDERS)
ONE = "/api/v1/rewards/{reward_id}"
Act = Callable[[Connection, Reward, Operator], Awaitable[Reward]]


@dataclass(frozen=True)
class Api:
    """The handlers and what they need."""

    database: Database
    vendors: Sequence[Airtime]
    seal: Seal
    pace: Pace

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        act = partial(
            Endpoint, "POST", params={"reward_id": UUID}, answers={200: views.Detail},
            limit=8 * 1024, repeat="header",
        )  # fmt: skip
        return [
            statistics(self.figures, "Counts of rewards, and what was paid", views.Figures),
            Endpoint(
                "GET", "/api/v1/rewards", self.list_rewards, "Rewards, newest first", READERS,
                query=views.ListQuery, answers={200: views.Listing},
            ),
            Endpoint(
                "GET", ONE, self.get_reward, "A reward with its orders and history", READERS,
                params={"reward_id": UUID}, answers={200: views.Detail},
            ),
            act(f"{ONE}/approvals", self.approve, "A second person's word on a held reward",
                DECIDERS, body=Approval),
            act(f"{ONE}/holds", self.hold, "Stop a reward that has not left", DECIDERS, body=Note),
            act(f"{ONE}/write-offs", self.write_off,
                "One of two signatures that an unknown order was not executed", DECIDERS,
                body=Note),
            report(reports.PATH, self.take_report, "The vendor's report of an order"),
        ]  # fmt: skip

    async def figures(self, _: Call[None, None]) -> views.Figures:
        """Counts for the public table; nothing about anybody."""
        async with self.database.acquire() as conn:
            return views.figures_of(await figures.list_states(conn))

    async def list_rewards(self, call: Call[None, views.ListQuery]) -> views.Listing:
        """A page of them."""
        query = call.query
        async with self.database.reading(as_=call.operator) as conn:
            rows = await rewards.list_page(conn, query.state, query.cursor, PAGE)
            names = await directory.list_names(conn, {reward.unit_code for _, reward in rows})
            away = await self._away(conn, [reward.id for _, reward in rows])
            since = await lateness.list_since(conn, [reward for _, reward in rows])
        cursor = str(rows[-1][0]) if len(rows) == PAGE else None
        shown = [
            views.RewardShown(
                **views.values_of(reward, self.seal, names),
                vendor_away=away.get(reward.id),
                since=since.get(str(reward.id)),
            )
            for _, reward in rows
        ]
        return views.Listing(rewards=shown, next=cursor)

    async def get_reward(self, call: Call[None, None]) -> views.Detail:
        """One reward."""
        async with self.database.reading(as_=call.operator) as conn:
            reward = await rewards.get(conn, call.params["reward_id"])
            if reward is None:
                raise NotFound("refused.no_reward")
            return await self.detail(conn, reward)

    async def approve(self, call: Call[Approval, None]) -> views.Detail:
        """Ready or refused."""
        return await self.act(call, lambda c, r, who: approvals.decide(c, r, who, call.body))

    async def hold(self, call: Call[Note, None]) -> views.Detail:
        """Held; somebody else must approve it."""
        return await self.act(call, lambda c, r, who: approvals.hold(c, r, who, call.body.note))

    async def write_off(self, call: Call[Note, None]) -> views.Detail:
        """Signed; the second signature frees a new order."""
        return await self.act(
            call, lambda c, r, who: approvals.write_off(c, r, who, call.body.note, self.pace)
        )

    async def act(self, call: Call[Any, None], act: Act) -> views.Detail:
        """What an approver does to a reward, alone, and the reward as it then is."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._act, conn, call, act)
            return await repeats.once(conn, call, views.Detail, doing)

    async def _act(self, conn: Connection, call: Call[Any, None], act: Act) -> views.Detail:
        await rewards.lock_decisions(conn)
        reward = await rewards.claim_one(conn, call.params["reward_id"])
        if reward is None:
            raise NotFound("refused.no_reward")
        return await self.detail(conn, await act(conn, reward, call.operator))

    async def detail(self, conn: Connection, reward: Reward) -> views.Detail:
        """A reward with everything that belongs to it."""
        names = await directory.list_names(conn, [reward.unit_code])
        return views.Detail(
            **views.values_of(reward, self.seal, names),
            vendor_away=(await self._away(conn, [reward.id])).get(reward.id),
            since=(await lateness.list_since(conn, [reward])).get(str(reward.id)),
            orders=[views.OrderShown(**order) for order in await orders.list_of(conn, reward)],
            transitions=[
                views.TransitionShown(**step) for step in await history.list_of(conn, reward)
            ],
            write_offs=await orders.list_write_offs(conn, reward.order_id),
            write_off_lacks=await approvals.lacks(conn, reward, self.pace),
            mismatches=[
                views.MismatchShown(**row) for row in await mismatches.list_of(conn, reward.id)
            ],
            other_phone=await self._other_phone(conn, reward),
        )

    async def _other_phone(self, conn: Connection, reward: Reward) -> str | None:
        contact = await contacts.get(conn, reward.submission_id)
        if contact and await turn_of(conn, self.seal, reward, contact) == "later":
            return views.masked(contact, self.seal)
        return None

    async def _away(self, conn: Connection, reward_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        configured = [vendor.name for vendor in self.vendors]
        return await orders.list_without_vendor(conn, reward_ids, configured)

    async def take_report(self, call: Call[None, None]) -> Text:
        """A report is a hint: it makes the question due now, and is believed in nothing else.

        Whichever order it names, the present one or any before it, that very order is asked about.
        """
        vendor = reports.addressed(self.vendors, call.params["vendor"], call.params["secret"])
        named = set(_read_report(vendor, call))
        async with self.database.transaction() as conn:
            # In one order, as two reports of the same orders must not stop one another.
            for order_id in sorted(await _ours(conn, vendor, named)):
                _count_report(vendor, await _mark_due(conn, vendor.name, order_id))
        log.get().info("report received", vendor=vendor.name, size=len(named))
        return Text(vendor.reply.text, vendor.reply.content_type)


async def _ours(conn: Connection, vendor: Airtime, named: Collection[str]) -> Collection[str]:
    """The orders that a report names; what is none of ours is counted."""
    if not vendor.by_own_id:
        return named
    found = await orders.list_by_ref(conn, vendor.name, named)
    for _ in range(len(named) - len(found)):
        _count_report(vendor, "not_open")
    return found


async def _mark_due(conn: Connection, vendor: str, order_id: str) -> str:
    if await rewards.mark_due(conn, vendor, order_id):
        return "taken"
    return "earlier" if await earlier.mark_due(conn, vendor, order_id) else "not_open"


def _read_report(vendor: Airtime, call: Call[None, None]) -> list[str]:
    try:
        return reports.read(vendor, call.raw, call.headers)
    except Malformed:
        _count_report(vendor, "malformed")
        raise


def _count_report(vendor: Airtime, outcome: str) -> None:
    metrics.REPORTS.labels(vendor.name, outcome).inc()
