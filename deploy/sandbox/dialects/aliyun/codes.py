"""Alibaba Cloud's answers as data. Codes are documented [D] or seen in public code [C]."""

from typing import Final

# Failures of the call itself come with an HTTP error [M]; the rest comes as 200 with a Code.
HTTP_STATUS: Final = {
    "IncompleteSignature": 400,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidAction.NotFound": 404,
    "InvalidParameter": 400,
    "InvalidTimeStamp.Expired": 400,
    "InvalidTimeStamp.Format": 400,
    "InvalidVersion": 400,
    "MissingParameter": 400,
    "SignatureDoesNotMatch": 400,
    "SignatureNonceUsed": 400,
    "UnsupportedHTTPMethod": 405,
    "InternalError": 500,
}
MESSAGES: Final = {
    "OK": "OK",
    "isv.AMOUNT_NOT_ENOUGH": "账户余额不足",
    "isv.BUSINESS_LIMIT_CONTROL": "触发号码天级流控",
    "isv.INVALID_JSON_PARAM": "JSON参数不合法",
    "isv.INVALID_PARAMETERS": "参数异常",
    "isv.MOBILE_NUMBER_ILLEGAL": "手机号码格式错误",
    "isv.SMS_SIGNATURE_ILLEGAL": "该账号下找不到对应签名",
    "isv.SMS_TEMPLATE_ILLEGAL": "该账号下找不到对应模板",
    "isv.TEMPLATE_MISSING_PARAMETERS": "模板变量缺少对应参数值",
    "isp.SYSTEM_ERROR": "系统错误",
}
# Refused in the answer, by the number's ending.
ENDINGS: Final = {
    "02": "isv.MOBILE_NUMBER_ILLEGAL",
    "04": "isp.SYSTEM_ERROR",
    "05": "isv.BUSINESS_LIMIT_CONTROL",
}
DELIVERED: Final = ("DELIVERED", "用户接收成功")
UNDELIVERED: Final = ("UNDELIV", "用户未接收到短信")  # [M]
SEND_STATUS: Final = {"waiting": 1, "failed": 2, "delivered": 3}  # [M]
# Accepted, but the report says that it did not arrive: not on the phone, or who opted out [M].
FAILURES: Final = {"03": UNDELIVERED[0], "06": "BLACKLIST"}
