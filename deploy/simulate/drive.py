"""The year goes by: visits as the day has them, what follows from each, sweeps, nights, outages."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from deploy.simulate.agenda import Entry, Outage
from deploy.simulate.appeals import Appeals
from deploy.simulate.attention import Attention
from deploy.simulate.bureau import Bureau
from deploy.simulate.citizens import Citizens
from deploy.simulate.city import City
from deploy.simulate.desk import Desk
from deploy.simulate.facts import Log, Nightly, Swept
from deploy.simulate.holds import Holds
from deploy.simulate.money import SENDING, Money
from deploy.simulate.people import FILES, People
from deploy.simulate.requests import Requests
from deploy.simulate.work import Matter, World
from deploy.simulate.year import Year

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
SWEEPS = ("issue_notices", "lapse_requests")
# In a year nobody sees whether the clock's work is done each second or some times a day; but just
# after midnight, when nearly everything is due, it is.
EVERY = 4 * HOUR
DAILY = ("examine_cases", "read_words", "remind_of_notices", "missed_words")
# Done by whoever plays it, at its own moments.
PLAYED = ("page_duty", "alert_duty")
LEFT_OVER = 3  # days without visits, in which what is left is done
Told = Callable[[date], None]


@dataclass
class Drive:
    """Everybody acts in the city, one after the other, each at their moment."""

    city: City
    log: Log
    people: People
    year: Year
    zone: ZoneInfo
    seed: int
    outages: Sequence[Outage] = ()
    world: World = field(init=False)

    def __post_init__(self) -> None:
        dice = random.Random(self.seed + 1)
        self.world = World(self.city, self.log, self.people, self.zone, dice)
        self.desk, self.money = Desk(self.world), Money(self.world)
        self.citizens, self.bureau = Citizens(self.world), Bureau(self.world, self.year)
        requests = self.requests = Requests(self.world, self.desk)
        self.attention = Attention(self.world, self.desk)
        self.world.told = {
            "answered": self.citizens.hears,
            "callable": self.desk.plan_call,
            "reopened": self.desk.begin,
            "marked": Appeals(self.world, self.desk).plan,
            "begun": self._begun,
            "joined": requests.plan_parting,
        }
        self.city.hears["case.opened.v1"].append(self.desk.opened)
        for event in ("case.verified.v1", "contact.bound.v1", "incident.changed.v1"):
            self.city.hears[event].append(lambda _: self.money.wake("rewards"))
        for event in ("case.verified.v1", "callback.unreached.v1", "reward.paid.v1"):
            self.city.hears[event].append(lambda _: self.money.wake("notifications"))

    def _begun(self, matter: Matter) -> None:
        self.requests.plan_extension(matter)
        self.attention.plan(matter)

    async def run(self, first: date, days: int, told: Told) -> None:
        """So many days, and those in which what is left is done."""
        self.city.at(self._begin(first) - HOUR)
        await self._move_in()
        for outage in self.outages:
            self._plan_outage(outage)
        for number in range(days + LEFT_OVER):
            day = first + number * DAY
            self._plan_day(day, visits=number < days)
            while entry := self.world.agenda.next_until(self._begin(day + DAY)):
                await self._do(entry)
            told(day)

    def _begin(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    async def _move_in(self) -> None:
        for name in FILES:
            await self.bureau.load(name, self.people.files[name])
        await self.bureau.give_phones()
        for job in ("refresh_offices", "refresh_closed", "publish_receipt_key"):
            await self.city.job("intake", job)

    def _plan_outage(self, outage: Outage) -> None:
        async def begin() -> None:
            self.city.down |= outage.services

        async def end() -> None:
            self.city.down -= outage.services
            await self.city.carry()
            await self.sweep()
            for name in SENDING:
                self.money.wake(name)

        self.world.agenda.plan(outage.begins, begin)
        self.world.agenda.plan(outage.ends, end)

    def _plan_day(self, day: date, *, visits: bool) -> None:
        plan, begin = self.world.agenda.plan, self._begin(day)
        if visits:
            for visit in self.year.visits(day):
                plan(visit.at, partial(self.citizens.file, visit), "intake")
        for number in range(DAY // EVERY):
            plan(begin + number * EVERY + SECOND, self.sweep)
        plan(begin + 3 * HOUR, partial(self.nightly, all_of_it=day.weekday() == 0))
        plan(begin + 9.5 * HOUR, Holds(self.world).look, "verification")
        plan(begin + 9.75 * HOUR, self.attention.acknowledge, "verification")
        plan(begin + 10 * HOUR, self.money.approve, "rewards")
        if day.day % 5 == 1:
            plan(begin + 11 * HOUR, self.bureau.sign, "scoring")
        if day.day % 10 == 1:
            plan(begin + 14 * HOUR, self.bureau.move, "verification")
        plan(begin + 12 * HOUR, partial(self.money.send, "rewards"), "rewards")
        plan(begin + 13.5 * HOUR, self.money.alert, "rewards")

    async def _do(self, entry: Entry) -> None:
        if entry.needs in self.city.down:
            end = max(one.ends for one in self.outages if entry.needs in one.services
                      and one.begins <= entry.at)  # fmt: skip
            later = end + timedelta(minutes=self.world.dice.uniform(1, 90))
            self.world.agenda.plan(later.replace(second=20), entry.act, entry.needs)
            return
        self.city.at(max(entry.at, self.city.now))
        await entry.act()

    async def sweep(self) -> None:
        """What is due by the clock, at the desk."""
        if "verification" in self.city.down:
            return
        for job in SWEEPS:
            await self.city.job("verification", job)
        await self.city.carry()
        self.log.add(Swept(self.city.now))

    async def nightly(self, *, all_of_it: bool) -> None:
        """Everything else that the clock does: once a week, and once a day what is of cases."""
        for name, part in self.city.parts.items():
            if name in self.city.down:
                continue
            elsewhere = (*SWEEPS, *PLAYED, *SENDING.get(name, ()))
            for job in part.jobs:
                if job in DAILY or (all_of_it and job not in elsewhere):
                    await self.city.job(name, job)
            if all_of_it:
                await part.inbox.retry()
        if "verification" not in self.city.down:
            self.log.add(Nightly(self.city.now))
        await self.city.carry()
