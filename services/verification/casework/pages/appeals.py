"""An officer's own marks, and the appeal against one; of the case nothing else is theirs to see."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.verification.casework.acts import appeals
from services.verification.casework.acts.appeals import Answered, Own
from services.verification.casework.acts.desk import Desk
from services.verification.casework.api import WORKERS
from services.verification.casework.bodies import OwnAppealBody
from services.verification.casework.store.requests import Appealed
from services.verification.casework.work_views import (
    AppealAnswered,
    Appeals,
    AppealShown,
    OwnMark,
)
from services.verification.directory.store import units
from shared.db import Database
from shared.errors import Refused
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

ADDRESS = "/desk/appeals"
API = "/api/v1/appeals"


class Filed(BaseModel):
    """The appeal's id."""

    request_id: UUID


@dataclass(frozen=True)
class AppealPages:
    """`/desk/appeals`."""

    database: Database
    desk: Desk

    def endpoints(self) -> list[Endpoint]:
        """The list with its forms, and the same for programs."""
        return [
            Endpoint("GET", ADDRESS, self.show, "One's own marks, and appeals against them",
                     WORKERS),
            Endpoint("POST", ADDRESS, self.send, "Appeal against a mark of one's own", WORKERS,
                     body=OwnAppealBody, form=True, again=self.again, csrf="token",
                     repeat="form"),
            Endpoint("GET", API, self.list_own, "One's own marks, and appeals against them",
                     WORKERS, answers={200: Appeals}),
            Endpoint("POST", API, self.file, "Appeal against a mark of one's own", WORKERS,
                     body=OwnAppealBody, repeat="header", answers={201: Filed}),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """Those in force, the newest first."""
        return await self._page(call)

    async def send(self, call: Call[OwnAppealBody, None]) -> See:
        """Once; back to the list, which tells."""
        await self._file(call)
        return See(f"{ADDRESS}?done=appeal")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The page with what was typed, and why it was not taken."""
        return await self._page(call, call.fields, refused)

    async def list_own(self, call: Call[None, None]) -> Appeals:
        """The same as the page."""
        async with self.database.reading(as_=call.operator) as conn:
            own = await appeals.list_own(conn, self.desk, call.operator)
            heard = await appeals.list_answered(conn, self.desk, call.operator)
        return Appeals(items=[_shown(one) for one in own], answered=[_said(one) for one in heard])

    async def file(self, call: Call[OwnAppealBody, None]) -> Filed:
        """Once."""
        return Filed(request_id=UUID(await self._file(call)))

    async def _file(self, call: Call[OwnAppealBody, None]) -> str:
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(appeals.appeal_own, conn, self.desk, call.operator, call.body)
            return await repeats.once(conn, call, str, doing)

    async def _page(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            own = await appeals.list_own(conn, self.desk, call.operator)
            heard = await appeals.list_answered(conn, self.desk, call.operator)
            names = await units.list_names(conn, [one.marked.unit_code for one in own])
        values = {
            "own": own,
            "heard": heard,
            "names": names,
            "called": self._called,
            "done": "appeal" if call.asked("done") == "appeal" else "",
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("appeals.html", values, refused=refused)

    def _called(self, one: Own, language: str) -> list[str]:
        """What it was about."""
        known = self.desk.policies.at(one.marked.received_at).categories
        return [each.called(language) for each in known if each.key in one.marked.categories]


def _shown(one: Own) -> OwnMark:
    mark = one.marked
    return OwnMark(
        case_id=mark.case_id,
        number=mark.number,
        unit_code=mark.unit_code,
        verdict=mark.verdict,
        categories=list(mark.categories),
        received_at=mark.received_at,
        verified_at=mark.final_at,
        appealable_until=one.until,
        appealable=one.may,
        appeals=[AppealShown(**_ended(asked)) for asked in one.appeals],
    )


def _said(one: Answered) -> AppealAnswered:
    appeal = one.appeal
    told = {"case_id": appeal.case_id, "number": appeal.number, "word": one.word}
    return AppealAnswered(**_ended(appeal) | told)


def _ended(asked: Appealed) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in AppealShown.model_fields}
