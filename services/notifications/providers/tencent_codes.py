"""Tencent Cloud's answers to SendSms as data. A code that is not here is Held, and alerts.

[D] the vendor's documentation, [C] public code, [M] from memory, to be checked before going live.
"""

from datetime import timedelta

from services.notifications.providers.codes import Table

OK = "Ok"
AN_HOUR = timedelta(hours=1)

TABLE = Table(
    vendor="tencent",
    retry={
        "RequestLimitExceeded": timedelta(seconds=5),  # [D] the whole family
        "LimitExceeded": AN_HOUR,  # [D] per number, text or day
        "LimitExceeded.PhoneNumberThirtySecondLimit": timedelta(seconds=30),  # [C]
    },
    held=frozenset(
        {
            "AuthFailure",  # [D] key, signature, or our clock more than five minutes off
            "UnauthorizedOperation",  # [D] arrears, addresses, rights
            "FailedOperation.SignatureIncorrectOrUnapproved",  # [D]
            "FailedOperation.TemplateIncorrectOrUnapproved",  # [D]
            "FailedOperation.TemplateUnapprovedOrNotExist",  # [C]
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",  # [C]
            "FailedOperation.InsufficientBalanceInSmsPackage",  # [D]
            "FailedOperation.FailResolvePacket",  # [C]
            "FailedOperation.JsonParseFail",  # [C]
            "FailedOperation.MarketingSendTimeConstraint",  # [C] our texts are no marketing
            "InvalidParameter",  # [D]
            "InvalidParameterValue",  # [D] app, template's values
            "LimitExceeded.AppCountryOrRegionInBlacklist",  # [C]
            "MissingParameter",  # [D]
            "UnsupportedOperation",  # [C]
        }
    ),
    final=frozenset(
        {
            "InvalidParameterValue.IncorrectPhoneNumber",  # [D]
            "FailedOperation.PhoneNumberInBlacklist",  # [D] who opted out stays so everywhere
            "FailedOperation.ContainSensitiveWord",  # [D]
        }
    ),
    unknown=frozenset({"InternalError"}),  # [D] .Timeout, .SendAndRecvFail: perhaps sent
)
