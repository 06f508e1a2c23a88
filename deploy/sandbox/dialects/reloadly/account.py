"""The customer's account at Reloadly."""

from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.addresses import Address

NAME = "reloadly"


class Account(BaseModel):
    """Log-in, the operators that are sold here, the wallet, and where webhooks go, signed by what.

    `products` is the caller's; its operators are those that there are.
    """

    model_config = ConfigDict(frozen=True)

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)
    webhook_secret: str = Field(min_length=1)
    products: str = Field("20.00=444", pattern=r"^[0-9.]+=[0-9]+(,[0-9.]+=[0-9]+)*$")
    token_seconds: float = Field(86_400, gt=0)
    wallet_fen: int = Field(100_000_000, ge=0)
    report_url: Address | None = None

    @property
    def operators(self) -> frozenset[int]:
        """Ids of operators."""
        return frozenset(int(pair.partition("=")[2]) for pair in self.products.split(","))
