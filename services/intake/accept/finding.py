"""From a typed receipt code to its submission, for who has the code, and for nobody who guesses.

A code is one of 2^80: with ten million receipts, a million guesses a second find one in four
thousand years. Whoever names codes that do not exist is put off all the same, for their network and
in all instances, long after a household would have found its mistake.
"""

from dataclasses import dataclass
from datetime import timedelta

from services.intake.abuse import store as counts
from services.intake.abuse.limits import Limit
from services.intake.accept import receipts
from services.intake.accept.store import submissions
from services.intake.accept.store.submissions import Stored
from shared.db import Connection
from shared.errors import NotFound, TooMany
from shared.values import clock
from shared.values.household import household
from shared.values.seal import Seal

WRONG_CODES = Limit("wrong_receipt_codes", 30, timedelta(minutes=10))


@dataclass(frozen=True)
class Finding:
    """Finds them; `seal` makes the blind index under which a network is counted."""

    seal: Seal

    async def find(self, conn: Connection, typed: str, caller: str) -> Stored:
        """What is stored behind a code, however it was typed. NotFound, TooMany.

        `conn` is in no transaction: what was refused would not be counted. What cannot be a code is
        no guess.
        """
        bare = receipts.normalise(typed)
        if bare is None:
            raise NotFound("refused.no_receipt")
        network = self.seal.index(f"network:{household(caller)}")
        counted = await counts.look(conn, WRONG_CODES, network)
        if counted.used_up:
            raise TooMany("refused.too_many_codes", counted.after(clock.now()))
        facts = await submissions.get_by_receipt(conn, receipts.hash_of(bare))
        if facts is None:
            await counts.count(conn, WRONG_CODES, network)
            raise NotFound("refused.no_receipt")
        return facts
