"""What scoring answers with about sanctions and numbered documents."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.scoring.rules.sanctions import Rule, State
from services.scoring.score_views import CaseShown
from services.scoring.store.papers import Kind


class SanctionShown(BaseModel):
    """A proposal, and what became of it."""

    sanction_id: UUID
    rule: Rule
    badge: str | None
    unit_code: str
    period: str | None
    state: State
    case_ids: list[UUID]
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None = Field(description="why it was declined, or the remark when it was signed")
    withdrawn_at: datetime | None
    year: int | None
    number: int | None


class Sanctions(BaseModel):
    """A page of them, the newest first; `next` asks for the page after it."""

    sanctions: list[SanctionShown]
    next: str | None


class SanctionTold(SanctionShown):
    """One of them, with the words of its rule and the cases that it counts."""

    phrase: str
    cases: list[CaseShown]


class PaperShown(BaseModel):
    """A numbered document, in force unless it was withdrawn."""

    kind: Kind
    year: int
    number: int
    ref: str
    unit_code: str
    unit_name: str
    badge: str | None
    officer: str | None
    case_ids: list[UUID]
    signed_by: str | None
    remark: str | None = Field(description="of whoever signed it; it stands in the document, too")
    issued_at: datetime
    withdrawn_at: datetime | None
    read_at: datetime | None = Field(description="when somebody for whom it is said they read it")


class Papers(BaseModel):
    """A page of a kind's documents, the newest first; `next` asks for the page after it."""

    papers: list[PaperShown]
    next: str | None


class PaperTold(PaperShown):
    """One of them, with its text and its cases."""

    title: str
    body: list[str]
    phrase: str
    cases: list[CaseShown]
