"""How Juhe's back office exports a day's orders [M]: a guess, in the headings of its own pages.

Its documentation has an order by our id and the balance of now, and no list of a day [C], so a
person takes the file in. Verify it against the account's own exports before going live; nothing
else knows these words.
"""

from services.rewards.providers.statement_layout import Layout

LAYOUT = Layout(
    columns=(
        "聚合订单号", "商家订单号", "完成时间", "订单状态", "充值面额", "充值号码", "金额",
    ),
    order_id="商家订单号",
    vendor_ref="聚合订单号",
    time="完成时间",
    status="订单状态",
    product="充值面额",
    amount="金额",
    outcomes={"充值成功": "paid", "已撤销": "reversed"},
    balances={"期初余额": "OPENING", "期末余额": "CLOSING", "账户充值": "TOP_UP"},
)  # fmt: skip
