"""Juhe's 话费充值 under /juhe/ofpay/mobile: an airtime dialect of mainland China.

From copies of 2014–2021 of the vendor's documentation and public code [C]: paths, fields, the md5
signatures, the states. That an order id is taken once, and most of the codes, are a guess [M].
"""

from deploy.sandbox.dialect import Dialect
from deploy.sandbox.dialects.juhe import life, routes
from deploy.sandbox.dialects.juhe.account import NAME, Account
from deploy.sandbox.dialects.juhe.customer import JuheCustomer
from deploy.sandbox.statement import Layout

JUHE = Dialect(
    name=NAME,
    kind="airtime",
    account=Account,
    url="/juhe/ofpay/mobile",
    secrets=("key", "openid"),
    values={"products": "20.00=20"},
    routes=routes.routes,
    # The key stands in the form, so each handler checks it after reading.
    check=lambda request, parts: None,
    refusal=routes.refusal,
    actions=life.actions,
    retries=(60, 300, 600),  # [M]
    is_taken=lambda status, body: status == 200 and body.strip() == b"success",  # [C]
    customer=JuheCustomer(),
    order="/onlineorder",
    signs=True,
    reasons=False,
    layout=Layout(
        {
            "transaction_id": "聚合订单号",
            "external_id": "商家订单号",
            "time": "完成时间",
            "status": "订单状态",
            "product_id": "充值面额",
            "mobile_number": "充值号码",
            "amount": "金额",
        },
        {
            "COMPLETED": "充值成功",
            "REVERSED": "已撤销",
            "OPENING": "期初余额",
            "CLOSING": "期末余额",
        },
        "gb18030",
        life.own_id,
    ),
)
