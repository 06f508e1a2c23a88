"""What scoring answers with about an officer."""

from datetime import date

from pydantic import BaseModel, Field

from services.scoring.paper_views import PaperShown
from services.scoring.score_views import CaseShown
from services.scoring.views import Strikes


class Praise(BaseModel):
    """How many people praised an officer by name in a month."""

    month: date
    number: int


class OfficerRecord(Strikes):
    """All that is on record of an officer, with every case that it rests on."""

    cases: list[CaseShown] = Field(description="of the strikes, their ledger and what was cleared")
    documents: list[PaperShown]
    praise: list[Praise] = Field(description="of the last year, the newest month first")
