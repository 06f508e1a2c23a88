"""Alibaba Cloud Dysmsapi 2017-05-25 under /aliyun/: the SMS dialect.

POST with ACS3-HMAC-SHA256 [D], parameters in the query or as a form; actions SendSms and
QuerySendDetails [D]. A business refusal is HTTP 200 with a Code [M].
"""

from deploy.sandbox import texts
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
        "templates": texts.as_value(texts.numbered("SMS_4800{:05}".format)),
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
