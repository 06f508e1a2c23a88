"""Alibaba Cloud's answers to SendSms as data. A code that is not here is Held, and alerts.

[D] the vendor's documentation, [M] from memory, to be checked before going live.
"""

from datetime import timedelta

from services.notifications.providers.codes import Table

OK = "OK"

# Nothing was sent, and the cause passes by itself.
RETRY: dict[str, timedelta] = {
    "isp.SYSTEM_ERROR": timedelta(seconds=5),  # [D]
    "isv.BUSINESS_LIMIT_CONTROL": timedelta(hours=1),  # [D] per number: minute, hour or day
    "Throttling": timedelta(seconds=5),  # [D]
    "Throttling.Api": timedelta(seconds=5),  # [M]
    "Throttling.User": timedelta(seconds=5),  # [M]
    "ServiceUnavailable": timedelta(seconds=30),  # [M]
}
# Nothing was sent, and nothing will be until a person mends the account, template or address.
HELD: frozenset[str] = frozenset(
    {
        "isv.AMOUNT_NOT_ENOUGH",  # [D]
        "isv.OUT_OF_SERVICE",  # [D]
        "isv.DAY_LIMIT_CONTROL",  # [D]
        "isv.MONTH_LIMIT_CONTROL",  # [D]
        "isv.SIGN_STATE_ILLEGAL",  # [D]
        "isv.SMS_SIGNATURE_ILLEGAL",  # [D]
        "isv.SMS_TEMPLATE_ILLEGAL",  # [D]
        "isv.TEMPLATE_MISSING_PARAMETERS",  # [D]
        "isv.INVALID_PARAMETERS",  # [D]
        "isv.INVALID_JSON_PARAM",  # [D]
        "isv.DENY_IP_RANGE",  # [D]
        "isp.RAM_PERMISSION_DENY",  # [D]
        "InvalidAccessKeyId.NotFound",  # [M]
        "InvalidTimeStamp.Expired",  # [M] our clock is more than 15 minutes off
        "SignatureDoesNotMatch",  # [M]
        "SignatureNonceUsed",  # [M]
    }
)
# Nothing was sent, and nothing ever will be.
FINAL: frozenset[str] = frozenset(
    {"isv.MOBILE_NUMBER_ILLEGAL", "isv.SMS_CONTENT_ILLEGAL"}  # [D]
)

TABLE = Table("aliyun", RETRY, HELD, FINAL)
