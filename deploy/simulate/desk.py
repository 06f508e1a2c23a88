"""What the desk does: calls, verdicts, extensions, second looks, incidents, held submissions.

Some of it late, some of it wrong; whoever may not see a case leaves it to the next above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from deploy.simulate.facts import TRUE, Called, Ended, Extended, Joined, Judged, Opened, Reviewed
from deploy.simulate.work import CASE, Matter, World
from shared.access import Operator

DAY = 24 * 60
# Of a hundred second looks, those from this lot on give the verdict back.
RETURNED = 82
OUTCOMES = ("reached",) * 8 + ("no_answer", "busy", "wrong_number")
HELD = "/api/v1/holds"


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
        """Call and judge, mostly in time; some need longer than a day, and some ask for it."""
        world = self.world
        if matter.phone:
            self.plan_call(matter)
        at = world.later(30, 300) if world.chance(88) else world.later(DAY, 4 * DAY)
        if world.chance(4):
            world.agenda.plan(world.later(5, 25), partial(self.extend, matter), "verification")
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
        done = await world.post(
            "verification", f"{CASE}/callbacks", world.people.above(matter.visit.unit), body,
            case_id=matter.case,
        )  # fmt: skip
        if done is None:
            return
        world.log.add(Called(world.city.now, str(matter.case), outcome))
        await world.city.carry()
        if done[1].state == "open":
            at = world.later(10, 25) if world.chance(30) else world.later(31, 90)
            world.agenda.plan(at, partial(self.call, matter), "verification")

    async def extend(self, matter: Matter) -> None:
        """Asked from below; mostly granted."""
        world, unit = self.world, matter.visit.unit
        days = world.dice.choice((1, 2, 3))
        body = {"days": days, "reason": "需要调取监控。"}
        asked = await world.post(
            "verification", f"{CASE}/extension", [unit.operator, *world.people.above(unit)], body,
            case_id=matter.case,
        )  # fmt: skip
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
        done = await world.post(
            "verification", f"{CASE}/decision", self._over(matter, asker), body,
            case_id=matter.case,
        )  # fmt: skip
        if done is None:
            return
        now, case = world.city.now, str(matter.case)
        world.log.add(Joined(now, case, other) if other else Extended(now, case, days))
        await world.city.carry()

    def _over(self, matter: Matter, who: Operator | None) -> Sequence[Operator]:
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
        if done and joins and self.world.chance(15):
            at = self.world.later(3 * DAY, 20 * DAY)
            self.world.agenda.plan(at, partial(self.part, matter), "verification")

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

    def _verdict(self, matter: Matter) -> dict[str, Any]:
        verdict, attribution = matter.visit.truth
        found = matter.visit.officers if attribution == "officers" else ()
        return {"verdict": verdict, "attribution": attribution, "officers": list(found)}

    async def _submit(
        self,
        matter: Matter,
        by: Sequence[Operator],
        where: str,
        ruling: dict[str, Any],
        joins: str = "",
        note: str = "",
    ) -> bool:
        world = self.world
        more = {"note": note} if note else {}
        body = {
            **ruling, "finding": "已核查。", "answer": "已核实，感谢监督。",
            "incident": joins or None, "revision": matter.revision, **more,
        }  # fmt: skip
        done = await world.post(
            "verification", f"{CASE}/{where}", by, body, case_id=matter.case
        )  # fmt: skip
        if done is None:
            return False
        who, shown = done
        if note:
            world.log.add(Reviewed(world.city.now, str(matter.case), who.username, "correct"))
        world.log.add(
            Judged(
                world.city.now,
                str(matter.case),
                who.username,
                who.role,
                ruling["verdict"],
                ruling["attribution"],
                tuple(ruling["officers"]),
                matter.visit.categories,
                joins,
            )
        )
        matter.revision, matter.author = shown.revision, who
        matter.verdict = ruling["verdict"]
        await world.city.carry()
        if shown.state == "in_review" or shown.review_pending:
            at = world.later(60, DAY) if world.chance(90) else world.later(DAY, 3 * DAY)
            world.agenda.plan(at, partial(self.review, matter), "verification")
        if shown.state == "verified":
            self._final(matter)
        return True

    def _final(self, matter: Matter) -> None:
        world = self.world
        world.tell("answered", matter)
        if world.chance(3):
            at = world.later(DAY, 30 * DAY)
            world.agenda.plan(at, partial(self.change, matter), "verification")

    async def review(self, matter: Matter) -> None:
        """The second look: confirmed, given back, or put right at once."""
        world, over = self.world, self._over(matter, matter.author)
        lot = world.dice.randrange(100) if not matter.refused else RETURNED
        if lot >= 94:
            await self._submit(matter, over, "corrections", self._other(matter), note="证据不足。")
            return
        decision = "confirm" if lot < RETURNED else "return"
        body = {"decision": decision, "note": "复核意见。", "revision": matter.revision}
        done = await world.post(
            "verification", f"{CASE}/reviews", over, body, case_id=matter.case
        )  # fmt: skip
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

    def _other(self, matter: Matter) -> dict[str, Any]:
        """What was found turns out to be otherwise."""
        if matter.verdict in TRUE or matter.visit.kind != "complaint":
            return {"verdict": "unsubstantiated", "attribution": "none", "officers": []}
        return {"verdict": "substantiated", "attribution": "unit", "officers": []}

    async def change(self, matter: Matter) -> None:
        """Long afterwards somebody above changes a verdict."""
        over = self._over(matter, matter.author)
        await self._submit(matter, over, "verdicts", self._other(matter))

    async def part(self, matter: Matter) -> None:
        """It was another event after all."""
        world, unit = self.world, matter.visit.unit
        body = {"decision": "split", "reason": "经查不是同一件事。"}
        asked = await world.post(
            "verification", f"{CASE}/incident", [unit.operator, *world.people.above(unit)], body,
            case_id=matter.case,
        )  # fmt: skip
        if asked:
            own = next(one.request_id for one in asked[1].requests if one.kind == "split")
            act = partial(self._grant, matter, asked[0], own, 0, str(matter.case))
            world.agenda.plan(world.later(30, 600), act, "verification")

    async def look_at_held(self) -> None:
        """What was sent too often: half of it counts."""
        world, city1 = self.world, self.world.people.top["city1"]
        held = await world.city.read("verification", HELD, city1, {})
        for one in held.items:
            outcome = world.dice.choice(("released", "set_aside"))
            body = {"ids": [str(one.submission_id)], "outcome": outcome, "reason": "已查看。"}
            await world.city.call("verification", f"{HELD}/decisions", body, city1)
            released = outcome == "released"
            world.log.add(Ended(world.city.now, str(one.submission_id), released))
        if held.items:
            await world.city.carry()
