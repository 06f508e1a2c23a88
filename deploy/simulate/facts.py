"""What happened, in the order in which it did: what citizens, staff and vendors know of it.

The drive writes them down; the recount reads nothing else. Plain values: nothing of the program is
imported here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

TRUE = ("substantiated", "partly")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened `at` a moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Filed(Fact):
    """A citizen handed something in; `at` is as the receipt says."""

    submission: str
    unit: str
    kind: str
    satisfaction: int | None
    categories: tuple[str, ...]
    words: str
    phone: str
    officer: str


@dataclass(frozen=True, slots=True)
class Ended(Fact):
    """Somebody looked at what was held: it counts from now on, or not at all."""

    submission: str
    released: bool


@dataclass(frozen=True, slots=True)
class Opened(Fact):
    """A case is open for a submission."""

    case: str
    submission: str


@dataclass(frozen=True, slots=True)
class Called(Fact):
    """A callback was tried."""

    case: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Judged(Fact):
    """Somebody submitted a verdict; `joins` is the case with which it wants to be one incident.

    `overturned` is the verdict in whose place an officer's appeal has put it.
    """

    case: str
    by: str
    role: str
    verdict: str
    attribution: str
    officers: tuple[str, ...]
    categories: tuple[str, ...]
    joins: str = ""
    overturned: str = ""


@dataclass(frozen=True, slots=True)
class Reviewed(Fact):
    """The level above confirmed the newest verdict, returned it, or is to put its own in place."""

    case: str
    by: str
    decision: str


@dataclass(frozen=True, slots=True)
class Extended(Fact):
    """The level above gave so many days more."""

    case: str
    days: int


@dataclass(frozen=True, slots=True)
class Joined(Fact):
    """The level above granted that two cases are one incident; that one stands apart, if itself."""

    case: str
    other: str


@dataclass(frozen=True, slots=True)
class Bound(Fact):
    """The citizen showed that a phone is theirs."""

    submission: str
    phone: str


@dataclass(frozen=True, slots=True)
class Rated(Fact):
    """The citizen said whether it is solved, and whether the handling satisfies."""

    submission: str
    solved: bool | None
    satisfied: bool | None


@dataclass(frozen=True, slots=True)
class Followed(Fact):
    """The citizen did not accept the answer."""

    submission: str


@dataclass(frozen=True, slots=True)
class Withdrew(Fact):
    """The citizen withdrew."""

    submission: str


@dataclass(frozen=True, slots=True)
class Decided(Fact):
    """A second person's word on the reward of a case."""

    case: str
    approved: bool


@dataclass(frozen=True, slots=True)
class Left(Fact):
    """An order for a reward reached the vendor."""

    order: str
    phone: str
    fen: int


@dataclass(frozen=True, slots=True)
class Lost(Fact):
    """An order never reached the vendor, and nobody was told so."""

    order: str


@dataclass(frozen=True, slots=True)
class Paid(Fact):
    """The vendor carried an order out."""

    order: str


@dataclass(frozen=True, slots=True)
class Failed(Fact):
    """The vendor refused an order; `again` when another may succeed."""

    order: str
    again: bool


@dataclass(frozen=True, slots=True)
class Pressed(Fact):
    """A citizen reported pressure about an earlier submission: a report of its own."""

    submission: str
    about: str


@dataclass(frozen=True, slots=True)
class Looked(Fact):
    """Somebody at the unit itself asked for a report of pressure; whether they saw it."""

    case: str
    seen: bool


@dataclass(frozen=True, slots=True)
class Acknowledged(Fact):
    """The place that got a notice said that it knows of it."""

    case: str
    deadline: datetime
    level: int


@dataclass(frozen=True, slots=True)
class Said(Fact):
    """A word to the citizen of an open case."""

    case: str


@dataclass(frozen=True, slots=True)
class Answered(Fact):
    """Somebody has an urgent request."""

    case: str


@dataclass(frozen=True, slots=True)
class Rang(Fact):
    """The clock paged for every urgent request that was due by now."""


@dataclass(frozen=True, slots=True)
class Nightly(Fact):
    """The clock reminded of notices, and noted the words that nobody gave."""


@dataclass(frozen=True, slots=True)
class Appealed(Fact):
    """An officer does not accept a mark."""

    case: str
    badge: str


@dataclass(frozen=True, slots=True)
class Settled(Fact):
    """The level above answered an officer's appeal; what it overturned waits for a new verdict."""

    case: str
    badge: str
    overturned: bool


@dataclass(frozen=True, slots=True)
class Signed(Fact):
    """Somebody would sign or decline what is proposed for these cases; whether that was taken."""

    rule: str
    badge: str
    cases: tuple[str, ...]
    taken: bool


@dataclass(frozen=True, slots=True)
class Swept(Fact):
    """The clock's work was done: every notice that was due by now is issued."""


@dataclass(frozen=True, slots=True)
class Alerted(Fact):
    """The clock looked whether rewards are unpaid and nearly late, and told whose duty money is."""


@dataclass(frozen=True, slots=True)
class Texted(Fact):
    """An SMS reached a phone."""

    purpose: str
    phone: str


@dataclass
class Log:
    """All facts; `roster` are the phones of the bureau's own officers.

    `above` are the places of each unit, from itself to the root; all but units have duty phones.
    """

    facts: list[Fact] = field(default_factory=list)
    roster: frozenset[str] = frozenset()
    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, fact: Fact) -> None:
        """One more."""
        self.facts.append(fact)
