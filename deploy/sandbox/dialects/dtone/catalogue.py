"""DT One's products and operators for mainland China.

Field names are the vendor's [C]. A product belongs to one operator, as in the real catalogue [D].
"""

from typing import Any

from deploy.sandbox.dialects.dtone.account import Account
from deploy.sandbox.dialects.dtone.codes import DtOneError
from deploy.sandbox.digits import NETWORKS, block

CURRENCY = "CNY"
COUNTRY = {"name": "China", "iso_code": "CHN", "regions": None}
OPERATORS = {name: 6001 + n for n, name in enumerate(NETWORKS)}
SERVICE = {"id": 1, "name": "Mobile", "subservice": {"id": 11, "name": "Airtime"}}


def face_value(account: Account, product_id: int) -> int:
    """Fen of the customer's product, or the vendor's refusal."""
    if product_id not in account.sold:
        raise DtOneError(1003001)
    return account.sold[product_id].fen


def yuan(fen: int) -> int | float:
    """An amount as the vendor's JSON number."""
    return fen // 100 if fen % 100 == 0 else fen / 100


def operator(network: str) -> dict[str, Any]:
    """A network as the vendor lists it [C]."""
    return {"id": OPERATORS[network], "name": network, "country": COUNTRY, "regions": None}


def operators(phone: str, network: str) -> list[dict[str, Any]]:
    """Those that a number may be of, that of its block among them; `identified` is the one [C]."""
    may_be = dict.fromkeys((network, block(phone)))
    return [{**operator(one), "identified": one == network} for one in may_be]


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


def product_json(product_id: int, fen: int, network: str) -> dict[str, Any]:
    """A product of fixed value [C]; what the customer pays with is the same currency here [M]."""
    return {
        **product_base(product_id, fen, network),
        "type": "FIXED_VALUE_RECHARGE",
        "source": money(fen),
        "destination": money(fen),
        "prices": prices(fen),
        "benefits": benefits(fen),
        "validity": None,
        "promotions": None,
    }


def product_base(product_id: int, fen: int, network: str) -> dict[str, Any]:
    """The part of a product that a transaction repeats."""
    name = f"CNY {yuan(fen)}"
    base = {"id": product_id, "name": name, "description": f"Airtime of {name}", "tags": None}
    return {**base, "service": SERVICE, "operator": operator(network), "regions": None}
