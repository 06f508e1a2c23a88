"""The JSON API of casework: cases, and what is done to them."""

from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from services.verification.casework import bodies, held, listing, queries, views
from services.verification.casework.acts import (
    asking,
    callbacks,
    judging,
    phones,
    recusals,
    reviews,
)
from services.verification.casework.acts import holds as hold_acts
from services.verification.casework.acts.desk import Act, Desk
from services.verification.casework.bulk_bodies import HoldBody
from services.verification.casework.details import load_detail
from services.verification.casework.fields import VERDICT_LIMIT
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import cases, figures
from services.verification.directory.store import units
from shared import access
from shared.access import Operator
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.events import AnswerHeard, CallbackLogged
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff, statistics

READERS = staff(access.CASE_READERS)
WORKERS = staff(access.CASE_WORKERS)
SUPERVISORS = staff(access.SUPERVISORS)
B = TypeVar("B")
R = TypeVar("R")
CASE = "/api/v1/cases/{case_id}"
HOLDS = "/api/v1/holds"


@dataclass(frozen=True)
class Api:
    """The handlers."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        act = partial(Endpoint, "POST", params={"case_id": UUID}, repeat="header")
        return [
            statistics(self.figures, "Counts of cases and verdicts", views.Figures),
            Endpoint(
                "GET", "/api/v1/cases", self.list_cases,
                "The cases below the operator's place, the most pressing first", READERS,
                query=queries.ListQuery, answers={200: views.Listing},
            ),
            Endpoint(
                "GET", CASE, self.get_case, "One case with its time line", READERS,
                params={"case_id": UUID}, answers={200: views.Detail},
            ),
            act(f"{CASE}/callbacks", self.log_callback, "Record a call to the citizen", WORKERS,
                body=bodies.CallbackBody, answers={201: CallbackLogged}),
            act(f"{CASE}/verdicts", self.submit_verdict, "Record a verdict", WORKERS,
                body=bodies.VerdictBody, answers={201: views.Detail},
                limit=VERDICT_LIMIT),
            act(f"{CASE}/reviews", self.review, "Confirm or return a verdict", SUPERVISORS,
                body=bodies.ReviewBody, answers={201: views.Detail}),
            act(f"{CASE}/corrections", self.correct,
                "A reviewer's own verdict in place of the one that they looked at", SUPERVISORS,
                body=bodies.CorrectionBody, answers={201: views.Detail},
                limit=VERDICT_LIMIT),
            act(f"{CASE}/phone-reveals", self.reveal_phone,
                "The citizen's phone in clear, for a reason that stays on the time line;"
                " the reason is asked for once a day", WORKERS,
                body=bodies.RevealBody, answers={201: views.PhoneShown}),
            act(f"{CASE}/questions", self.ask,
                "What the citizen answered by phone: solved, satisfied with the handling", WORKERS,
                body=bodies.QuestionsBody, answers={201: AnswerHeard}),
            act(f"{CASE}/recusals", self.recuse,
                "Keep the case from an officer, a level higher; or say that it is not about them",
                WORKERS, body=bodies.RecusalBody, answers={201: recusals.Recused}),
            Endpoint(
                "GET", HOLDS, self.list_holds, "Submissions that wait for a person", SUPERVISORS,
                query=queries.HoldQuery, answers={200: held.Holds},
            ),
            Endpoint(
                "POST", f"{HOLDS}/decisions", self.decide_holds,
                "Release held submissions, or set them aside", SUPERVISORS, body=HoldBody,
                repeat="header", answers={201: hold_acts.HoldsEnded},
            ),
        ]  # fmt: skip

    async def figures(self, _: Call[None, None]) -> views.Figures:
        """Verification's part of the statistics."""
        zone = self.desk.policies.editions[-1].timezone
        async with self.database.acquire() as conn:
            return views.Figures(**await figures.get_figures(conn, zone))

    async def list_cases(self, call: Call[None, queries.ListQuery]) -> views.Listing:
        """A page of cases."""
        async with self.database.reading(as_=call.operator) as conn:
            page = await listing.list_page(conn, call.operator, call.query)
            names = await units.list_names(conn, [c.unit_code for c in page.cases])
        shown = [views.summary(c, self.desk.seal, names.get(c.unit_code)) for c in page.cases]
        return views.Listing(items=shown, cursor=page.cursor)

    async def get_case(self, call: Call[None, None]) -> views.Detail:
        """One case."""
        async with self.database.reading(as_=call.operator) as conn:
            return await self._shown(conn, call.operator, call.params["case_id"])

    async def log_callback(self, call: Call[bodies.CallbackBody, None]) -> CallbackLogged:
        """The attempt as it was recorded."""
        return await self._do(CallbackLogged, callbacks.log_callback, call)

    async def submit_verdict(self, call: Call[bodies.VerdictBody, None]) -> views.Detail:
        """The case as it then is."""
        return await self._do_and_show(judging.submit_verdict, call)

    async def review(self, call: Call[bodies.ReviewBody, None]) -> views.Detail:
        """The case as it then is."""
        return await self._do_and_show(reviews.review, call)

    async def correct(self, call: Call[bodies.CorrectionBody, None]) -> views.Detail:
        """The case as it then is."""
        return await self._do_and_show(reviews.correct, call)

    async def reveal_phone(self, call: Call[bodies.RevealBody, None]) -> views.PhoneShown:
        """The phone."""
        return views.PhoneShown(phone=await self._do(str, phones.reveal_phone, call))

    async def ask(self, call: Call[bodies.QuestionsBody, None]) -> AnswerHeard:
        """What was heard, as the others are told."""
        return await self._do(AnswerHeard, asking.ask, call)

    async def recuse(self, call: Call[bodies.RecusalBody, None]) -> recusals.Recused:
        """Whether it is a level higher, and still the caller's."""
        return await self._do(recusals.Recused, recusals.change, call)

    async def list_holds(self, call: Call[None, queries.HoldQuery]) -> held.Holds:
        """The most pressing first, as many as a page shows."""
        async with self.database.reading(as_=call.operator) as conn:
            return await held.load(conn, self.desk.seal, call.query)

    async def decide_holds(self, call: Call[HoldBody, None]) -> hold_acts.HoldsEnded:
        """How many were decided."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(hold_acts.decide, conn, self.desk, call.operator, call.body)
            return await repeats.once(conn, call, hold_acts.HoldsEnded, doing)

    async def _do(self, kind: type[R], act: Act[B, R], call: Call[B, None]) -> R:
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(act, conn, self.desk, call.operator, call.params["case_id"], call.body)
            return await repeats.once(conn, call, kind, doing)

    async def _do_and_show(self, act: Act[B, Any], call: Call[B, None]) -> views.Detail:
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._act_and_show, conn, act, call)
            return await repeats.once(conn, call, views.Detail, doing)

    async def _act_and_show(
        self, conn: Connection, act: Act[B, Any], call: Call[B, None]
    ) -> views.Detail:
        operator, case_id = call.operator, call.params["case_id"]
        await act(conn, self.desk, operator, case_id, call.body)
        return await self._shown(conn, operator, case_id)

    async def _shown(self, conn: Connection, operator: Operator, case_id: UUID) -> views.Detail:
        case = await find_case(conn, operator, case_id)
        return await load_detail(conn, case, self.desk)


async def find_case(conn: Connection, operator: Operator, case_id: UUID) -> Case:
    """A case of this operator's. NotFound also for one that they may not see."""
    case = await cases.get_case(conn, operator, case_id)
    if case is None:
        raise NotFound("refused.no_case")
    return case
