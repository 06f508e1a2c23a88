"""What must not be left lying: urgent requests, notices, words to citizens, reports of pressure."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from deploy.simulate.desk import DAY, Desk
from deploy.simulate.facts import (
    Acknowledged,
    Answered,
    Filed,
    Looked,
    Opened,
    Pressed,
    Rang,
    Said,
)
from deploy.simulate.people import Unit
from deploy.simulate.work import CASE, Matter, World
from deploy.simulate.year import URGENT
from shared.access import Operator
from shared.errors import NotFound

MINUTE = timedelta(minutes=1)
# Longer than the policy's pause between two pages, so that none lies on its edge.
RINGS = timedelta(minutes=11)
NOTICES = "/api/v1/notices"


@dataclass
class Attention:
    """Whoever is on duty, whoever got a notice, whoever speaks with citizens."""

    world: World
    desk: Desk
    over: set[str] = field(default_factory=set)

    def plan(self, matter: Matter) -> None:
        """A case is begun."""
        world, plan = self.world, self.world.agenda.plan
        urgent = matter.visit.kind == "request" and matter.visit.words == URGENT
        if urgent and not matter.again:
            plan(world.city.now + MINUTE, partial(self.ring, matter), "verification")
            at = world.city.now + MINUTE * world.dice.uniform(2, 110)
            plan(at, partial(self.answer, matter), "verification")
        if world.chance(15):
            plan(world.later(30, 3 * DAY), partial(self.speak, matter), "verification")
        if world.chance(4):
            plan(world.later(30, 3 * DAY), partial(self.press, matter), "verification")

    async def ring(self, matter: Matter) -> None:
        """Day and night, until somebody has it."""
        world = self.world
        if matter.submission in self.over:
            return
        await world.city.job("verification", "page_duty")
        world.log.add(Rang(world.city.now))
        await world.city.carry()
        world.agenda.plan(world.city.now + RINGS, partial(self.ring, matter), "verification")

    async def answer(self, matter: Matter) -> None:
        """Somebody has it, or had it before."""
        world, unit = self.world, matter.visit.unit
        self.over.add(matter.submission)
        if await world.on_case(matter, "page", self._all(unit), {}):
            world.log.add(Answered(world.city.now, str(matter.case)))

    async def speak(self, matter: Matter) -> None:
        """How it stands, while there is no answer."""
        world = self.world
        if await world.on_case(
            matter, "word", self._all(matter.visit.unit), {"word": "仍在核查。"}
        ):
            world.log.add(Said(world.city.now, str(matter.case)))
            await world.city.carry()

    def _all(self, unit: Unit) -> list[Operator]:
        return [unit.operator, *self.world.people.above(unit)]

    async def acknowledge(self) -> None:
        """Every morning some of the places that got a notice; the supervisor's list is all."""
        world, city1 = self.world, self.world.people.top["city1"]
        people, found = world.people, []
        for view in ("mine", "others"):
            page = await world.city.read(
                "verification", NOTICES, city1, {"view": view, "limit": 100}
            )
            found += page.items
        heads = {one.operator.scope: one.operator for one in people.units}
        heads |= {one.county.scope: one.county for one in people.units if one.county}
        for one in found:
            who = heads.get(one.place_code, city1)
            address = f"{NOTICES}/{{notice_id}}/acknowledgement"
            if world.chance(40) and await world.post(
                "verification", address, [who], {"plan": "今天核查。"}, notice_id=one.notice_id
            ):
                said = Acknowledged(world.city.now, str(one.case_id), one.deadline_at, one.level)
                world.log.add(said)

    async def press(self, matter: Matter) -> None:
        """Somebody presses a citizen, who says so: a case that nobody at the unit sees."""
        world, told = self.world, {"words": "有人让我撤回。"}
        done = await world.say(matter, "reports", told)
        if not done:
            return
        await world.city.carry()
        inspector, visit = world.people.top["inspector1"], matter.visit
        page = await world.city.read("verification", "/api/v1/cases", inspector, {"state": "open"})
        known = {one.case for one in world.matters.values()}
        for one in page.items:
            if one.kind != "pressure" or one.case_id in known:
                continue
            own, case = str(one.submission_id), str(one.case_id)
            about = replace(
                visit, kind="pressure", like=False, truth=("helped", "none"), officers=()
            )
            world.log.add(Pressed(one.received_at, own, matter.submission))
            world.log.add(
                Filed(one.received_at, own, visit.unit.code, "pressure", None, (), "", "", "")
            )
            world.log.add(Opened(world.city.now, case, own))
            mine = Matter(about, own, matter.receipt, "", case=UUID(case))
            world.matters[own] = mine
            await self._look(mine)
            world.agenda.plan(
                world.later(30, 2 * DAY), partial(self.desk.judge, mine), "verification"
            )

    async def _look(self, matter: Matter) -> None:
        """The unit's own operator asks for it."""
        world, seen = self.world, True
        try:
            await world.city.read(
                "verification", CASE, matter.visit.unit.operator, {}, case_id=matter.case
            )
        except NotFound:
            seen = False
        world.log.add(Looked(world.city.now, str(matter.case), seen))
