"""The desk, for the chains: some of what is handed in becomes a case, and some get an answer."""

import asyncio
from itertools import count
from uuid import UUID

from shared.events import Envelope
from tests.integration.intake_holder import Holder
from tests.integration.intake_site import Site

# Whoever hands something in is told of; nobody else listens here.
TAKEN = "DELETE FROM outbox WHERE type = 'submission.received.v1' RETURNING body"
PAUSE = 0.2
# Of so many submissions one is left alone, one is opened, and the others are answered, too.
EACH = 4


async def work(intake: Site) -> None:
    """Until it is cancelled."""
    turns = count()
    while True:
        for row in await intake.fetch(TAKEN):
            said = Envelope.model_validate_json(row["body"]).data
            turn = next(turns)
            if said["kind"] != "rating" and turn % EACH:
                case = Holder(intake, "", UUID(said["submission_id"]))
                await case.opened()
                if turn % EACH > 1:
                    await case.answered()
        await asyncio.sleep(PAUSE)
