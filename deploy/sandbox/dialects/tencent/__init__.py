"""Tencent Cloud SMS 2021-01-11 under /tencent/: an SMS dialect.

POST of JSON with TC3-HMAC-SHA256 [D]; actions SendSms and PullSmsSendStatusByPhoneNumber [D]. Every
answer is HTTP 200 with a Response [D]. The list has only what a carrier has reported on.
"""

from deploy.sandbox import texts
from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects.tencent import life, routes
from deploy.sandbox.dialects.tencent.account import IDS, NAME, Account
from deploy.sandbox.dialects.tencent.customer import TencentCustomer

TENCENT = Dialect(
    name=NAME,
    kind="sms",
    account=Account,
    url="/tencent/",
    secrets=("key_id", "key_secret"),
    values={"app_id": "1400006666", "sign_name": "码上评", "templates": texts.as_value(IDS)},
    routes=routes.routes,
    # The signature covers the body, so the one handler checks it after reading.
    check=lambda request, parts: None,
    refusal=routes.refusal,
    actions=life.actions,
    retries=(10, 60, 300),  # [M]
    is_taken=routes.is_taken,
    customer=TencentCustomer(),
    heard=life.heard,
)
