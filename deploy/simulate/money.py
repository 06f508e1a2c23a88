"""What the approvers do with held rewards, and the clock with those that are due."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.simulate.facts import Alerted, Decided
from deploy.simulate.work import World

SENDING = {
    "rewards": ("submit_payouts", "query_payouts", "recover_payouts", "retry_payouts",
                "query_earlier"),
    "notifications": ("send_queued", "query_due"),
}  # fmt: skip
SOON = timedelta(minutes=20)
AGAIN = timedelta(hours=2)


@dataclass
class Money:
    """Orders and messages leave soon after there is something to send."""

    world: World
    planned: dict[str, datetime] = field(default_factory=dict)

    def wake(self, name: str, after: timedelta = SOON) -> None:
        """Something may be due at a service."""
        at = self.world.city.now + after
        if name not in self.planned or at < self.planned[name]:
            self.planned[name] = at
            self.world.agenda.plan(at, lambda: self.send(name), name)

    async def send(self, name: str) -> None:
        """As long as there is something."""
        self.planned.pop(name, None)
        city, found = self.world.city, False
        for job in SENDING[name]:
            found |= await city.job(name, job)
        await city.carry()
        if found:
            self.wake(name, AGAIN)

    async def alert(self) -> None:
        """Half a day before midnight: whose two days end then, and is not paid?"""
        world = self.world
        await world.city.job("rewards", "alert_duty")
        world.log.add(Alerted(world.city.now))
        await world.city.carry()
        self.wake("notifications")

    async def approve(self) -> None:
        """A second person pays most of what is held, refuses some, and leaves some."""
        world, who = self.world, self.world.people.top["approver1"]
        for state in ("held", "manual"):
            page = await world.city.read("rewards", "/api/v1/rewards", who, {"state": state})
            for one in page.rewards:
                lot = world.dice.random()
                if lot < 0.5:
                    continue
                decision = "approve" if lot < 0.85 else "refuse"
                body = {"decision": decision, "note": "已核对。"}
                done = await world.post(
                    "rewards", "/api/v1/rewards/{reward_id}/approvals", [who], body,
                    reward_id=one.id,
                )  # fmt: skip
                if done:
                    approved = decision == "approve"
                    world.log.add(Decided(world.city.now, str(one.case_id), approved))
                    self.wake("rewards")
        await world.city.carry()
