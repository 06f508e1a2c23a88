"""The customer's account at DT One."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.digits import NETWORKS
from deploy.sandbox.shelf import PATTERN, Sold, sold

NAME = "dtone"


class Account(BaseModel):
    """Log-in, the products that this customer may buy (see ``shelf``), and the wallet."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(min_length=1)
    secret: str = Field(min_length=1)
    products: str = Field("20.00=6020/6021/6022", pattern=PATTERN)
    wallet_fen: int = Field(100_000_000, ge=0)

    @property
    def sold(self) -> Mapping[int, Sold]:
        """Amount and network of each product."""
        return sold(self.products)

    def network_of(self, product_id: int) -> str:
        """Whose numbers a product is for; one that is not sold any more was the first one's."""
        one = self.sold.get(product_id)
        return one.network if one else next(iter(NETWORKS))
