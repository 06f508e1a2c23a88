"""DT One's products, operator and number look-up for mainland China.

Field names are the vendor's [C]. One operator stands for the three networks, so that one product
serves every mainland number; the real catalogue lists products by operator [M], which is why the
product id is configuration.
"""

from typing import Any

from deploy.sandbox.config import Config
from deploy.sandbox.dtone_codes import DtOneError

CURRENCY = "CNY"
OPERATOR = {
    "id": 6000,
    "name": "China Mainland",
    "country": {"name": "China", "iso_code": "CHN", "regions": None},
    "regions": None,
}
SERVICE = {"id": 1, "name": "Mobile", "subservice": {"id": 11, "name": "Airtime"}}
OTHER_VALUES_FEN = {6010: 1000, 6030: 3000, 6050: 5000}
NO_FIELDS = (
    "required_debit_party_identifier_fields",
    "required_sender_fields",
    "required_beneficiary_fields",
    "required_statement_identifier_fields",
    "required_additional_identifier_fields",
    "validity",
    "promotions",
    "tags",
    "regions",
)


def values_fen(config: Config) -> dict[int, int]:
    """Face value of each product id, in fen; the configured one is 20 yuan."""
    return {**OTHER_VALUES_FEN, config.dtone_product_id: 2000}


def face_value(config: Config, product_id: int) -> int:
    """Fen of a product, or the vendor's refusal."""
    try:
        return values_fen(config)[product_id]
    except KeyError:
        raise DtOneError(1003001) from None


def yuan(fen: int) -> int | float:
    """An amount as the vendor's JSON number."""
    return fen // 100 if fen % 100 == 0 else fen / 100


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


def product_base(product_id: int, fen: int) -> dict[str, Any]:
    """The part of a product that a transaction repeats."""
    name = f"CNY {yuan(fen)}"
    base = {"id": product_id, "name": name, "description": f"Airtime of {name}", "tags": None}
    return {**base, "service": SERVICE, "operator": OPERATOR, "regions": None}


def product_json(product_id: int, fen: int) -> dict[str, Any]:
    """A whole product of type FIXED_VALUE_RECHARGE."""
    return {
        **product_base(product_id, fen),
        **dict.fromkeys(NO_FIELDS),
        "type": "FIXED_VALUE_RECHARGE",
        "required_credit_party_identifier_fields": [["mobile_number"]],
        "availability_zones": ["INTERNATIONAL"],
        "source": money(fen),
        "destination": money(fen),
        "prices": prices(fen),
        "rates": {"base": 1, "wholesale": 1, "retail": None},
        "benefits": benefits(fen),
    }
