"""From a typed receipt code to its submission, for who has the code, and for nobody who guesses.

A code is one of 2^80: with ten million receipts, a million guesses a second find one in four
thousand years. Whoever names codes that do not exist is put off all the same, for their network and
in all instances, long after a household would have found its mistake. A browser that has seen a
genuine receipt counts for itself: nobody's neighbour can lock them out.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.intake.abuse import store as counts
from services.intake.abuse.limits import Limit
from services.intake.accept import receipts
from services.intake.accept.browsers import Browsers
from services.intake.accept.store import submissions
from services.intake.accept.store.submissions import Stored
from shared.db import Connection
from shared.errors import NotFound, TooMany
from shared.values import clock
from shared.values.household import household
from shared.values.seal import Seal
from shared.web.endpoints import Call

WRONG_CODES = Limit("wrong_receipt_codes", 30, timedelta(minutes=10))


@dataclass(frozen=True)
class Finding:
    """Finds them; `seal` makes the blind index under which a network is counted."""

    seal: Seal
    browsers: Browsers

    async def find(self, conn: Connection, call: Call[Any, Any]) -> Stored:
        """What is stored behind the call's `receipt`, however it was typed. NotFound, TooMany.

        `conn` is in no transaction: what was refused would not be counted. What cannot be a code is
        no guess.
        """
        bare = receipts.normalise(call.params["receipt"])
        if bare is None:
            raise NotFound("refused.no_receipt")
        who = self._who(call)
        counted = await counts.look(conn, WRONG_CODES, who)
        if counted.used_up:
            raise TooMany("refused.too_many_codes", counted.after(clock.now()))
        facts = await submissions.get_by_receipt(conn, receipts.hash_of(bare))
        if facts is None:
            await counts.count(conn, WRONG_CODES, who)
            raise NotFound("refused.no_receipt")
        return facts

    def _who(self, call: Call[Any, Any]) -> str:
        if known := self.browsers.known(call):
            return self.seal.index(f"browser:{known}")
        return self.seal.index(f"network:{household(call.remote)}")
