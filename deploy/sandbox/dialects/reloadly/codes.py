"""Reloadly's errors and statuses as data: names from its documentation and public code [C].

Their HTTP statuses are a guess [M]: program on the code.
"""

from collections.abc import Mapping
from typing import Final

ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "INVALID_CREDENTIALS": (401, "Invalid credentials"),
    "INVALID_TOKEN": (401, "Full authentication is required to access this resource"),
    "TOKEN_EXPIRED": (401, "The token being used has expired"),
    "INVALID_INPUT_PROVIDED": (400, "The input is not valid"),
    "INVALID_RECIPIENT_PHONE": (400, "Recipient phone number is not valid"),
    "OPERATOR_AND_RECIPIENT_PHONE_MISMATCH": (
        400,
        "Recipient phone number does not belong to the operator",
    ),
    "COULD_NOT_AUTO_DETECT_OPERATOR": (
        404,
        "Could not auto detect operator for given phone number",
    ),
    "COUNTRY_NOT_SUPPORTED": (400, "Country is not supported"),
    "INVALID_AMOUNT_FOR_OPERATOR": (400, "The amount is not valid for this operator"),
    "INSUFFICIENT_BALANCE": (400, "Insufficient balance"),
    "CUSTOM_IDENTIFIER_ALREADY_USED": (400, "Custom identifier was used already"),
    "OPERATOR_NOT_FOUND": (404, "Operator not found"),
    "TRANSACTION_NOT_FOUND": (404, "Transaction not found"),
    "RESOURCE_NOT_FOUND": (404, "Resource not found"),
    "METHOD_NOT_ALLOWED": (405, "Method not allowed"),
    "INTERNAL_SERVER_ERROR": (500, "Something went wrong"),
}
# Why the operator declined, by the book's word for it.
REASONS: Final[Mapping[str, str]] = {
    "DECLINED-INVALID-CREDIT-PARTY": "INVALID_RECIPIENT_PHONE",
    "DECLINED-BARRED-CREDIT-PARTY": "TRANSACTION_REJECTED_BY_OPERATOR",
    "DECLINED-OPERATOR-CURRENTLY-UNAVAILABLE": "OPERATOR_UNAVAILABLE_OR_CURRENTLY_INACTIVE",
    "DECLINED-DUPLICATED-TRANSACTION": "PHONE_RECENTLY_RECHARGED",
    "DECLINED": "TOPUP_TRANSACTION_FAILED",
    "DECLINED-EXCEPTION": "TRANSACTION_CANNOT_BE_PROCESSED_AT_THE_MOMENT",
}
STATUSES: Final[Mapping[str, str]] = {
    "CONFIRMED": "PROCESSING",
    "SUBMITTED": "PROCESSING",
    "COMPLETED": "SUCCESSFUL",
    "REVERSED": "REFUNDED",
}


class ReloadlyError(Exception):
    """A refusal by code."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.http_status, self.message = ERRORS[code]
        super().__init__(code)


def status_of(state: str) -> str:
    """A transaction's status."""
    return STATUSES.get(state, "FAILED")
