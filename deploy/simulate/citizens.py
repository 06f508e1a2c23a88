"""What citizens do: hand in, bind a phone, withdraw, answer the two questions, follow up."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import uuid4

from deploy.simulate.facts import TRUE, Bound, Filed, Followed, Rated, Withdrew
from deploy.simulate.work import Matter, World
from deploy.simulate.year import Visit

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Citizens:
    """Everybody who comes to a window."""

    world: World

    async def file(self, visit: Visit) -> None:
        """Hand it in; what the receipt says is what counts."""
        city = self.world.city
        said = {
            "code": city.code(visit.unit.code),
            "kind": "rating" if visit.kind == "praise" else visit.kind,
            "satisfaction": visit.satisfaction,
            "categories": list(visit.categories),
            "words": visit.words or None,
            "phone": visit.phone or None,
            "officer_badge": visit.named or None,
        }
        answer = await city.call(
            "intake", "/api/v1/submissions", said, remote=visit.remote or "10.0.0.1"
        )
        self.world.acts += 1
        own = str(answer.submission_id)
        matter = Matter(visit, own, answer.receipt.code, visit.phone)
        self.world.log.add(
            Filed(
                answer.received_at,
                own,
                visit.unit.code,
                str(said["kind"]),
                visit.satisfaction,
                visit.categories,
                visit.words,
                visit.phone,
                visit.named,
            )
        )
        if visit.kind == "praise":
            return
        self.world.matters[own] = matter
        await city.carry()
        self._plan(matter)

    def _plan(self, matter: Matter) -> None:
        plan, now, world = self.world.agenda.plan, self.world.city.now, self.world
        if not matter.phone and matter.visit.words and world.chance(40):
            plan(now + HOUR * world.dice.uniform(0.2, 60), partial(self.bind, matter), "intake")
        if world.chance(3):
            plan(now + HOUR * world.dice.uniform(0.2, 10), partial(self.withdraw, matter), "intake")

    async def bind(self, matter: Matter) -> None:
        """By the code that came to the phone."""
        world = self.world
        phone = f"+86138{10000000 + world.dice.randrange(80000000)}"
        if not await world.say(matter, "phone-codes", {"phone": phone}):
            return
        await world.city.carry()
        await world.city.job("notifications", "send_queued")
        code = world.city.texts.read.get(phone, {}).get("code", "")
        if code and await world.say(matter, "phone", {"code": code}):
            world.log.add(Bound(world.city.now, matter.submission, phone))
            had, matter.phone = matter.phone, phone
            await world.city.carry()
            if not had:
                world.tell("callable", matter)

    async def withdraw(self, matter: Matter) -> None:
        """It goes on all the same."""
        if await self.world.say(matter, "withdrawals", {"withdrawn": True}):
            self.world.log.add(Withdrew(self.world.city.now, matter.submission))
            await self.world.city.carry()

    def hears(self, matter: Matter) -> None:
        """There is an answer: some say what they think of it."""
        world, good = self.world, matter.verdict in TRUE
        if world.chance(50) and matter.visit.kind != "pressure":
            at = world.city.now + HOUR * world.dice.uniform(1, 48)
            world.agenda.plan(at, partial(self.rate, matter, good), "intake")

    async def rate(self, matter: Matter, good: bool) -> None:
        """Solved? Satisfied? Some who are not follow up."""
        world, dice = self.world, self.world.dice
        solved = dice.choice((True, None, False)) if good else dice.choice((None, False))
        satisfied = dice.random() < (0.7 if good else 0.2)
        body = {"solved": solved, "satisfied": satisfied}
        if not await world.say(matter, "ratings", body):
            return
        world.log.add(Rated(world.city.now, matter.submission, solved, satisfied))
        await world.city.carry()
        if not satisfied and world.chance(20):
            at = world.city.now + DAY * dice.uniform(0, 18)
            world.agenda.plan(at, partial(self.follow_up, matter), "intake")

    async def follow_up(self, matter: Matter) -> None:
        """The level above is to look again."""
        words = f"不认可这个答复。{uuid4().hex[:4]}"
        if await self.world.say(matter, "followups", {"words": words}):
            self.world.log.add(Followed(self.world.city.now, matter.submission))
            matter.again += 1
            await self.world.city.carry()
            self.world.tell("reopened", matter)
