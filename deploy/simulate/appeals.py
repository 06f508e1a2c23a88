"""Officers who do not accept a mark, once, and some of them too late; mostly it stands."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from deploy.simulate.desk import DAY, UNFOUNDED, Desk, Ruling
from deploy.simulate.facts import Appealed, Settled
from deploy.simulate.work import CASE, Matter, World


@dataclass(frozen=True)
class Appeals:
    """The officers, and the level above that answers them."""

    world: World
    desk: Desk

    def plan(self, matter: Matter) -> None:
        """A verdict marks officers: some of them appeal."""
        if self.world.chance(25):
            act = partial(self.file, matter, matter.officers[0])
            self.world.agenda.plan(self.world.later(DAY, 9 * DAY), act, "verification")

    async def file(self, matter: Matter, badge: str) -> None:
        """On the officer's behalf."""
        world, unit = self.world, matter.visit.unit
        asked = await world.on_case(
            matter,
            "appeal",
            [unit.operator, *world.people.above(unit)],
            {"officer": badge, "reason": "当时我不在窗口。"},
        )
        if asked:
            world.log.add(Appealed(world.city.now, str(matter.case), badge))
            await world.city.carry()
            own = next(one.request_id for one in asked[1].requests if one.kind == "appeal")
            act = partial(self.answer, matter, badge, own)
            world.agenda.plan(world.later(DAY, 6 * DAY), act, "verification")

    async def answer(self, matter: Matter, badge: str, request: UUID) -> None:
        """By the level above whoever had the last word."""
        world, before = self.world, matter.verdict
        instead = world.dice.choice(("", "", "others", "policy", "unfounded"))
        body = {
            "request_id": str(request), "decision": "grant" if instead else "refuse",
            "word": "已复核。", "instead": instead or None, "answer": "复核后未发现问题。",
        }  # fmt: skip
        done = await world.on_case(matter, "decision", world.people.above(matter.visit.unit), body)
        if done is None:
            return
        world.log.add(Settled(world.city.now, str(matter.case), badge, bool(instead)))
        if instead:
            ruling = _in_place(before, matter.officers, badge, instead)
            self.desk.note(matter, done[0], ruling, overturned=before)
        await world.city.carry()
        if instead:
            shown = await world.city.read("verification", CASE, done[0], {}, case_id=matter.case)
            self.desk.goes_on(matter, shown)


def _in_place(verdict: str, officers: tuple[str, ...], badge: str, instead: str) -> Ruling:
    if instead == "unfounded":
        return UNFOUNDED
    if instead == "policy":
        return Ruling(verdict, "policy")
    left = tuple(one for one in officers if one != badge)
    return Ruling(verdict, "officers" if left else "unit", left)
