"""The accounts of the ledger, and where the money of a reward stands.

    wallet      what a vendor holds for us           topped_up   what was paid into it
    suspense    orders whose fate is open            paid        what vendors paid to citizens
    reversed    what a vendor took back of that      owed        what citizens are owed
    granted     the other side of what is owed

Debits are positive, credits negative, all in fen; those of a posting come to nothing. A move posts
the difference between where the reward's money stands and where it is booked, so that nothing that
anybody forgot stays forgotten.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from services.rewards.rules.payouts import Reward
from services.rewards.rules.states import State

Account = Literal["wallet", "topped_up", "suspense", "paid", "reversed", "owed", "granted"]
# Granted, and neither paid nor given up; what a vendor took back is owed again.
OWED: frozenset[State] = frozenset(
    {"ready", "submitting", "accepted", "unknown", "rejected", "manual", "reversed"}
)
# Where an order's amount stands, by its outcome; None while that is open.
PLACES: Mapping[str | None, Mapping[Account, int]] = {
    None: {"suspense": 1, "wallet": -1},
    "paid": {"paid": 1, "wallet": -1},
    "reversed": {"paid": 1, "reversed": -1},
    "rejected": {},
}


class Place(NamedTuple):
    """An account, at a vendor and of an order where it has such."""

    account: str
    vendor: str = ""
    order_id: str = ""


Entries = Mapping[Place, int]


@dataclass(frozen=True)
class Held:
    """An order as the ledger looks at it."""

    order_id: str
    vendor: str
    amount_fen: int
    outcome: str | None


@dataclass(frozen=True)
class Posting:
    """What is booked at once; `reverses` names the one that it turns round."""

    number: int
    entries: Entries
    reverses: int | None = None


def standing(reward: Reward, orders: Iterable[Held]) -> Entries:
    """Where a reward's money stands."""
    found: Counter[Place] = Counter()
    for order in orders:
        for account, sign in PLACES[order.outcome].items():
            found[Place(account, order.vendor, order.order_id)] += sign * order.amount_fen
    if reward.state in OWED:
        found[Place("granted")], found[Place("owed")] = reward.amount_fen, -reward.amount_fen
    return found


def missing(stands: Entries, booked: Sequence[Posting]) -> Entries:
    """What is to be posted; nothing where all is booked."""
    found: Counter[Place] = Counter(stands)
    for posting in booked:
        found.subtract(posting.entries)
    return {place: fen for place, fen in sorted(found.items()) if fen}


def turned_round(entries: Entries) -> dict[Place, int]:
    """What takes them back."""
    return {place: -fen for place, fen in entries.items()}


def reversed_by(entries: Entries, booked: Sequence[Posting]) -> int | None:
    """The newest posting that these take back as a whole, and that nothing took back before."""
    gone = {posting.reverses for posting in booked} | {p.number for p in booked if p.reverses}
    wanted = turned_round(entries)
    return max((p.number for p in booked if p.entries == wanted and p.number not in gone),
               default=None)  # fmt: skip


def about(entries: Entries, booked: Sequence[Posting]) -> int | None:
    """The posting by which was paid what a vendor takes back now."""
    taken = {place.order_id for place in entries if place.account == "reversed"}
    paid = [p.number for p in booked for place in p.entries
            if place.account == "paid" and place.order_id in taken]  # fmt: skip
    return max(paid, default=None)


def month_of(day: date, closed: date | None) -> tuple[date, date | None]:
    """In which month something of a day is booked, and the closed one where it belongs."""
    own = day.replace(day=1)
    if closed is None or own > closed:
        return own, None
    return following(closed), own


def following(month: date) -> date:
    """The first of the next month."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
