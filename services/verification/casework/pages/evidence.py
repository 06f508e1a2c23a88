"""Adding evidence to a case: photos and a recording, and what they show."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.verification.casework import bodies
from services.verification.casework.acts import evidence as acts
from services.verification.casework.acts.desk import Desk
from services.verification.casework.acts.evidence import UPLOADS, Cleaning
from services.verification.casework.api import WORKERS, find_case
from services.verification.casework.pages.work import ADDRESS
from shared.db import Database
from shared.errors import Refused
from shared.files.decoder import VOICE_SECONDS
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint
from shared.web.forms import NONE, Fields
from shared.web.replies import Page, See

PATH = f"{ADDRESS}/evidence"


@dataclass(frozen=True)
class EvidencePage:
    """`/desk/cases/{id}/evidence`."""

    database: Database
    desk: Desk
    cleaning: Cleaning

    def endpoints(self) -> list[Endpoint]:
        """The form; files are opened for longer than a page usually takes."""
        return [
            Endpoint("GET", PATH, self.show, "Add evidence to a case", WORKERS,
                     params={"case_id": UUID}),
            Endpoint("POST", PATH, self.add, "Add photos and a recording to a case", WORKERS,
                     params={"case_id": UUID}, body=bodies.EvidenceBody, form=True,
                     again=self.again, csrf="token", repeat="form", uploads=UPLOADS),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """Nothing chosen yet."""
        return await self._page(call)

    async def add(self, call: Call[bodies.EvidenceBody, None]) -> See:
        """Back to the case, which shows them."""
        case_id, operator = call.params["case_id"], call.operator
        async with self.database.transaction(as_=operator) as conn:
            await find_case(conn, operator, case_id)
        names = await self.cleaning.take(case_id, call.files)
        async with self.database.transaction(as_=operator) as conn:
            doing = partial(acts.add, conn, self.desk, operator, case_id, names, call.body.about)
            await repeats.once(conn, call, int, doing)
        return See(f"/desk/cases/{case_id}?done=evidence#evidence")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """With what was typed; files have to be chosen again."""
        return await self._page(call, call.fields, refused, repeats.key_again(call, refused))

    async def _page(
        self,
        call: Call[Any, Any],
        typed: Fields = NONE,
        refused: Refused | None = None,
        key: str = "",
    ) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            case = await find_case(conn, call.operator, call.params["case_id"])
        values = {
            "case": case,
            "typed": typed,
            "key": key,
            "open": self.cleaning.storage is not None,
            "most": UPLOADS.fields["photos"],
            "seconds": VOICE_SECONDS,
        }
        return Page("evidence.html", values, refused=refused)
