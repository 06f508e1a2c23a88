"""DT One's product and operator for mainland China.

Field names are the vendor's [C]. One operator stands for the three networks, so that one product
serves every mainland number; the real catalogue lists products by operator [M], which is why the
products are configuration. A look-up names the number's own network beside it.
"""

from typing import Any

from deploy.sandbox.dialects.dtone.account import Account
from deploy.sandbox.dialects.dtone.codes import DtOneError
from deploy.sandbox.digits import NETWORKS, network

CURRENCY = "CNY"
COUNTRY = {"name": "China", "iso_code": "CHN", "regions": None}
OPERATOR = {"id": 6000, "name": "China Mainland", "country": COUNTRY, "regions": None}
SERVICE = {"id": 1, "name": "Mobile", "subservice": {"id": 11, "name": "Airtime"}}


def face_value(account: Account, product_id: int) -> int:
    """Fen of the customer's product, or the vendor's refusal."""
    if product_id not in account.face_values:
        raise DtOneError(1003001)
    return account.face_values[product_id]


def yuan(fen: int) -> int | float:
    """An amount as the vendor's JSON number."""
    return fen // 100 if fen % 100 == 0 else fen / 100


def operators(phone: str) -> list[dict[str, Any]]:
    """Those that a number may be of; `identified` is the one that it is [C]."""
    own = network(phone)
    ids = {name: 6001 + n for n, name in enumerate(NETWORKS)}
    named = {"id": ids[own], "name": own, "country": COUNTRY, "regions": None}
    return [{**named, "identified": True}, {**OPERATOR, "identified": False}]


def money(fen: int) -> dict[str, Any]:
    """An amount with its unit."""
    return {"unit_type": "CURRENCY", "unit": CURRENCY, "amount": yuan(fen)}


def prices(fen: int) -> dict[str, Any]:
    """Wholesale at face value, no fee [M]."""
    return {"wholesale": {**money(fen), "fee": 0}, "retail": {**money(fen), "fee": 0}}


def benefits(fen: int) -> list[dict[str, Any]]:
    """What the phone's owner gets."""
    amount = {"base": yuan(fen), "promotion_bonus": 0, "total_excluding_tax": yuan(fen)}
    benefit = {"type": "CREDITS", "unit_type": "CURRENCY", "unit": CURRENCY, "amount": amount}
    return [{**benefit, "additional_information": None}]


def product_json(product_id: int, fen: int) -> dict[str, Any]:
    """A product of fixed value [C]; what the customer pays with is the same currency here [M]."""
    return {
        **product_base(product_id, fen),
        "type": "FIXED_VALUE_RECHARGE",
        "source": money(fen),
        "destination": money(fen),
        "prices": prices(fen),
        "benefits": benefits(fen),
        "validity": None,
        "promotions": None,
    }


def product_base(product_id: int, fen: int) -> dict[str, Any]:
    """The part of a product that a transaction repeats."""
    name = f"CNY {yuan(fen)}"
    base = {"id": product_id, "name": name, "description": f"Airtime of {name}", "tags": None}
    return {**base, "service": SERVICE, "operator": OPERATOR, "regions": None}
