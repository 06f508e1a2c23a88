"""The JSON API around a case: who works on it, what is asked above, evidence, templates."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.verification.casework import bodies
from services.verification.casework.acts import (
    appeals,
    assigning,
    evidence,
    likeness,
    requests,
    urgent,
    words,
)
from services.verification.casework.acts import templates as template_acts
from services.verification.casework.acts.desk import Act, Desk
from services.verification.casework.acts.evidence import UPLOADS, Cleaning
from services.verification.casework.acts.requests import Asked
from services.verification.casework.api import CASE, READERS, WORKERS, find_case
from services.verification.casework.fields import Body
from services.verification.casework.store import incidents, templates
from services.verification.casework.views import Related
from services.verification.casework.work_views import (
    EvidenceShown,
    Person,
    RequestShown,
    Templates,
    TemplateShown,
    Work,
)
from shared.access import Operator
from shared.db import Connection, Database
from shared.web import repeats
from shared.web.endpoints import Call, Endpoint, staff

KEEPERS = staff(("city_supervisor",))
TEMPLATES = "/api/v1/templates"


@dataclass(frozen=True)
class WorkApi:
    """The same acts as the desk's small pages."""

    database: Database
    desk: Desk
    cleaning: Cleaning

    def endpoints(self) -> list[Endpoint]:
        """All of them; what is done to a case answers with what then stands around it."""
        return [
            Endpoint("GET", f"{CASE}/work", self.show,
                     "Who works on a case, and what is asked about it", READERS,
                     params={"case_id": UUID}, answers={200: Work}),
            self._act("lead", assigning.assign, bodies.LeadBody, "Say who leads a case"),
            self._act("helpers", assigning.change_helpers, bodies.HelperBody,
                      "Say who helps with a case"),
            self._act("extension", requests.ask_extension, bodies.ExtensionBody,
                      "Ask for more time"),
            self._act("dispute", requests.dispute, bodies.DisputeBody, "Ask not to lead a case"),
            self._act("incident", requests.ask_incident, bodies.IncidentBody,
                      "Ask to join another case, or to stand apart"),
            self._act("unlike", likeness.set_apart, bodies.UnlikeBody,
                      "Say that another case is another matter, so that it is not suggested"),
            self._act("appeal", appeals.appeal, bodies.AppealBody,
                      "Appeal on an officer's behalf against the mark of a verdict"),
            self._act("page", urgent.answer, urgent.AnswerBody,
                      "Say that one has an urgent request, so that nobody is paged any more"),
            self._act("word", words.give, words.WordBody,
                      "Tell the citizen on the receipt, and by SMS that there is something, how an"
                      " open case stands"),
            self._act("decision", requests.decide, bodies.DecisionBody,
                      "Answer a request from below"),
            Endpoint("POST", f"{CASE}/evidence", self.add_evidence,
                     "Add photos and a recording to a case (multipart/form-data)", WORKERS,
                     params={"case_id": UUID}, body=bodies.EvidenceBody, uploads=UPLOADS,
                     repeat="header", answers={201: Work}),
            Endpoint("GET", TEMPLATES, self.list_templates, "Templates of answers", READERS,
                     answers={200: Templates}),
            Endpoint("POST", TEMPLATES, self.keep_template,
                     "Add a template of an answer, or change one", KEEPERS,
                     body=bodies.TemplateBody, repeat="header", answers={201: TemplateShown}),
        ]  # fmt: skip

    def _act(self, name: str, act: Act[Any, Any], body: type[Body], summary: str) -> Endpoint:
        return Endpoint(
            "POST", f"{CASE}/{name}", partial(self.act, act), summary, WORKERS,
            params={"case_id": UUID}, body=body, repeat="header", answers={201: Work},
        )  # fmt: skip

    async def show(self, call: Call[None, None]) -> Work:
        """As it is."""
        async with self.database.reading(as_=call.operator) as conn:
            return await self._shown(conn, call.operator, call.params["case_id"])

    async def act(self, act: Act[Any, Any], call: Call[Any, None]) -> Work:
        """Do it; as it then is."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._done, conn, act, call, call.body)
            return await repeats.once(conn, call, Work, doing)

    async def add_evidence(self, call: Call[bodies.EvidenceBody, None]) -> Work:
        """Files are made anew before anything is noted."""
        case_id = call.params["case_id"]
        async with self.database.transaction(as_=call.operator) as conn:
            await find_case(conn, call.operator, case_id)
        names = await self.cleaning.take(case_id, call.files)
        add: Act[str, int] = partial(_add_evidence, names)
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._done, conn, add, call, call.body.about)
            return await repeats.once(conn, call, Work, doing)

    async def list_templates(self, _: Call[None, None]) -> Templates:
        """Retired ones, too."""
        async with self.database.acquire() as conn:
            return Templates(items=[_template(one) for one in await templates.list_all(conn)])

    async def keep_template(self, call: Call[bodies.TemplateBody, None]) -> TemplateShown:
        """As it is kept."""
        async with self.database.transaction(as_=call.operator) as conn:
            doing = partial(self._kept, conn, call)
            return await repeats.once(conn, call, TemplateShown, doing)

    async def _kept(self, conn: Connection, call: Call[bodies.TemplateBody, None]) -> TemplateShown:
        own = await template_acts.keep(conn, self.desk, call.operator, call.body)
        found = await templates.list_all(conn)
        return next(_template(one) for one in found if one.template_id == own)

    async def _done(
        self, conn: Connection, act: Act[Any, Any], call: Call[Any, None], body: Any
    ) -> Work:
        operator, case_id = call.operator, call.params["case_id"]
        await act(conn, self.desk, operator, case_id, body)
        return await self._shown(conn, operator, case_id)

    async def _shown(self, conn: Connection, operator: Operator, case_id: UUID) -> Work:
        case = await find_case(conn, operator, case_id)
        team = await assigning.load_team(conn, case)
        asked = await requests.load_asked(conn, self.desk, operator, case)
        together = await incidents.list_others(conn, operator, case)
        return Work(
            case_id=case_id,
            number=case.number,
            lead=_person(team.lead) if team.lead else None,
            helpers=_people(team.helpers),
            others=_people(team.others),
            requests=[_request(one, operator) for one in asked],
            together=[Related(case_id=other, number=said) for other, said in together.items()],
            evidence=[
                EvidenceShown(**asdict(one))
                for one in await evidence.load(conn, self.desk.seal, case)
            ],
        )


async def _add_evidence(
    names: Sequence[str],
    conn: Connection,
    desk: Desk,
    operator: Operator,
    case_id: UUID,
    about: str,
) -> int:
    return await evidence.add(conn, desk, operator, case_id, names, about)


def _person(one: Operator) -> Person:
    return Person(username=one.username, name=one.name, role=one.role)


def _people(found: Sequence[Operator]) -> list[Person]:
    return [_person(one) for one in found]


def _request(one: Asked, operator: Operator) -> RequestShown:
    asked = one.request
    return RequestShown(
        request_id=asked.request_id,
        kind=asked.kind,
        asked_by=asked.asked_by,
        reason=one.reason,
        days=asked.days,
        named=one.other,
        officer=asked.badge,
        asked_at=asked.asked_at,
        due_at=asked.due_at,
        yours=asked.is_for(operator),
    )


def _template(one: templates.Template) -> TemplateShown:
    return TemplateShown(**asdict(one))
