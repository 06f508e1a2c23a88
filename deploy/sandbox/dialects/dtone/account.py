"""The customer's account at DT One."""

from pydantic import BaseModel, ConfigDict, Field

NAME = "dtone"


class Account(BaseModel):
    """Log-in, the products that this customer may buy (`20.00=6020`), and the wallet."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(min_length=1)
    secret: str = Field(min_length=1)
    products: str = Field(
        "20.00=6020", pattern=r"^[0-9]+\.[0-9]{2}=[0-9]+(,[0-9]+\.[0-9]{2}=[0-9]+)*$"
    )
    wallet_fen: int = Field(100_000_000, ge=0)

    @property
    def face_values(self) -> dict[int, int]:
        """Fen of each product."""
        pairs = (pair.split("=") for pair in self.products.split(","))
        return {int(product): int(yuan.replace(".", "")) for yuan, product in pairs}
