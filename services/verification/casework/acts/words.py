"""A word to the citizen while the case is open; and the record of those that came too late."""

from uuid import UUID

from services.verification.casework.acts.desk import Desk, claim, note_action, tell
from services.verification.casework.fields import Body, Note
from services.verification.casework.rules import words as rules
from services.verification.casework.store import cases, words
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import Invalid, Wrong
from shared.events import WordGiven
from shared.observe import log
from shared.values import clock

_AT_ONCE = 500


class WordBody(Body):
    """POST /api/v1/cases/{id}/word: what the citizen reads on the receipt."""

    word: Note = ""


async def give(
    conn: Connection, desk: Desk, operator: Operator, case_id: UUID, body: WordBody
) -> str:
    """Say it: on the receipt, and by SMS that there is one. Conflict once there is an answer."""
    case, now = await claim(conn, operator, case_id), clock.now()
    rules.may_give(case)
    said = body.word.strip()
    if not said:
        raise Invalid(Wrong("word", "citizen_word_needed"))
    later = rules.given(case, desk.policy(case), now)
    number = later.words_given
    await cases.set_columns(conn, later, rules.COLUMNS)
    details = {"number": number, "owed": case.word_owed}
    await note_action(conn, desk, case, operator, "word", details, said)
    sealed = desk.seal.close(said, f"answer:{case.submission_id}:word:{number}")
    event = WordGiven.of(later, number=number, word_sealed=sealed, given_at=now)
    await tell(conn, case, lambda: event)
    log.get().info("word given", case_id=str(case_id), count=number)
    return str(number)


async def note_missed(database: Database) -> int:
    """Note every word that was due and not given, with its true time; how many there were."""
    async with database.transaction() as conn:
        count = await words.note_missed(conn, _AT_ONCE)
    if count:
        log.get().warning("words to citizens missed", count=count)
    return count
