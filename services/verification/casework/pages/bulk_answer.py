"""One answer for many bare low ratings: a verdict each, and what could not be answered listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from services.verification.casework import rows
from services.verification.casework.acts import bulk
from services.verification.casework.acts.bulk import Answered
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import WORKERS
from services.verification.casework.bulk_bodies import BulkAnswerBody
from services.verification.casework.fields import VERDICT_LIMIT
from services.verification.casework.pages.bulk import list_ticked, unit_of
from services.verification.casework.rules import verdicts
from services.verification.casework.rules.verdicts import Past
from services.verification.casework.store.lists import Wanted
from shared.access import Operator
from shared.db import Database
from shared.errors import Refused
from shared.events import Verdict
from shared.values import clock
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page

ADDRESS = "/desk/bulk/answer"
VERDICTS: tuple[Verdict, ...] = get_args(BulkAnswerBody.model_fields["verdict"].annotation)


@dataclass(frozen=True)
class BulkAnswerPages:
    """`/desk/bulk/answer`: the most pressing of them, perhaps of one unit."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The list and its form."""
        return [
            Endpoint("GET", ADDRESS, self.show, "Low ratings without a word or a phone", WORKERS),
            Endpoint("POST", ADDRESS, self.send, "Answer several of them alike", WORKERS,
                     body=BulkAnswerBody, form=True, again=self.again, csrf="token",
                     repeat="form", limit=VERDICT_LIMIT),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The list; what is ticked was ticked before."""
        return await self._page(call, call.asked("unit"), call.asked_all("ids"))

    async def send(self, call: Call[BulkAnswerBody, None]) -> Page:
        """What was answered and what was not, above what is left of the list."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(bulk.answer, conn, self.desk, call.operator, call.body)
            done = await repeats.once(conn, call, Answered, doing)
        return await self._page(call, call.body.unit or "", (), done=done)

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The list with what was ticked and typed."""
        unit, ticked = call.fields.one("unit"), call.fields.all("ids")
        return await self._page(call, unit, ticked, call.fields, refused)

    async def _page(
        self,
        call: Call[Any, Any],
        unit: str,
        ticked: Sequence[str],
        typed: Fields = NONE,
        refused: Refused | None = None,
        done: Answered | None = None,
    ) -> Page:
        known, operator = unit_of(unit), call.operator
        wanted = Wanted(units=[known] if known else None, bare=True)
        async with self.database.transaction(as_=operator) as conn:
            found = await list_ticked(conn, operator, wanted, ticked)
            shown = await rows.load(conn, self.desk, operator, found, clock.now())
        there = {str(case.case_id) for case in found}
        values = {
            "rows": shown,
            "ticked": ticked,
            "others": sum(one.partition(".")[0] not in there for one in ticked),
            "unit": known or "",
            "verdicts": VERDICTS,
            "waiting": self._waiting(operator),
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
            "done": done,
        }
        return Page("bulk_answer.html", values, refused=refused)

    def _waiting(self, operator: Operator) -> list[Verdict]:
        """The verdicts that take effect only when the level above has confirmed them."""
        rule = self.desk.policies.at(clock.now()).verification
        return [
            one
            for one in VERDICTS
            if verdicts.must_wait(one, operator.role, Past(), rule, joins=False)
        ]
