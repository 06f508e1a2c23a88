"""What the bureau does of its own accord: it signs what the rules propose, and moves officers."""

from dataclasses import dataclass

from deploy.simulate.facts import Signed
from deploy.simulate.people import Unit
from deploy.simulate.work import World
from deploy.simulate.year import Year
from services.verification.commands import Faults, explain, import_csv, keep_first
from shared.errors import MashangError

FEW = 3
SANCTIONS = "/sanctions"
ONE_SANCTION = f"{SANCTIONS}/{{sanction_id}}"


@dataclass(frozen=True)
class Bureau:
    """The leader, and whoever keeps the directory."""

    world: World
    year: Year

    async def load(self, file: str, raw: bytes) -> None:
        """Into the directory, and to everybody who hears of it."""
        city = self.world.city
        part = await city.part("verification")
        async with part.database.transaction() as conn:
            result = await import_csv(conn, raw, city.seal, city.policies.level_keys)
        if isinstance(result, Faults):
            raise MashangError(f"{file}: {explain(result.errors[0])}")
        part.wrote = True
        await city.carry()

    async def give_phones(self) -> None:
        """Each place but the units has one that urgent requests page."""
        city = self.world.city
        part = await city.part("verification")
        async with part.database.transaction() as conn:
            await keep_first(conn, city.seal, self.world.people.duty)

    async def move(self) -> None:
        """Some officer to another unit; what was before stays with the old one."""
        dice, badges = self.world.dice, self.year.badges
        units = [unit for unit in self.world.people.units if len(badges[unit.code]) >= FEW]
        if not units:
            return
        old: Unit = dice.choice(units)
        new = dice.choice(self.world.people.units)
        badge = badges[old.code].pop()
        badges[new.code].append(badge)
        await self.load("officers.csv", self.world.people.moved(badge, new.code))

    async def sign(self) -> None:
        """What waits for a signature: most of it; the rest is declined, with a reason.

        Also what may not be signed yet.
        """
        world, leader = self.world, self.world.people.top["leader"]
        page = await world.city.read("scoring", SANCTIONS, leader, {"view": "waiting"})
        for one in page.values["sanctions"]:
            own = {"sanction_id": one.sanction_id}
            shown = await world.city.read("scoring", ONE_SANCTION, leader, {}, **own)
            decision = "sign" if world.chance(80) else "decline"
            body = {"decision": decision, "reason": "情节轻微。" if decision == "decline" else ""}
            done = await world.post(
                "scoring", f"{ONE_SANCTION}/signature", [leader], body, **own
            )  # fmt: skip
            cases = tuple(map(str, shown.values["one"].case_ids))
            world.log.add(
                Signed(world.city.now, one.rule, one.badge or "", cases, taken=done is not None)
            )
        await world.city.carry()
