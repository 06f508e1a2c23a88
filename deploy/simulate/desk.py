"""What the desk does: calls, verdicts, second looks.

Some of it late, some of it wrong; whoever may not see a case leaves it to the next above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from deploy.simulate.facts import TRUE, Called, Judged, Opened, Reviewed
from deploy.simulate.work import Matter, World
from shared.access import Operator

DAY = 24 * 60
# Of a hundred second looks, those from this lot on give the verdict back.
RETURNED = 82
OUTCOMES = ("reached",) * 8 + ("no_answer", "busy", "wrong_number")


class Ruling(NamedTuple):
    """What is found, and who answers for it."""

    verdict: str
    attribution: str
    officers: tuple[str, ...] = ()


UNFOUNDED = Ruling("unsubstantiated", "none")


@dataclass(frozen=True)
class Desk:
    """Everybody who works on cases."""

    world: World

    def opened(self, body: bytes) -> None:
        """The event that a case is open."""
        told, world = orjson.loads(body)["data"], self.world
        world.log.add(Opened(world.city.now, told["case_id"], told["submission_id"]))
        matter = world.matters[told["submission_id"]]
        matter.case = UUID(told["case_id"])
        self.begin(matter)

    def begin(self, matter: Matter) -> None:
        """Call and judge, mostly in time; some need longer, some are forgotten for a week."""
        world = self.world
        if matter.phone:
            self.plan_call(matter)
        at = world.later(30, 300) if world.chance(88) else world.later(DAY, 4 * DAY)
        at = world.later(8 * DAY, 12 * DAY) if world.chance(4) else at
        world.tell("begun", matter)
        world.agenda.plan(at, partial(self.judge, matter), "verification")

    def plan_call(self, matter: Matter) -> None:
        """A callback, soon."""
        world = self.world
        at = world.later(10, 240) if world.chance(93) else world.later(DAY, 2 * DAY)
        world.agenda.plan(at, partial(self.call, matter), "verification")

    async def call(self, matter: Matter) -> None:
        """Until somebody is reached, or three times and a few more."""
        world, outcome = self.world, self.world.dice.choice(OUTCOMES)
        body = {"outcome": outcome, "note": "已致电。"}
        done = await world.on_case(matter, "callbacks", world.people.above(matter.visit.unit), body)
        if done is None:
            return
        world.log.add(Called(world.city.now, str(matter.case), outcome))
        await world.city.carry()
        if done[1].state == "open":
            at = world.later(10, 25) if world.chance(30) else world.later(31, 90)
            world.agenda.plan(at, partial(self.call, matter), "verification")

    def over(self, matter: Matter, who: Operator | None) -> Sequence[Operator]:
        """Who may look at what somebody did."""
        above = self.world.people.above(matter.visit.unit)
        if who is None or who.role == "unit_operator":
            return above
        return [one for one in above if one.role != "county_supervisor" and one != who]

    async def judge(self, matter: Matter) -> None:
        """By the unit, unless it is about its operator, or open again."""
        visit = matter.visit
        by = [visit.unit.operator, *self.world.people.above(visit.unit)]
        if visit.unit.operator.badge in visit.officers or matter.again:
            by = by[1:]
        joins, ruling = self._like(matter), self._verdict(matter)
        done = await self._submit(matter, by, "verdicts", ruling, joins)
        if joins and not done:
            # Too far apart, or not for everybody to see: then alone.
            await self._submit(matter, by, "verdicts", ruling)
        if done and joins:
            self.world.tell("joined", matter)

    def _like(self, matter: Matter) -> str:
        """An earlier complaint about the same event, if this is such a one."""
        earlier = self.world.latest.setdefault(matter.visit.unit.code, [])
        found = next((one for one in reversed(earlier) if one is not matter), None)
        if matter.visit.kind == "complaint" and matter not in earlier:
            earlier.append(matter)
            del earlier[:-3]
        wanted = matter.visit.like and not matter.joined and matter.visit.truth[0] in TRUE
        if not wanted or found is None or matter.visit.at < found.visit.at:
            return ""
        matter.joined = True
        return str(found.case) if (matter.visit.at - found.visit.at).days < 5 else ""

    def _verdict(self, matter: Matter) -> Ruling:
        verdict, attribution = matter.visit.truth
        found = matter.visit.officers if attribution == "officers" else ()
        return Ruling(verdict, attribution, found)

    async def _submit(
        self,
        matter: Matter,
        by: Sequence[Operator],
        where: str,
        ruling: Ruling,
        joins: str = "",
        note: str = "",
    ) -> bool:
        world = self.world
        more = {"note": note} if note else {}
        body = {
            "verdict": ruling.verdict, "attribution": ruling.attribution,
            "officers": list(ruling.officers), "finding": "已核查。",
            "answer": "已核实，感谢监督。",
            "incident": joins or None, "revision": matter.revision, **more,
        }  # fmt: skip
        done = await world.on_case(matter, where, by, body)
        if done is None:
            return False
        who, shown = done
        if note:
            world.log.add(Reviewed(world.city.now, str(matter.case), who.username, "correct"))
        self.note(matter, who, ruling, joins=joins)
        await world.city.carry()
        self.goes_on(matter, shown)
        return True

    def note(
        self, matter: Matter, who: Operator, ruling: Ruling, joins: str = "", overturned: str = ""
    ) -> None:
        """A verdict was submitted."""
        verdict, attribution, officers = ruling
        judged = Judged(
            self.world.city.now, str(matter.case), who.username, who.role, verdict, attribution,
            officers, matter.visit.categories, joins, overturned,
        )  # fmt: skip
        self.world.log.add(judged)
        matter.author, matter.verdict, matter.officers = who, verdict, officers

    def goes_on(self, matter: Matter, shown: Any) -> None:
        """A second look, or an answer."""
        world = self.world
        matter.revision = shown.revision
        if shown.state == "in_review" or shown.review_pending:
            at = world.later(60, DAY) if world.chance(90) else world.later(DAY, 3 * DAY)
            world.agenda.plan(at, partial(self.review, matter), "verification")
        if shown.state == "verified":
            self._final(matter)

    def _final(self, matter: Matter) -> None:
        world = self.world
        world.tell("answered", matter)
        if world.chance(3):
            at = world.later(DAY, 30 * DAY)
            world.agenda.plan(at, partial(self.change, matter), "verification")
        if matter.officers:
            world.tell("marked", matter)

    async def review(self, matter: Matter) -> None:
        """The second look: confirmed, given back, or put right at once."""
        world, over = self.world, self.over(matter, matter.author)
        lot = world.dice.randrange(100) if not matter.refused else RETURNED
        if lot >= 94:
            await self._submit(matter, over, "corrections", self._other(matter), note="证据不足。")
            return
        decision = "confirm" if lot < RETURNED else "return"
        body = {"decision": decision, "note": "复核意见。", "revision": matter.revision}
        done = await world.on_case(matter, "reviews", over, body)
        if done is None:
            # What cannot be confirmed any more (an incident by now too long) is given back.
            again, matter.refused = not matter.refused, True
            if again:
                world.agenda.plan(
                    world.later(60, DAY), partial(self.review, matter), "verification"
                )
            return
        matter.refused = False
        world.log.add(Reviewed(world.city.now, str(matter.case), done[0].username, decision))
        await world.city.carry()
        if decision == "confirm":
            self._final(matter)
        else:
            world.agenda.plan(world.later(60, DAY), partial(self.judge, matter), "verification")

    def _other(self, matter: Matter) -> Ruling:
        """What was found turns out to be otherwise."""
        if matter.verdict in TRUE or matter.visit.kind != "complaint":
            return UNFOUNDED
        return Ruling("substantiated", "unit")

    async def change(self, matter: Matter) -> None:
        """Long afterwards somebody above changes a verdict."""
        over = self.over(matter, matter.author)
        await self._submit(matter, over, "verdicts", self._other(matter))
