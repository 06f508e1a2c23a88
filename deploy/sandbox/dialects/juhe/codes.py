"""Juhe's error codes and states as data.

The system's codes and the empty wallet's come from public code [C]; the other codes of this product
are from memory [M], and so may be others in truth. Everything is answered under HTTP 200 [C].
"""

from collections.abc import Mapping
from typing import Final

DONE, WRONG_KEY, BROKEN = 0, 10001, 10014
NOT_ALLOWED, WRONG_NUMBER, WRONG_ORDER, WRONG_SIGN = 208501, 208502, 208505, 208508
NO_SUCH_ORDER, USED, NO_MONEY = 208513, 208516, 208517
REASONS: Final[Mapping[int, str]] = {
    WRONG_KEY: "错误的请求KEY",
    BROKEN: "系统内部异常",
    NOT_ALLOWED: "不允许充值的手机号码及金额",
    WRONG_NUMBER: "错误的手机号码",
    WRONG_ORDER: "错误的订单号",
    WRONG_SIGN: "校验值错误",
    NO_SUCH_ORDER: "查询不到该订单",
    USED: "重复的订单号",
    NO_MONEY: "当前账户可用余额不足",
}
UNDER_WAY, SUCCEEDED, CANCELLED = "0", "1", "9"  # game_state [C]


class JuheError(Exception):
    """A refusal by code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(REASONS[code])


def game_state(status: str) -> str:
    """What an order's state is called."""
    if status == "COMPLETED":
        return SUCCEEDED
    return CANCELLED if status == "REVERSED" or status.startswith("DECLINED") else UNDER_WAY
