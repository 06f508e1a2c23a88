"""Notices: what waits for whom, and each as a document, with the form that acknowledges it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ValidationError

from services.verification.supervision import acts, paper, rules, store
from services.verification.supervision.acts import Acknowledged, AcknowledgementBody
from services.verification.supervision.rules import Notice
from shared import access
from shared.db import Connection, Database
from shared.errors import NotFound, Refused
from shared.papers.paper import NumberedQuery
from shared.papers.printer import SECONDS, Printer
from shared.papers.wording import called
from shared.policy import Policies
from shared.values import clock
from shared.values.seal import Seal
from shared.web import repeats
from shared.web.counted import counted
from shared.web.endpoints import Call, Endpoint, staff
from shared.web.forms import NONE, Fields
from shared.web.replies import Download, Page, See

ADDRESS = "/desk/notices"
ONE = f"{ADDRESS}/{{notice_id}}"
READERS, WORKERS = staff(access.CASE_READERS), staff(access.CASE_WORKERS)
_PAGE = 25


class NoticeQuery(NumberedQuery):
    """GET /desk/notices."""

    view: Literal["mine", "others", "done"] = "mine"


@dataclass(frozen=True)
class NoticePages:
    """`/desk/notices`."""

    database: Database
    policies: Policies
    seal: Seal
    printer: Printer

    def endpoints(self) -> list[Endpoint]:
        """The list, a notice's page, its file, its form."""
        one = {"notice_id": UUID}
        return [
            Endpoint("GET", ADDRESS, self.show, "Supervision notices", READERS),
            Endpoint("GET", ONE, self.show_one, "A supervision notice", READERS, params=one),
            Endpoint(
                "GET", f"{ONE}/notice.pdf", self.download, "A supervision notice as PDF", READERS,
                params=one, seconds=SECONDS,
            ),
            Endpoint(
                "POST", f"{ONE}/acknowledgement", self.acknowledge, "Acknowledge a notice",
                WORKERS, params=one, body=AcknowledgementBody, form=True, again=self.again,
                csrf="token", repeat="form",
            ),
        ]  # fmt: skip

    async def show(self, call: Call[None, None]) -> Page:
        """The newest first; an auditor, who has nothing to acknowledge, sees what others have."""
        query = _query(call.asking)
        async with self.database.reading(as_=call.operator) as conn:
            found = await store.list_newest(conn, call.operator, query.view, query.last, _PAGE + 1)
            waiting = await acts.count_waiting(conn, call.operator)
        page = found[:_PAGE]
        values = {
            "notices": page,
            "view": query.view,
            "waiting": None if waiting is None else counted(waiting, call.language),
            "waits": bool(waiting),
            "called": self._called,
            "outlook": self._outlook,
            "coming": self._coming,
            "next_page": _link(query, page[-1]) if len(found) > _PAGE else None,
        }
        return Page("supervision.html", values)

    async def show_one(self, call: Call[Any, None]) -> Page:
        """The document, why there is one, and how it goes on."""
        return await self._one(call)

    async def download(self, call: Call[None, None]) -> Download:
        """The document alone."""
        async with self.database.reading(as_=call.operator) as conn:
            notice = await _find(conn, call.params["notice_id"])
        document = paper.of(notice, self._outlook(notice), self.policies)
        return Download(await self.printer.pdf(document), "application/pdf", document.file_name)

    async def acknowledge(self, call: Call[AcknowledgementBody, None]) -> See:
        """Said, once; back to the page, which tells."""
        own, said = call.params["notice_id"], call.body
        await repeats.done_once(
            self.database,
            call,
            Acknowledged,
            lambda conn: acts.acknowledge(conn, self.seal, call.operator, own, said),
        )
        return See(f"{ADDRESS}/{own}")

    async def again(self, call: Call[Any, Any], refused: Refused) -> Page:
        """The page with what was typed, and why it was not taken."""
        return await self._one(call, call.fields, refused)

    async def _one(
        self, call: Call[Any, Any], typed: Fields = NONE, refused: Refused | None = None
    ) -> Page:
        async with self.database.reading(as_=call.operator) as conn:
            notice = await _find(conn, call.params["notice_id"])
            levels = await store.list_of_deadline(conn, notice)
        outlook = self._outlook(notice)
        values = {
            "notice": notice,
            "paper": paper.of(notice, outlook, self.policies),
            "outlook": outlook,
            "ladder": rules.coming(notice, self._supervision(notice)),
            "levels": levels,
            "plan": self._plan(notice),
            "may": acts.may_acknowledge(call.operator, notice),
            "typed": typed,
            "key": repeats.key_again(call, refused) if refused else "",
        }
        return Page("supervision_notice.html", values, refused=refused)

    def _supervision(self, notice: Notice) -> Any:
        return self.policies.at(notice.received_at).supervision

    def _outlook(self, notice: Notice) -> rules.Outlook:
        return rules.outlook(notice, self._supervision(notice), clock.now())

    def _coming(self, notice: Notice) -> Sequence[Any]:
        """The level after a notice's own, and when."""
        return rules.coming(notice, self._supervision(notice))[notice.level]

    def _called(self, notice: Notice) -> str:
        mark = self.policies.at(notice.detected_at).papers.mark
        return called(mark, notice.year, notice.number)

    def _plan(self, notice: Notice) -> str:
        return self.seal.opened(notice.plan_sealed, acts.context(notice.notice_id)) or ""


async def _find(conn: Connection, notice_id: UUID) -> Notice:
    notice = await store.get(conn, notice_id)
    if notice is None:
        raise NotFound("refused.no_notice")
    return notice


def _query(given: Mapping[str, str]) -> NoticeQuery:
    # A link with a view that we do not know shows the usual one, not an error.
    try:
        return NoticeQuery.model_validate({n: v for n, v in given.items() if v})
    except ValidationError:
        return NoticeQuery()


def _link(query: NoticeQuery, last: Notice) -> str:
    return f"{ADDRESS}?" + urlencode({"view": query.view, "before": f"{last.year}-{last.number}"})
