"""DT One's statuses and errors as data.

Classes, status names, error codes and their HTTP statuses are the vendor's [D]. The numbers of the
statuses within a class are a guess [M]: program on the class, as the vendor asks.
"""

from typing import Any, Final

CLASSES: Final = {
    "CREATED": 1,
    "CONFIRMED": 2,
    "REJECTED": 3,
    "CANCELLED": 4,
    "SUBMITTED": 5,
    "COMPLETED": 7,
    "REVERSED": 8,
    "DECLINED": 9,
}
STATUSES: Final = (
    *CLASSES,
    "DECLINED-INVALID-CREDIT-PARTY",
    "DECLINED-BARRED-CREDIT-PARTY",
    "DECLINED-OPERATOR-CURRENTLY-UNAVAILABLE",
    "DECLINED-DUPLICATED-TRANSACTION",
    "DECLINED-EXCEPTION",
    "DECLINED-INELIGIBLE-CREDIT-PARTY",
)
ERRORS: Final = {
    1000400: (400, "Bad Request"),
    1000401: (401, "Unauthorized"),
    1000404: (404, "Resource not found"),
    1000405: (405, "Method not allowed"),  # [M]
    1003001: (404, "Product is not available in your account"),
    1005003: (400, "Credit party mobile number is invalid"),
    1006001: (400, "Insufficient balance"),
    1007001: (400, "Transaction external ID has already been used"),
    1009001: (500, "Unexpected error, please contact our support team"),
}


class DtOneError(Exception):
    """A refusal by code; ``detail`` is appended to the vendor's words."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.http_status, words = ERRORS[code]
        self.message = f"{words}: {detail}" if detail else words
        super().__init__(self.message)


def status_json(status: str) -> dict[str, Any]:
    """``{"id", "message", "class": {"id", "message"}}``."""
    name = status.partition("-")[0]
    number = CLASSES[name]
    return {
        "id": number * 10_000 + max(STATUSES.index(status) - len(CLASSES) + 1, 0) * 100,
        "message": status,
        "class": {"id": number, "message": name},
    }
