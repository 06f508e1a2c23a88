"""What a customer may buy where a product serves one network: `20.00=6020/6021/6022`.

The products of an amount follow the networks in the order of `digits`: China Mobile's is the first.
"""

from typing import NamedTuple

from deploy.sandbox.digits import NETWORKS

_ONE = r"[0-9]+\.[0-9]{2}=[0-9]+(/[0-9]+){0,2}"
PATTERN = rf"^{_ONE}(,{_ONE})*$"


class Sold(NamedTuple):
    """Of a product: fen, and whose numbers get it."""

    fen: int
    network: str


def sold(products: str) -> dict[int, Sold]:
    """By the product's id."""
    pairs = [pair.partition("=") for pair in products.split(",")]
    return {
        int(product): Sold(int(yuan.replace(".", "")), network)
        for yuan, _, listed in pairs
        for product, network in zip(listed.split("/"), NETWORKS, strict=False)
    }
