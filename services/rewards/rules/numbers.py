"""Whose a number is now, and which product of a vendor it therefore gets.

At some vendors a product serves the numbers of one network. Which network has a number only their
look-up tells: numbers are ported, so how one begins says nothing certain.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.rewards.rules.entitlement import HoldReason
from services.rewards.rules.routing import Offer
from shared.values.backoff import backoff
from shared.vendors.outcomes import Held, Rejected, TryLater, Unknown


@dataclass(frozen=True)
class Belongs:
    """The network that has a number, by the vendor's own name for it."""

    network: str


# Why a vendor serves a number not, or not now; Rejected is certain, and about the number.
Refusal = Rejected | TryLater | Unknown | Held
# What a vendor says of a number before any order; None where nothing speaks against it.
Word = Belongs | Refusal | None
# Its network is known, and nothing is sold for that.
UNSOLD = Rejected("no_product", retriable=False)


def serve(offers: Sequence[Offer], word: Word) -> Offer | Refusal:
    """Which of one vendor's offers a number gets, by that vendor's word of it."""
    if isinstance(word, Refusal):
        return word
    fitting = (one for one in offers if word is None or one.network in (None, word.network))
    return next(fitting, UNSOLD)


def against(words: Collection[Refusal]) -> Rejected | None:
    """What speaks against a number for good: what every vendor says, and nothing less."""
    refused = [word for word in words if isinstance(word, Rejected)]
    if not refused or len(refused) < len(words):
        return None
    return UNSOLD if UNSOLD in refused else refused[0]


def hold_reason(refused: Rejected) -> HoldReason:
    """Why the reward of a number that nobody serves waits for a person."""
    return "no_product" if refused == UNSOLD else "number_refused"


def pause(words: Collection[Refusal], asked: int) -> timedelta:
    """How long not to ask again, after so many times without an answer."""
    least = max((word.after for word in words if isinstance(word, TryLater)), default=timedelta())
    return max(least, backoff(asked))
