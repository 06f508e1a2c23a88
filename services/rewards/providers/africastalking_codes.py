"""Africa's Talking's statuses and messages as data: what each means for the money.

It has no codes: a failure is told in words, compared in lower case. The statuses are public code's
[C], the duplicate's words are its documentation's [D], the rest is from memory [M]: verify them
before going live. Words that are not here are Unknown.
"""

from collections.abc import Mapping
from typing import Literal

Meaning = Literal["final", "retry", "later", "held", "unknown"]

# Of an order that was not sent.
MESSAGES: Mapping[str, Meaning] = {
    "a duplicate request was received within the last 5 minutes": "unknown",
    "insufficient balance": "held",
    "insufficient credit": "held",
    "the supplied authentication is invalid": "held",
    "invalid username": "held",
    "airtime is not enabled for this account": "held",
    "value outside the allowed limits": "held",
    "invalid phone number": "final",
    "unsupported phone number": "final",
    "too many requests": "later",
    "the service is temporarily unavailable": "later",
}
# The number gets no airtime.
WRONG_NUMBERS = frozenset({"invalid phone number", "unsupported phone number"})
# A status that tells as much as words.
REFUSED: Mapping[str, Meaning] = {"InvalidRequest": "held", "NotSupported": "final"}
NOTHING_WRONG = "none"

UNDER_WAY = frozenset({"Queued", "Sent"})
SUCCESS, FAILED = "Success", "Failed"

# To the question after a transaction: they do not have it [M].
ABSENT = frozenset({"transaction not found"})
