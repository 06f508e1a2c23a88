"""The customer's account at DT One."""

from pydantic import BaseModel, ConfigDict, Field

NAME = "dtone"


class Account(BaseModel):
    """Log-in, the 20 yuan product, and what is in the wallet."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(min_length=1)
    secret: str = Field(min_length=1)
    product_id: int = Field(6020, gt=0)
    wallet_fen: int = Field(100_000_000, ge=0)
