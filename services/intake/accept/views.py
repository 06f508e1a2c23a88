"""What taking in answers with."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from shared.events import Kind


class SignedReceipt(BaseModel):
    """The code that only the citizen has, and our signed statement that we took it in."""

    code: str
    url: str
    key_id: str
    signed: str
    signature: str


class Accepted(BaseModel):
    """A stored submission; a repetition gets the same answer to the letter."""

    submission_id: UUID
    kind: Kind
    received_at: datetime
    receipt: SignedReceipt


class ReceiptKey(BaseModel):
    """A public key, 32 bytes as base64url, and the name that receipts call it by."""

    key_id: str
    algorithm: Literal["Ed25519"] = "Ed25519"
    public_key: str


class ReceiptKeys(BaseModel):
    """The public keys with which anybody checks a receipt's signature."""

    keys: list[ReceiptKey]


class Figures(BaseModel):
    """How many submissions were ever received."""

    received: int
    complaints: int
    requests: int
    ratings: int
