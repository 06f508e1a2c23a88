"""What was sent too often: somebody looks at it every morning."""

from dataclasses import dataclass

from deploy.simulate.facts import Ended
from deploy.simulate.work import World

HELD = "/api/v1/holds"


@dataclass(frozen=True)
class Holds:
    """The supervisor who decides."""

    world: World

    async def look(self) -> None:
        """Half of it counts."""
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
