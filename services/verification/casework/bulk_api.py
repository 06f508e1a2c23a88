"""The JSON API for several cases at once: the same acts as the desk's lists with ticks."""

from dataclasses import dataclass
from functools import partial

from services.verification.casework import bulk_bodies
from services.verification.casework.acts import bulk
from services.verification.casework.acts.bulk import Answered
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import SUPERVISORS, WORKERS
from services.verification.casework.fields import VERDICT_LIMIT
from services.verification.casework.work_views import Assigned
from shared.db import Database
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint


@dataclass(frozen=True)
class BulkApi:
    """`/api/v1/bulk`."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """Who leads them, one answer for all, and that they are one event."""
        return [
            Endpoint("POST", "/api/v1/bulk/assign", self.assign,
                     "Say who leads several cases: all of them, or none", SUPERVISORS,
                     body=bulk_bodies.BulkLeadBody, repeat="header", answers={201: Assigned}),
            Endpoint("POST", "/api/v1/bulk/answer", self.answer,
                     "Answer several low ratings without a word or a phone alike: each for itself",
                     WORKERS, body=bulk_bodies.BulkAnswerBody, repeat="header",
                     limit=VERDICT_LIMIT, answers={201: Answered}),
            Endpoint("POST", "/api/v1/bulk/merge", self.merge,
                     "Ask that several cases be one incident with one of them: each for itself",
                     WORKERS, body=bulk_bodies.BulkMergeBody, repeat="header",
                     answers={201: Answered}),
        ]  # fmt: skip

    async def assign(self, call: Call[bulk_bodies.BulkLeadBody, None]) -> Assigned:
        """How many."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(bulk.assign, conn, self.desk, call.operator, call.body)
            return Assigned(done=await repeats.once(conn, call, int, doing))

    async def answer(self, call: Call[bulk_bodies.BulkAnswerBody, None]) -> Answered:
        """How many, and which not, with the reason."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(bulk.answer, conn, self.desk, call.operator, call.body)
            return await repeats.once(conn, call, Answered, doing)

    async def merge(self, call: Call[bulk_bodies.BulkMergeBody, None]) -> Answered:
        """For how many it was asked, and for which not, with the reason."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(bulk.merge, conn, self.desk, call.operator, call.body)
            return await repeats.once(conn, call, Answered, doing)
