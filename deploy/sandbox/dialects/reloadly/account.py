"""The customer's account at Reloadly."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.addresses import Address
from deploy.sandbox.digits import NETWORKS
from deploy.sandbox.shelf import PATTERN, Sold, sold

NAME = "reloadly"
# The ids of the networks follow one another.
OPERATORS = {name: 441 + n for n, name in enumerate(NETWORKS)}


class Account(BaseModel):
    """Log-in, the operators that are sold here, the wallet, and where webhooks go, signed by what.

    `products` is the caller's; its operators are those that there are.
    """

    model_config = ConfigDict(frozen=True)

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)
    webhook_secret: str = Field(min_length=1)
    products: str = Field("20.00=441/442/443", pattern=PATTERN)
    token_seconds: float = Field(86_400, gt=0)
    wallet_fen: int = Field(100_000_000, ge=0)
    report_url: Address | None = None

    @property
    def sold(self) -> Mapping[int, Sold]:
        """By an operator's id: its network's numbers get it."""
        return sold(self.products)

    def operator_of(self, network: str) -> int:
        """A network's id, whether or not it is sold to this customer."""
        ours = {one.network: operator for operator, one in self.sold.items()}
        return ours.get(network, OPERATORS[network])
