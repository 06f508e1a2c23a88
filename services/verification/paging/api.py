"""The JSON API of the duty phone: a roster's program says who is paged next."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import BaseModel, Field

from services.verification.paging import acts, store
from services.verification.paging.acts import DutyPhoneBody
from services.verification.paging.pages import WORKERS
from shared.access import Operator
from shared.db import Connection, Database
from shared.values.seal import Seal
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint

ADDRESS = "/api/v1/duty-phone"


class DutyPhoneShown(BaseModel):
    """Which phone one's own place has on duty, masked."""

    place_code: str
    phone: str | None = Field(description="masked; null where nobody is paged")
    changed_by: str | None = Field(description="by name; null where nobody has ever said")
    changed_at: datetime | None


@dataclass(frozen=True)
class DutyPhoneApi:
    """`/api/v1/duty-phone`."""

    database: Database
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """The phone, and the act."""
        return [
            Endpoint("GET", ADDRESS, self.show, "The duty phone of one's place, masked", WORKERS,
                     answers={200: DutyPhoneShown}),
            Endpoint("POST", ADDRESS, self.keep, "Say which phone is paged", WORKERS,
                     body=DutyPhoneBody, repeat="header", answers={201: DutyPhoneShown}),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> DutyPhoneShown:
        """As the last one left it."""
        async with self.database.reading(as_=call.operator) as conn:
            return await self._shown(conn, call.operator)

    async def keep(self, call: Call[DutyPhoneBody, None]) -> DutyPhoneShown:
        """Kept, once."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._keep, conn, call.operator, call.body)
            return await repeats.once(conn, call, DutyPhoneShown, doing)

    async def _keep(
        self, conn: Connection, operator: Operator, body: DutyPhoneBody
    ) -> DutyPhoneShown:
        await acts.keep_phone(conn, self.seal, operator, body)
        return await self._shown(conn, operator)

    async def _shown(self, conn: Connection, operator: Operator) -> DutyPhoneShown:
        last = next(iter(await store.list_changes(conn, operator.scope, 1)), None)
        return DutyPhoneShown(
            place_code=operator.scope,
            phone=acts.masked(self.seal, last) if last else None,
            changed_by=last.changed_by if last else None,
            changed_at=last.changed_at if last else None,
        )
