"""Juhe's error codes and states as data: what each means for the money.

The system's codes stand in every copy of the documentation [C]. Those of this product (2085xx) are
from memory [M] but for the empty wallet's, which public code knows [C]: verify them before going
live. They are believed of the calls before an order; of an order every code but 0 is Unknown.
"""

from collections.abc import Mapping
from typing import Literal

Meaning = Literal["final", "later", "held"]

OK = "0"

# Answers to the questions before an order. Nothing was ordered, so each is certain; a code that is
# not here stops this order and is counted, and after some of them a person looks.
BEFORE: Mapping[str, Meaning] = {
    "10001": "held",  # wrong key
    "10002": "held",  # the key has no right to this
    "10003": "held",  # the key has expired
    "10004": "held",  # wrong OpenID
    "10005": "held",  # the application waits for its approval
    "10007": "held",  # unknown origin of the request
    "10008": "held",  # our address is forbidden
    "10009": "held",  # our key is forbidden
    "10011": "later",  # too many requests of this address
    "10012": "held",  # too many requests of this account
    "10013": "held",  # a test key's number of requests is used up
    "10014": "later",  # a fault of theirs
    "100014": "later",  # the same, as other copies write it
    "10020": "later",  # the interface is being mended
    "10021": "held",  # the interface was taken out of use
    "208501": "final",  # this number and amount may not be ordered
    "208502": "final",  # wrong number
    "208508": "held",  # wrong signature: the OpenID or the key
    "208517": "held",  # the wallet is empty
}

# The number gets no airtime; the first word is ours.
WRONG_NUMBERS = frozenset({"not_of_the_mainland", "208501", "208502"})

# Answers to the question after an order: they do not have it.
ABSENT = frozenset({"208513"})

UNDER_WAY, SUCCEEDED, CANCELLED = "0", "1", "9"

# Yuan that can be ordered.
DENOMINATIONS = frozenset({"10", "20", "30", "50", "100", "300"})
# What an order costs, of its face value: more or less than this was not our order.
LEAST_PRICE, MOST_PRICE = 80, 110
