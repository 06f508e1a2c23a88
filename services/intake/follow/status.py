"""What became of a submission, told to whoever holds its receipt: no words, no phone."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.accept import receipts
from services.intake.accept.store import submissions, units
from services.intake.accept.store.submissions import Stored
from services.intake.follow import store as timeline
from services.intake.follow import story
from services.intake.follow.story import Entry, Line
from shared.db import Database
from shared.errors import NotFound
from shared.events import Language
from shared.values import clock
from shared.values.money import yuan
from shared.values.seal import Seal
from shared.web.pages import Pages, when


class UnknownReceipt(NotFound):
    """No submission has this receipt."""

    def __init__(self) -> None:
        super().__init__("No submission has this receipt; check the 16 characters.")


@dataclass(frozen=True)
class Told:
    """A line of the story in one language; `step` is its stable name for programs."""

    at: datetime
    step: str
    text: str
    waiting: bool
    late: bool


@dataclass(frozen=True)
class Account:
    """Everything the holder of a receipt may see."""

    facts: Stored
    unit_name: str
    lines: list[Told]
    verdict: str | None
    answer: str | None
    opened: bool


class Status:
    """Reads the story behind a receipt."""

    def __init__(self, database: Database, seal: Seal, pages: Pages) -> None:
        self._db, self._seal, self._pages = database, seal, pages

    async def of(self, typed: str, lang: Language) -> Account:
        """The account behind a receipt code, however it was typed. UnknownReceipt."""
        bare = receipts.normalise(typed)
        if bare is None:
            raise UnknownReceipt
        async with self._db.acquire() as conn:
            facts = await submissions.get_by_receipt(conn, receipts.hash_of(bare))
            if facts is None:
                raise UnknownReceipt
            unit = await units.get(conn, facts.unit_code)
            entries = await timeline.list_of(conn, facts.id)
        return self._account(facts, unit.name if unit else facts.unit_code, entries, lang)

    def _account(
        self, facts: Stored, unit_name: str, entries: list[Entry], lang: Language
    ) -> Account:
        lines = story.story(
            facts.received_at, entries, clock.now(), phone=facts.phone_index is not None
        )
        verdict = story.verdict(entries)
        sealed = verdict.details["answer_sealed"] if verdict else None
        return Account(
            facts=facts,
            unit_name=unit_name,
            lines=[self._tell(line, lang) for line in lines],
            verdict=verdict.details["verdict"] if verdict else None,
            answer=self._seal.open(sealed, f"answer:{facts.id}") if sealed else None,
            opened=story.latest(entries, "opened") is not None,
        )

    def _tell(self, line: Line, lang: Language) -> Told:
        values = {name: self._word(name, value, lang) for name, value in line.values.items()}
        text = self._pages.text(lang, line.text, **values)
        return Told(line.at, line.text.removeprefix("line_"), text, line.waiting, line.late)

    def _word(self, name: str, value: object, lang: Language) -> str:
        match name, value:
            case "verdict", str():
                return self._pages.text(lang, f"verdict_{value}")
            case "yuan", int():
                return yuan(value)
            case _, datetime():
                return when(value, lang)
        return str(value)
