"""DT One's error codes and statuses as data: what each means for the money.

Codes of the vendor's documentation. An error code that is not here is Unknown. Statuses are judged
by their class, as the vendor asks; only the reasons of a decline are told apart by name.
"""

from collections.abc import Mapping
from typing import Literal

Meaning = Literal["final", "retry", "later", "held", "unknown"]

# Answers to an order.
ERRORS: Mapping[str, Meaning] = {
    "1000400": "final",  # bad request: this order will never be taken as it is
    "1000401": "held",  # unauthorized: key or secret are wrong
    "1000429": "later",  # too many requests
    "1003001": "held",  # the product is not available in our account
    "1005003": "final",  # the number is invalid
    "1006001": "held",  # the wallet is empty
    "1007001": "unknown",  # the order id was used: by an earlier sending of this very order, so ask
    "1009001": "unknown",  # unexpected error on their side
    "1009503": "retry",  # service unavailable
}

# The number gets no airtime, whoever it belongs to now.
WRONG_NUMBERS = frozenset(
    {"1005003", "DECLINED-INVALID-CREDIT-PARTY", "DECLINED-BARRED-CREDIT-PARTY"}
)
# Answers to the question after a product: our account does not have it, or nobody has.
ABSENT = frozenset({"1003001", "1000404"})
# The kind of product that has one amount.
FIXED = "FIXED_VALUE_RECHARGE"

CREATED, CONFIRMED, REJECTED, CANCELLED, SUBMITTED, COMPLETED, REVERSED, DECLINED = (
    1, 2, 3, 4, 5, 7, 8, 9,
)  # fmt: skip
UNDER_WAY = frozenset({CREATED, CONFIRMED, SUBMITTED})
FAILED = frozenset({REJECTED, CANCELLED, DECLINED})

# Failures that a new order would only repeat. A duplicate means that the operator saw a top-up of
# this phone a moment ago: a person should look before another is made.
HOPELESS = frozenset(
    {
        "CANCELLED",
        "DECLINED-INVALID-CREDIT-PARTY",
        "DECLINED-BARRED-CREDIT-PARTY",
        "DECLINED-DUPLICATED-TRANSACTION",
    }
)
