"""What taking in answers with."""

from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events import Kind
from shared.values import phone
from shared.web.texts import Texts


class Proof(BaseModel):
    """What we state of a submission, and the signed file with which anybody checks that we did."""

    statement: str = Field(description="canonical JSON (RFC 8785)")
    file: str = Field(description="C2SP tlog-proof; the first receipts' own format before")


class SignedReceipt(BaseModel):
    """The code that only the citizen has, and the proof that we took it in."""

    code: str
    url: str
    proof: Proof


class PhoneUse(BaseModel):
    """What the phone that was left is good for, said before anything is promised."""

    model_config = ConfigDict(frozen=True)

    kind: phone.Kind
    callback: bool = Field(default=True, description="it will be called")
    sms: bool = Field(description="it gets our SMS")
    airtime: bool = Field(description="it can get the reward of a substantiated complaint")
    note: str | None = Field(description="what it cannot get, in the caller's language")


@lru_cache(64)
def phone_use(use: phone.Use, kind: Kind, words: Texts, rewarded: bool) -> PhoneUse:
    """Only complaints get SMS and rewards, so only they are told what cannot arrive."""
    told = kind == "complaint" and not (use.airtime if rewarded else use.sms)
    said = f"phone_note_{use.kind}" if rewarded else "phone_note_no_sms"
    note = words.text(said) if told else None
    return PhoneUse(kind=use.kind, sms=use.sms, airtime=use.airtime, note=note)


class Accepted(BaseModel):
    """A stored submission; a repetition gets the same answer to the letter."""

    submission_id: UUID
    kind: Kind
    received_at: datetime
    phone: PhoneUse | None = Field(description="absent where no phone was left")
    receipt: SignedReceipt


class Added(BaseModel):
    """What was added to a submission; `number` counts its additions from 1."""

    addition_id: UUID
    number: int
    added_at: datetime


class ReceiptKey(BaseModel):
    """A public key, 32 bytes as base64url; name and id are what receipts call it by."""

    key_id: str
    name: str
    algorithm: Literal["Ed25519"] = "Ed25519"
    public_key: str
    verifier_key: str = Field(description="all of it in a line, as C2SP signed-note writes it")


class ReceiptKeys(BaseModel):
    """The public keys with which anybody checks a receipt, the newest first; old ones stay."""

    keys: list[ReceiptKey]


class Figures(BaseModel):
    """How many submissions were ever received."""

    received: int
    complaints: int
    requests: int
    ratings: int
