"""Which vendor an SMS goes to: by shares that follow what the vendors did lately. Pure.

After GOV.UK Notify: a vendor that is slow or failing gives a part of its share to the best of the
others, once a minute at most; an hour after the last change shares drift back to where they rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from services.notifications.rules.messages import AT_ONCE, Next
from shared.values.backoff import backoff
from shared.vendors.outcomes import (
    Done,
    Held,
    NotFound,
    Outcome,
    Rejected,
    Reversed,
    TryLater,
    Unknown,
)

How = Literal["arrived", "failed", "refused", "unanswered"]

# What we say ourselves before a byte leaves is no vendor's word.
OURS = frozenset({"expired", "stopped", "seal_broken"})
WHOLE = 100
STEP = 10
# Whoever takes new SMS keeps so much, or nobody would see that it is well again.
LEAST = 5
# A record of fewer calls says nothing; of more, one bad in ten is too many.
FEWEST_CALLS = 5
ONE_BAD_IN = 10
WINDOW = timedelta(minutes=10)
IN_TIME = timedelta(minutes=4)
AGAIN = timedelta(minutes=1)
QUIET = timedelta(hours=1)


@dataclass(frozen=True)
class Share:
    """`points` of a hundred now, `resting` in quiet times; who rests at 0 takes nothing new."""

    vendor: str
    points: int
    resting: int


@dataclass(frozen=True)
class Record:
    """A vendor's calls of the last while of which something can be said.

    Bad are those that were refused though the phone was right, unanswered, or not there in time.
    """

    calls: int = 0
    bad: int = 0

    @property
    def ratio(self) -> float:
        """Of how many something was wrong; 0 where too few say anything."""
        return self.bad / self.calls if self.calls >= FEWEST_CALLS else 0

    @property
    def is_ill(self) -> bool:
        """Whether it should have less to do."""
        return self.calls >= FEWEST_CALLS and self.bad * ONE_BAD_IN >= self.calls


def at_rest(weights: Mapping[str, int]) -> list[Share]:
    """The shares to begin with: a hundred points by weight, the largest remainders rounded up."""
    total = sum(weights.values())
    exact = {name: weight * WHOLE / total for name, weight in weights.items()}
    points = {name: int(part) for name, part in exact.items()}
    by_rest = sorted(exact, key=lambda name: (points[name] - exact[name], name))
    for name in by_rest[: WHOLE - sum(points.values())]:
        points[name] += 1
    return [Share(name, points[name], points[name]) for name in sorted(weights)]


def moved(
    shares: Sequence[Share], records: Mapping[str, Record], still: timedelta
) -> Sequence[Share]:
    """The shares from now on; `still` is how long they were not moved."""
    ill = {share.vendor for share in shares if records.get(share.vendor, Record()).is_ill}
    if still < AGAIN or len(shares) < 2:
        return shares
    if ill:
        return _away(shares, records, ill)
    return _back(shares) if still >= QUIET else shares


def _away(
    shares: Sequence[Share], records: Mapping[str, Record], ill: Collection[str]
) -> Sequence[Share]:
    give = [share for share in shares if share.vendor in ill and share.points > LEAST]
    take = [share for share in shares if share.vendor not in ill and share.resting]
    if not give or not take:
        return shares
    worst = max(give, key=lambda share: (records[share.vendor].ratio, share.points))
    best = min(take, key=lambda share: (_ratio(records, share), -share.resting))
    return _give(shares, worst, best, min(STEP, worst.points - LEAST))


def _ratio(records: Mapping[str, Record], share: Share) -> float:
    return records.get(share.vendor, Record()).ratio


def _back(shares: Sequence[Share]) -> Sequence[Share]:
    over = max(shares, key=lambda share: share.points - share.resting)
    under = min(shares, key=lambda share: share.points - share.resting)
    most = min(STEP, over.points - over.resting, under.resting - under.points)
    return _give(shares, over, under, most)


def _give(shares: Sequence[Share], who: Share, whom: Share, points: int) -> Sequence[Share]:
    change = {who.vendor: -points, whom.vendor: points}
    return [replace(one, points=one.points + change.get(one.vendor, 0)) for one in shares]


def choose(shares: Iterable[Share], but: Collection[str], lot: int) -> str | None:
    """The vendor that a lot falls on, by points; None if all that take new SMS are in `but`."""
    takers = [share for share in shares if share.resting and share.vendor not in but]
    if not takers:
        return None
    lot %= sum(share.points for share in takers)
    for share in sorted(takers, key=lambda share: share.vendor):
        if lot < share.points:
            return share.vendor
        lot -= share.points
    raise AssertionError("a lot beyond all points")


def lot_of(message_id: UUID, attempt: int) -> int:
    """The same for everybody who draws it; another for the next attempt."""
    return int.from_bytes(sha256(message_id.bytes + bytes([attempt % 256])).digest()[:8])


@dataclass(frozen=True)
class Tried:
    """The vendors that certainly did not send a message, since it was wanted or released.

    `later` may be asked again after a while, `held` when a person has mended something.
    """

    later: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        """Who is not to be asked now."""
        return self.later | self.held


def after_refusal(
    outcome: Outcome, to: Next, attempt: int, vendor: str, tried: Tried, takers: Collection[str]
) -> tuple[Next, Tried] | None:
    """Where a message goes that this vendor certainly did not send; None where `to` stands.

    To the next one at once; when all have refused, again after a while, but not to those for whom a
    person has something to mend; held when that is all of them.
    """
    if outcome.code in OURS or to.state == "failed" or len(takers) < 2:
        return None
    match outcome:
        case Held(code):
            tried = replace(tried, held=tried.held | {vendor})
        case TryLater(code):
            tried = replace(tried, later=tried.later | {vendor})
        case _:
            return None
    if set(takers) - tried.all:
        return Next("queued", AT_ONCE, code), tried
    if set(takers) <= tried.held:
        return Next("held", code=code), tried
    return Next("queued", to.wait or backoff(attempt), code), Tried(held=tried.held)


def end_of(outcome: Outcome, *, asked: bool) -> How | None:
    """What became of a call, as far as it says something of the vendor or of the phone."""
    if outcome.code in OURS:
        return None
    match outcome:
        case Done():
            return "arrived"
        case Rejected():
            return "failed"
        case TryLater() | Held() if not asked:
            return "refused"
        case Unknown() | NotFound() | Reversed() if not asked:
            return "unanswered"
        case _:
            return None
