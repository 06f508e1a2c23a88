"""What scoring answers with about an officer, and the rows of it that are taken away."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from pydantic import BaseModel, Field

from services.scoring.paper_views import PaperShown
from services.scoring.score_views import CaseShown
from services.scoring.telling import Teller
from services.scoring.views import Mark, Strikes, StrikeShown
from shared.web.exports import written_at
from shared.web.texts import texts

COLUMNS = (
    "field_officer", "changed", "paper_kind", "year", "strike_number", "case", "strike_found",
    "paper_number", "paper_state",
)  # fmt: skip


class Praise(BaseModel):
    """How many people praised an officer by name in a month."""

    month: date
    number: int


class OfficerRecord(Strikes):
    """All that is on record of an officer, with every case that it rests on."""

    cases: list[CaseShown] = Field(description="of the strikes, their ledger and what was cleared")
    documents: list[PaperShown]
    praise: list[Praise] = Field(description="of the last year, the newest month first")


class _Row(NamedTuple):
    at: datetime
    kind: str
    year: int
    number: int | None = None
    case: str = ""
    found: str = ""
    ref: str = ""
    state: str = ""


def recorded(record: OfficerRecord, teller: Teller) -> list[tuple[object, ...]]:
    """A row for every mark and every document, the newest first, in the order of COLUMNS."""
    rows = [*_marks(record, teller), *_papers(record, teller)]
    rows.sort(key=lambda row: row.at, reverse=True)
    return [(record.badge, written_at(at), *rest) for at, *rest in rows]


def _marks(record: OfficerRecord, teller: Teller) -> Iterator[_Row]:
    cases = {one.case_id: one for one in record.cases}
    strikes = {own: one for one in record.strikes for own in one.case_ids}
    words = texts(teller.language)
    for mark in record.ledger:
        case, strike = cases.get(mark.case_id), _of(mark, strikes.get(mark.case_id))
        yield _Row(
            at=mark.changed_at,
            kind=words.text("strike_set" if mark.delta > 0 else "strike_taken_back"),
            year=mark.year,
            number=strike.number if strike else None,
            case=case.number if case else "",
            found=teller.found(case) if case else "",
            state=_state(strike, teller) if strike else "",
        )


def _of(mark: Mark, strike: StrikeShown | None) -> StrikeShown | None:
    """The strike that a mark stands for, unless it took one back."""
    return strike if mark.delta > 0 else None


def _state(strike: StrikeShown, teller: Teller) -> str:
    words = texts(teller.language)
    if strike.appealed:
        return words.text("strike_appealed")
    if strike.provisional_until:
        return f"{words.text('strike_provisional')} {words.due(strike.provisional_until)}"
    return words.text("strike_stands")


def _papers(record: OfficerRecord, teller: Teller) -> Iterator[_Row]:
    cases = {one.case_id: one for one in record.cases}
    words = texts(teller.language)
    for one in record.documents:
        about = [cases[own] for own in one.case_ids if own in cases]
        yield _Row(
            at=one.issued_at,
            kind=words.text(f"paper_{one.kind}"),
            year=one.year,
            case=" ".join(case.number for case in about if case.number),
            found=words.text("comma").join(dict.fromkeys(teller.found(case) for case in about)),
            ref=one.ref,
            state=words.text("paper_withdrawn", on=words.when(one.withdrawn_at))
            if one.withdrawn_at
            else words.text("paper_stands"),
        )
