"""The JSON API of supervision notices: what waits for whom, and that one has read it."""

from dataclasses import asdict, dataclass
from functools import partial
from uuid import UUID

from services.verification.supervision import acts, store
from services.verification.supervision.acts import Acknowledged, AcknowledgementSaid
from services.verification.supervision.rules import Notice
from services.verification.supervision.views import Notices, NoticeShown, NoticesQuery
from shared import access
from shared.db import Database
from shared.papers.wording import called
from shared.policy import Policies
from shared.values.seal import Seal
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff

ADDRESS = "/api/v1/notices"


@dataclass(frozen=True)
class NoticeApi:
    """`/api/v1/notices`."""

    database: Database
    policies: Policies
    seal: Seal

    def endpoints(self) -> list[Endpoint]:
        """The list, and the act."""
        return [
            Endpoint("GET", ADDRESS, self.show, "Supervision notices, the newest first",
                     staff(access.CASE_READERS), query=NoticesQuery, answers={200: Notices}),
            Endpoint("POST", f"{ADDRESS}/{{notice_id}}/acknowledgement", self.acknowledge,
                     "Acknowledge a notice that one's own place got", staff(access.CASE_WORKERS),
                     params={"notice_id": UUID}, body=AcknowledgementSaid, repeat="header",
                     answers={201: Acknowledged}),
        ]  # fmt: skip

    async def show(self, call: Call[None, NoticesQuery]) -> Notices:
        """A page."""
        query = call.query
        async with self.database.reading(as_=call.operator) as conn:
            found = await store.list_newest(
                conn, call.operator, query.view, query.last, query.limit + 1
            )
        page = found[: query.limit]
        more = len(found) > query.limit
        cursor = f"{page[-1].year}-{page[-1].number}" if more else None
        return Notices(items=[self._shown(one) for one in page], cursor=cursor)

    def _shown(self, notice: Notice) -> NoticeShown:
        mark = self.policies.at(notice.detected_at).papers.mark
        return NoticeShown(**asdict(notice) | {"number": called(mark, notice.year, notice.number)})

    async def acknowledge(self, call: Call[AcknowledgementSaid, None]) -> Acknowledged:
        """Said, once."""
        own = call.params["notice_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(acts.acknowledge, conn, self.seal, call.operator, own, call.body)
            return await repeats.once(conn, call, Acknowledged, doing)
