"""The customer's application at Africa's Talking."""

from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.addresses import Address

NAME = "africastalking"


class Account(BaseModel):
    """Log-in, the currency in which it pays, the wallet, and where reports go.

    `products` is only the caller's.
    """

    model_config = ConfigDict(frozen=True)

    username: str = Field("sandbox", min_length=1)
    api_key: str = Field(min_length=1)
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")
    products: str = "20.00=CNY 20.00"
    wallet_fen: int = Field(100_000_000, ge=0)
    report_url: Address | None = None
