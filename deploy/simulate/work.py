"""What everybody who acts shares: the city, the log, the agenda, dice, and the cases so far."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from deploy.simulate.agenda import Agenda
from deploy.simulate.city import Answer, City
from deploy.simulate.facts import Log
from deploy.simulate.people import People
from deploy.simulate.year import Visit
from shared.access import Operator
from shared.errors import Forbidden, NotFound, Refused

# The case is begun, its verdict joins another or marks officers, it has an answer, its citizen can
# be called now, it is open again.
Word = Literal["begun", "joined", "marked", "answered", "callable", "reopened"]
OPENS, CLOSES = time(8, 30), time(22)
CASE = "/api/v1/cases/{case_id}"


@dataclass
class Matter:
    """A submission and its case, as those who act know it; `again` counts its follow-ups."""

    visit: Visit
    submission: str
    receipt: str
    phone: str
    case: Any = None
    revision: int = 0
    verdict: str = ""
    officers: tuple[str, ...] = ()
    author: Operator | None = None
    again: int = 0
    joined: bool = False
    refused: bool = False


@dataclass
class World:
    """All of it."""

    city: City
    log: Log
    people: People
    zone: ZoneInfo
    dice: random.Random
    agenda: Agenda = field(default_factory=Agenda)
    matters: dict[str, Matter] = field(default_factory=dict)
    latest: dict[str, list[Matter]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    told: dict[Word, Callable[[Matter], None]] = field(default_factory=dict)
    acts: int = 0

    def tell(self, word: Word, matter: Matter) -> None:
        """Whoever waits for this word plans what follows."""
        self.told[word](matter)

    def chance(self, percent: float) -> bool:
        """So often."""
        return self.dice.random() * 100 < percent

    def later(self, least: float, most: float) -> datetime:
        """Between so many minutes from now, at an hour at which somebody works."""
        at = self.city.now + timedelta(minutes=self.dice.uniform(least, most))
        local = at.astimezone(self.zone)
        if not OPENS <= local.time() < CLOSES:
            morning = local.date() + timedelta(days=int(local.time() >= CLOSES))
            begins = datetime.combine(morning, OPENS, self.zone)
            at = begins + timedelta(minutes=self.dice.uniform(0, 90))
        # Nothing that staff do lies on the very edge of a rule.
        return at.replace(second=20, microsecond=0)

    async def post(
        self,
        name: str,
        address: str,
        who: Iterable[Operator],
        body: Mapping[str, Any],
        **params: Any,
    ) -> tuple[Operator, Answer] | None:
        """As the first of these who may; None, and counted why, if the answer is no."""
        why = "nobody"
        for one in who:
            try:
                answer = await self.city.call(name, address, body, one, **params)
            except (NotFound, Forbidden) as no:
                why = no.key
                continue
            except Refused as no:
                why = str(no)
                break
            self.acts += 1
            return one, answer
        self.refused[f"{address.rsplit('/', 1)[-1]}: {why}"] += 1
        return None

    async def on_case(
        self, matter: Matter, what: str, who: Iterable[Operator], body: Mapping[str, Any]
    ) -> tuple[Operator, Answer] | None:
        """The same, to a matter's case."""
        return await self.post("verification", f"{CASE}/{what}", who, body, case_id=matter.case)

    async def say(self, matter: Matter, what: str, body: Mapping[str, Any]) -> Answer | None:
        """What a citizen does with a receipt; None if it is refused."""
        address = f"/api/v1/receipts/{{receipt}}/{what}"
        remote = matter.visit.remote
        try:
            answer = await self.city.call(
                "intake", address, body, remote=remote, receipt=matter.receipt
            )
        except Refused as no:
            self.refused[f"{what}: {no}"] += 1
            return None
        self.acts += 1
        return answer
