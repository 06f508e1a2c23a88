"""What citizens do: seasons, weekdays, hours, the edges of the day, and what was true of it.

The same seed gives the same year. What a verdict will say is drawn with the visit, as if somebody
knew; only the rules decide what follows from it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from deploy.simulate.people import People, Unit

Kind = Literal["complaint", "rating", "request", "praise", "pressure"]
MONTHS = (0.9, 0.6, 1.1, 1.0, 1.0, 1.4, 1.3, 1.1, 1.2, 0.8, 1.0, 1.0)
WEEKDAYS = (1.4, 1.2, 1.1, 1.1, 1.2, 0.6, 0.4)
HOURS = (1, 1, 0, 0, 0, 0, 1, 4, 12, 16, 14, 9, 5, 6, 11, 12, 10, 8, 4, 3, 3, 3, 2, 2)
# At which a day's rules turn: the cutoff to the second, and midnight.
EDGES = ("17:59:59", "18:00:00", "18:00:01", "23:50:00", "23:59:58", "00:00:00", "00:00:02")
KINDS: Mapping[Kind, int] = {"complaint": 50, "praise": 25, "request": 12, "rating": 13}
TROUBLED = 0.08
WORDS = (
    "等了一上午，窗口没有人。",
    "同一件事跑了三趟，每次说的材料都不一样。",
    "态度很差，问什么都不理。",
    "排了两个小时的队，办事很慢。",
    "说好的当天能办，结果又让改天再来。",
)
URGENT = "明天考试，身份证丢了。"
PRAISE = "办得很快，态度很好，谢谢。"


@dataclass(frozen=True)
class Visit:
    """What somebody hands in, and what will be found: a verdict and to whom it is attributed.

    `truth` is such a pair; `officers` are named by it, `named` by the citizen.
    """

    at: datetime
    unit: Unit
    kind: Kind
    satisfaction: int | None
    categories: tuple[str, ...]
    words: str
    phone: str
    named: str
    remote: str
    truth: tuple[str, str]
    officers: tuple[str, ...]
    like: bool = False


TRUTHS: Sequence[tuple[str, str]] = (
    *[("substantiated", "officers")] * 6, *[("substantiated", "unit")] * 3,
    ("substantiated", "policy"), *[("partly", "officers")] * 2, ("partly", "unit"),
    *[("unsubstantiated", "none")] * 5, ("unverifiable", "none"), ("out_of_scope", "none"),
    ("helped", "none"),
)  # fmt: skip


class Year:
    """Draws the visits of each day; `daily` is how many there are of an average one."""

    def __init__(
        self, people: People, categories: Sequence[str], zone: ZoneInfo, daily: float, seed: int
    ) -> None:
        self.people, self.categories, self.zone = people, categories, zone
        self.daily, self.dice = daily, random.Random(seed)
        troubled = max(1, round(TROUBLED * len(people.units)))
        self._weights = [20 if n < troubled else 1 for n in range(len(people.units))]
        self.dice.shuffle(self._weights)
        self._number = 0
        # Who is where by now.
        self.badges = {unit.code: list(unit.badges) for unit in people.units}

    def visits(self, day: date) -> Iterator[Visit]:
        """Those of a day, in no order."""
        mean = self.daily * MONTHS[day.month - 1] * WEEKDAYS[day.weekday()]
        for _ in range(self._poisson(mean)):
            yield self._visit(self._moment(day))
        if self.dice.random() < 0.01:
            yield from self._stuffed(day)

    def _poisson(self, mean: float) -> int:
        return max(0, round(self.dice.gauss(mean, mean**0.5)))

    def _moment(self, day: date) -> datetime:
        if self.dice.random() < 0.05:
            return datetime.combine(day, time.fromisoformat(self.dice.choice(EDGES)), self.zone)
        hour = self.dice.choices(range(24), HOURS)[0]
        seconds = timedelta(seconds=self.dice.randrange(3600))
        return datetime.combine(day, time(hour), self.zone) + seconds

    def _visit(self, at: datetime) -> Visit:
        dice, unit = self.dice, self.dice.choices(self.people.units, self._weights)[0]
        kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
        truth = dice.choice(TRUTHS) if kind == "complaint" else ("helped", "none")
        if kind == "rating":
            truth = dice.choice((("unsubstantiated", "none"), ("helped", "none")))
        officers = self._officers(unit) if truth[1] == "officers" else ()
        said = kind in ("complaint", "request", "praise") or dice.random() < 0.3
        words = {"request": URGENT if dice.random() < 0.35 else "请问补办证件需要什么材料？",
                 "praise": PRAISE}.get(kind, dice.choice(WORDS)) if said else ""  # fmt: skip
        named = (
            dice.choice(self.badges[unit.code])
            if dice.random() < 0.35 and kind != "request"
            else ""
        )
        phone = self.phone() if dice.random() < (0.85 if said else 0) else ""
        return Visit(
            at, unit, kind, {"complaint": 1, "rating": dice.choice((1, 2)), "request": None,
                             "praise": dice.choice((4, 5))}[kind],
            self._categories(kind), words, phone, named, self._remote(), truth, officers,
            like=kind == "complaint" and dice.random() < 0.12,
        )  # fmt: skip

    def _officers(self, unit: Unit) -> tuple[str, ...]:
        # The first after the operator is the one of whom one hears most.
        badges = self.badges[unit.code]
        others = badges[1:] or badges
        first = others[0] if self.dice.random() < 0.6 else self.dice.choice(others)
        both = len(others) > 1 and self.dice.random() < 0.1
        return tuple(others[:2]) if both else (first,)

    def _categories(self, kind: Kind) -> tuple[str, ...]:
        if kind == "request":
            return ()
        return tuple(self.dice.sample(self.categories, self.dice.choice((1, 1, 1, 2))))

    def phone(self) -> str:
        """Mostly a mobile of nobody else; some that get no airtime, some of our own officers."""
        lot, self._number = self.dice.random(), self._number + 1
        if lot < 0.02 and self.people.phones:
            return self.dice.choice(sorted(self.people.phones))
        if lot < 0.05:
            return f"+86396{2000000 + self._number}"
        if lot < 0.08:
            return f"+86170{10000000 + self._number}"
        # Far from the one before: numbers in a row are what a reward is held for.
        return f"+86139{10000000 + self._number * 7919 % 80000000}"

    def _remote(self) -> str:
        return f"10.{self._number // 250 % 250}.{self._number % 250}.{self.dice.randrange(1, 250)}"

    def _stuffed(self, day: date) -> Iterator[Visit]:
        """Somebody at a unit praises it, again and again, from one address."""
        unit = self.dice.choice(self.people.units)
        begins = datetime.combine(day, time(self.dice.choice((3, 10, 22))), self.zone)
        for number in range(25):
            yield Visit(
                begins + timedelta(minutes=2 * number), unit, "praise", 5, (), "", "", "",
                f"172.16.{day.month}.9", ("helped", "none"), (),
            )  # fmt: skip
