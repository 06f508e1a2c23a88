"""What became of a submission, told to whoever holds its receipt."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.accept import receipts
from services.intake.accept.receipts import base64url
from services.intake.accept.store import submissions, units
from services.intake.accept.store.submissions import Stored
from services.intake.accept.views import PhoneUse, phone_use
from services.intake.follow import store as timeline
from services.intake.follow import story, views
from services.intake.follow.story import Entry, Line
from shared.db import Database
from shared.errors import NotFound
from shared.events import Language
from shared.patience import within
from shared.values import clock, phone
from shared.values.money import yuan
from shared.values.seal import Seal
from shared.web.texts import Texts, texts

PATIENCE = 3.0


@dataclass(frozen=True)
class Status:
    """Reads the story behind a receipt."""

    database: Database
    seal: Seal

    async def of(self, typed: str, lang: Language) -> views.Account:
        """The account behind a receipt code, however it was typed. NotFound, Unavailable."""
        bare = receipts.normalise(typed)
        if bare is None:
            raise NotFound("refused.no_receipt")
        return await within(PATIENCE, self._read(receipts.hash_of(bare), texts(lang)))

    async def _read(self, receipt_hash: bytes, words: Texts) -> views.Account:
        async with self.database.acquire() as conn:
            facts = await submissions.get_by_receipt(conn, receipt_hash)
            if facts is None:
                raise NotFound("refused.no_receipt")
            unit = await units.get(conn, facts.unit_code)
            entries = await timeline.list_of(conn, facts.id)
            sealed = await submissions.get_phone(conn, facts.id) if facts.phone_index else None
        # Until the directory has named the unit, its code stands for the name.
        unit_name = unit.name if unit else facts.unit_code
        return self._account(facts, unit_name, entries, self._phone(facts, sealed, words), words)

    def _phone(self, facts: Stored, sealed: str | None, words: Texts) -> PhoneUse | None:
        use = phone.use_sealed(self.seal, sealed, facts.id) if sealed else None
        return phone_use(use, facts.kind, words) if use else None

    def _account(
        self,
        facts: Stored,
        unit_name: str,
        entries: list[Entry],
        left: PhoneUse | None,
        words: Texts,
    ) -> views.Account:
        verdict = story.verdict(entries)
        sealed = verdict.details["answer_sealed"] if verdict else None
        lines = story.story(
            facts.received_at, entries, clock.now(), phone=facts.phone_index is not None
        )
        return views.Account(
            submission_id=facts.id,
            kind=facts.kind,
            unit=views.Unit(code=facts.unit_code, name=unit_name, counter=facts.counter),
            received_at=facts.received_at,
            phone=left,
            verdict=verdict.details["verdict"] if verdict else None,
            answer=self.seal.open(sealed, f"answer:{facts.id}") if sealed else None,
            timeline=[_tell(line, words) for line in lines],
            proof=_proof(facts),
        )


def _proof(facts: Stored) -> views.Proof:
    return views.Proof(
        key_id=facts.key_id,
        signed=receipts.statement(facts),
        signature=base64url(facts.signature),
    )


def _tell(line: Line, words: Texts) -> views.Line:
    values = {name: _word(name, value, words) for name, value in line.values.items()}
    return views.Line(
        at=line.at,
        step=line.text.removeprefix("line_"),
        text=words.text(line.text, **values),
        waiting=line.waiting,
        late=line.late,
    )


def _word(name: str, value: object, words: Texts) -> object:
    match name, value:
        case "verdict", str():
            return words.text(f"verdict_{value}")
        case "yuan", int():
            return yuan(value)
        case _, datetime():
            return words.due(value)
    return value
