"""One play: a city for so many days, what happened in it, and what the program holds of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.local.keys import Keys
from deploy.simulate.agenda import Outage
from deploy.simulate.compare import Comparison, Difference
from deploy.simulate.drive import LEFT_OVER, Drive
from deploy.simulate.facts import Log
from deploy.simulate.people import people
from deploy.simulate.recount.edition import Book
from deploy.simulate.wiring import Home, city
from deploy.simulate.witnesses import Held, gather
from deploy.simulate.year import Year
from shared import policy
from shared.flows import SERVICES

__all__ = ["LEFT_OVER", "Play", "Played", "run"]
DAY_AND_MORE = timedelta(hours=26)


@dataclass(frozen=True)
class Play:
    """What is played; the same seed plays the same."""

    days: int
    first: date
    units: int
    daily: float
    seed: int
    policy: Path

    def outages(self, zone: ZoneInfo) -> Sequence[Outage]:
        """Every two months 26 hours without anything, or without the desk alone."""
        found = []
        for number, day in enumerate(range(9, self.days, 61)):
            begins = datetime.combine(self.first + timedelta(days=day), time(13, 7), zone)
            away = ("verification",) if number % 2 else SERVICES
            found.append(Outage(begins, begins + DAY_AND_MORE, frozenset(away)))
        return found


@dataclass(frozen=True)
class Played:
    """What came of it."""

    log: Log
    book: Book
    held: Held
    events: int
    acts: int
    refused: Mapping[str, int]

    def differences(self) -> list[Difference]:
        """Between what the program holds and what the rules say."""
        return Comparison(self.log, self.book, self.held).differences()


async def run(
    chosen: Play, homes: Mapping[str, Home], keys: Keys, told: Callable[[date], None]
) -> Played:
    """Play it on these databases, which are empty."""
    levels = policy.load(chosen.policy).level_keys
    who = people(chosen.units, levels)
    log = Log(roster=who.phones, above=who.paths)
    async with city(homes, keys, log, chosen.policy, chosen.seed) as opened:
        edition = opened.policies.editions[-1]
        zone = edition.zone
        keys_of = [one.key for one in edition.categories if not one.serious]
        year = Year(who, keys_of, zone, chosen.daily * chosen.units, chosen.seed)
        drive = Drive(opened, log, who, year, zone, chosen.seed, chosen.outages(zone))
        await drive.run(chosen.first, chosen.days, told)
        held = await gather(opened, who.top["leader"])
    book = Book.read(chosen.policy)
    return Played(log, book, held, opened.events, drive.world.acts, drive.world.refused)
