"""Reloadly's error codes and statuses as data: what each means for the money.

Codes of its documentation and of public code that counted them in production [C]. An error code
that is not here is Unknown.
"""

from collections.abc import Mapping
from typing import Literal

Meaning = Literal["final", "retry", "later", "recharged", "held", "unknown"]

# Answers to an order.
ERRORS: Mapping[str, Meaning] = {
    "INSUFFICIENT_BALANCE": "held",  # the wallet: a third of all failures in production
    "MAX_DAILY_TRANSACTION_AMOUNT_REACHED": "held",
    "MAX_DAILY_TRANSACTION_COUNT_REACHED": "held",
    "ACCOUNT_NOT_FOUND": "held",
    "INACTIVE_ACCOUNT": "held",
    "OPERATOR_NOT_FOUND": "held",  # our product
    "INVALID_AMOUNT": "held",
    "INVALID_AMOUNT_FOR_OPERATOR": "held",
    "COUNTRY_NOT_SUPPORTED": "final",
    "INVALID_PHONE_NUMBER": "final",
    "INVALID_RECIPIENT_PHONE": "final",
    "COULD_NOT_AUTO_DETECT_OPERATOR": "final",
    "OPERATOR_AND_RECIPIENT_PHONE_MISMATCH": "retry",  # ported a moment ago: look it up again
    "OPERATOR_NOT_IN_SERVICE": "retry",
    "OPERATOR_UNAVAILABLE_OR_CURRENTLY_INACTIVE": "retry",
    "TRANSACTION_CANNOT_BE_PROCESSED_AT_THE_MOMENT": "retry",
    "PHONE_RECENTLY_RECHARGED": "recharged",
    "TOKEN_EXPIRED": "later",  # the next order asks for a new one
    "INVALID_TOKEN": "later",
    "TOO_MANY_REQUESTS": "later",
    "CUSTOM_IDENTIFIER_ALREADY_USED": "unknown",  # most of these had in fact been paid
}

SUCCESSFUL, PROCESSING, FAILED, REFUNDED = "SUCCESSFUL", "PROCESSING", "FAILED", "REFUNDED"

# Reasons of a failure that a new order would only repeat. A phone that was recharged a moment ago
# may have been so by us: a person should look before another order is made.
HOPELESS = frozenset(
    {
        "INVALID_PHONE_NUMBER",
        "INVALID_RECIPIENT_PHONE",
        "COULD_NOT_AUTO_DETECT_OPERATOR",
        "TRANSACTION_REJECTED_BY_OPERATOR",
        "PHONE_RECENTLY_RECHARGED",
    }
)

# The number gets no airtime; the first word is ours.
WRONG_NUMBERS = frozenset(
    {
        "no_country",
        "COUNTRY_NOT_SUPPORTED",
        "INVALID_PHONE_NUMBER",
        "INVALID_RECIPIENT_PHONE",
        "COULD_NOT_AUTO_DETECT_OPERATOR",
    }
)

# Answers to the question after an operator: there is none such.
ABSENT = frozenset({"OPERATOR_NOT_FOUND"})
