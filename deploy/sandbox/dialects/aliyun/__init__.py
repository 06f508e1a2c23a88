"""Alibaba Cloud Dysmsapi 2017-05-25 under /aliyun/: the SMS dialect.

POST with ACS3-HMAC-SHA256 [D], parameters in the query or as a form; actions SendSms and
QuerySendDetails [D]. A business refusal is HTTP 200 with a Code [M].
"""

from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects.aliyun import life, routes
from deploy.sandbox.dialects.aliyun.account import NAME, Account
from deploy.sandbox.dialects.aliyun.customer import AliyunCustomer

ALIYUN = Dialect(
    name=NAME,
    kind="sms",
    account=Account,
    url="/aliyun/",
    secrets=("key_id", "key_secret"),
    values={
        "sign_name": "码上评",
        "template_thanks": "SMS_480000001",
        "template_paid": "SMS_480000002",
        "template_code": "SMS_480000003",
        "template_invitation": "SMS_480000004",
        "template_unreached": "SMS_480000005",
        "template_receipt": "SMS_480000006",
        "template_word": "SMS_480000007",
        "template_urgent": "SMS_480000008",
    },
    routes=routes.routes,
    # The signature covers the body, so the one handler checks it after reading.
    check=lambda request, parts: None,
    refusal=routes.refusal,
    actions=life.actions,
    retries=(60, 300, 600),  # [D]
    is_taken=routes.is_taken,
    customer=AliyunCustomer(),
    heard=life.heard,
)
