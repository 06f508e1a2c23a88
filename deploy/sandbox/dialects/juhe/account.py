"""The customer's account at Juhe."""

from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.addresses import Address

NAME = "juhe"
# Yuan that can be ordered [C].
DENOMINATIONS = (10, 20, 30, 50, 100, 300)


class Account(BaseModel):
    """Key and OpenID, the wallet, and where reports go; `products` is only the caller's."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(min_length=1)
    openid: str = Field(min_length=1)
    products: str = "20.00=20"
    wallet_fen: int = Field(100_000_000, ge=0)
    report_url: Address | None = None
