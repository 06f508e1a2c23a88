"""What rewards answers with about its books: runs of statements, the ledger, closed months."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.rewards.rules.reconciling import Kind
from services.rewards.views import Note

Cursor = Annotated[int, Field(ge=0, lt=2**63)] | None


class RunQuery(BaseModel):
    """`cursor`: the `next` of the page before."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    vendor: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")] = ""
    show: Literal["all", "differing", "clean"] = "all"
    cursor: Cursor = None


class RunShown(BaseModel):
    """A statement that was laid beside the ledger; what the vendor does not say is null."""

    run_id: int
    vendor: str
    day: date
    source: Literal["file", "vendor"]
    actor: str
    rows: int
    opening_fen: int | None
    paid_fen: int
    refunded_fen: int
    topped_up_fen: int
    closing_fen: int | None
    differences: int
    unknown: int = Field(description="orders of the vendor's that we never made")
    made_at: datetime
    stopped: bool = Field(description="no order leaves for the vendor because of it")


class StopShown(BaseModel):
    """A vendor for which no order leaves, and the run that showed why."""

    run_id: int
    vendor: str
    stopped_at: datetime


class LackShown(BaseModel):
    """A day of a vendor's that has no statement yet, and what its vendor had to say of it."""

    vendor: str
    day: date
    said: Literal["none", "unreadable", "upload"]


class Runs(BaseModel):
    """A page of runs, newest first, all stops that stand, and the days that lack a statement."""

    runs: list[RunShown]
    stops: list[StopShown]
    lacking: list[LackShown]
    next: str | None


class DifferenceShown(BaseModel):
    """What the vendor and we say differently; `outcome_now` is of our order today."""

    number: int
    kind: Kind
    order_id: str
    reward_id: UUID | None
    facts: dict[str, str | int | None]
    outcome_now: str | None


class LiftShown(BaseModel):
    """Who said that orders may leave again, and on which later run's strength."""

    username: str
    note: str
    clean_run: int | None
    made_at: datetime


class RunTold(RunShown):
    """One of them, with what differs."""

    found: list[DifferenceShown]
    lifts: list[LiftShown]


class StatementBody(BaseModel):
    """POST a vendor's file: whose it is, and its day where it has no row to tell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]+$")]
    day: date | None = None


class LedgerQuery(BaseModel):
    """`cursor`: the `next` of the page before."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cursor: Cursor = None


class EntryShown(BaseModel):
    """A line of a posting; debits are positive."""

    account: str
    vendor: str
    order_id: str
    fen: int


class PostingShown(BaseModel):
    """What was booked at once."""

    posting_no: int
    step: str
    reward_id: UUID | None
    month: date
    for_month: date | None = Field(description="the closed month in which it would have stood")
    reverses: int | None
    refers_to: int | None
    reversed_by: int | None
    actor: str
    note: str | None
    booked_at: datetime
    entries: list[EntryShown]


class BalanceShown(BaseModel):
    """What stands in an account now."""

    account: str
    vendor: str
    fen: int


class Ledger(BaseModel):
    """The accounts, and a page of postings, newest first."""

    balances: list[BalanceShown]
    postings: list[PostingShown]
    next: str | None


class TopUp(Note):
    """Money that was paid into a vendor's wallet on a day."""

    vendor: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]+$")]
    yuan: Annotated[str, Field(max_length=20)]
    day: date


class VendorMonth(BaseModel):
    """A vendor's month in fen: opening + topped up - paid + reversed + other = closing."""

    vendor: str
    opening_fen: int
    topped_up_fen: int
    paid_fen: int
    reversed_fen: int
    written_off_fen: int = Field(description="orders that two people declared not carried out")
    suspense_fen: int = Field(description="orders whose fate was open at the month's end")
    closing_fen: int


class CloseShown(BaseModel):
    """A month that somebody has closed."""

    month: date
    year: int
    number: int
    ref: str
    signed_by: str
    signer: str
    closed_at: datetime
    digest: str
    key_id: str | None = Field(description="whose signature it bears; none before there were keys")
    signature: str | None = Field(description="base64, over the file's text")


class Closes(BaseModel):
    """All of them, the newest first; `open_month` is the one that may be closed next."""

    closes: list[CloseShown]
    open_month: date | None
    due: bool = Field(description="it is over, so it can be closed now")


class CloseTold(CloseShown):
    """One, with its sums."""

    vendors: list[VendorMonth]
    owed_fen: int


class CloseBody(BaseModel):
    """POST a close: which month is signed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    month: date
