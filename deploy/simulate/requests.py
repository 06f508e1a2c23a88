"""What the desk asks of the level above: more time, or that two cases are not one incident."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from deploy.simulate.desk import DAY, Desk
from deploy.simulate.facts import Extended, Joined
from deploy.simulate.work import Matter, World
from shared.access import Operator


@dataclass(frozen=True)
class Requests:
    """Who asks, and who grants."""

    world: World
    desk: Desk

    def plan_extension(self, matter: Matter) -> None:
        """Some need more time, and say so at once."""
        world = self.world
        if world.chance(4):
            world.agenda.plan(world.later(5, 25), partial(self.extend, matter), "verification")

    def plan_parting(self, matter: Matter) -> None:
        """Some that were joined turn out to be another event."""
        world = self.world
        if world.chance(15):
            at = world.later(3 * DAY, 20 * DAY)
            world.agenda.plan(at, partial(self.part, matter), "verification")

    async def extend(self, matter: Matter) -> None:
        """Asked from below; mostly granted."""
        world, unit = self.world, matter.visit.unit
        days = world.dice.choice((1, 2, 3))
        body = {"days": days, "reason": "需要调取监控。"}
        asked = await world.on_case(
            matter, "extension", [unit.operator, *world.people.above(unit)], body
        )
        if asked and world.chance(85):
            own = next(one.request_id for one in asked[1].requests if one.kind == "extension")
            at = world.later(5, 60)
            act = partial(self._grant, matter, asked[0], own, days, "")
            world.agenda.plan(at, act, "verification")

    async def _grant(
        self, matter: Matter, asker: Operator, request: UUID, days: int, other: str
    ) -> None:
        world = self.world
        body = {"request_id": str(request), "decision": "grant", "word": "同意。"}
        done = await world.on_case(matter, "decision", self.desk.over(matter, asker), body)
        if done is None:
            return
        now, case = world.city.now, str(matter.case)
        world.log.add(Joined(now, case, other) if other else Extended(now, case, days))
        await world.city.carry()

    async def part(self, matter: Matter) -> None:
        """It was another event after all."""
        world, unit = self.world, matter.visit.unit
        body = {"decision": "split", "reason": "经查不是同一件事。"}
        asked = await world.on_case(
            matter, "incident", [unit.operator, *world.people.above(unit)], body
        )
        if asked:
            own = next(one.request_id for one in asked[1].requests if one.kind == "split")
            act = partial(self._grant, matter, asked[0], own, 0, str(matter.case))
            world.agenda.plan(world.later(30, 600), act, "verification")
