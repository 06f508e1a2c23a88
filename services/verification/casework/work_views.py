"""What stands around a case, as programs see it: its people, what is asked, what was found."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.verification.casework.rules.requests import Kind, Outcome
from services.verification.casework.views import Related
from shared.access import Role
from shared.events import Verdict


class Person(BaseModel):
    """Somebody who works on cases."""

    username: str
    name: str
    role: Role


class RequestShown(BaseModel):
    """What is asked of the level above and not answered."""

    request_id: UUID
    kind: Kind
    asked_by: str
    reason: str
    days: int | None = Field(description="of an extension")
    named: str | None = Field(description="the number of the case to join, if the reader sees it")
    officer: str | None = Field(description="of an appeal: whose mark it is about")
    asked_at: datetime
    due_at: datetime
    yours: bool = Field(description="whether it is the reader's to decide")


class EvidenceShown(BaseModel):
    """A file that staff added, and what it shows."""

    name: str = Field(description="`photo/<id>` or `voice/<id>`")
    about: str
    added_by: str
    added_at: datetime


class Work(BaseModel):
    """Who works on a case, who else may, what is asked, what belongs together."""

    case_id: UUID
    number: str
    lead: Person | None
    helpers: list[Person]
    others: list[Person]
    requests: list[RequestShown]
    together: list[Related] = Field(description="the other cases of its incident")
    evidence: list[EvidenceShown]


class Assigned(BaseModel):
    """How many cases have their new lead."""

    done: int


class TemplateShown(BaseModel):
    """The newest version of a template of an answer."""

    template_id: UUID
    title: str
    category: str | None
    body: str
    active: bool
    version: int
    changed_by: str
    changed_at: datetime


class Templates(BaseModel):
    """All of them."""

    items: list[TemplateShown]


class AppealShown(BaseModel):
    """An appeal of an officer, and how it ended."""

    asked_at: datetime
    due_at: datetime
    outcome: Outcome | None = Field(description="granted: the mark fell; refused: it stands")
    decided_at: datetime | None


class OwnMark(BaseModel):
    """A mark of whoever asks, with nothing of its case but what was found."""

    case_id: UUID
    number: str
    unit_code: str
    verdict: Verdict
    categories: list[str]
    received_at: datetime
    verified_at: datetime
    appealable_until: datetime
    appealable: bool
    appeals: list[AppealShown]


class AppealAnswered(AppealShown):
    """One of an officer's appeals, also where its mark has fallen, with the decider's reasons."""

    case_id: UUID
    number: str
    word: str = Field(description="what whoever decided wrote; empty where a new verdict did")


class Appeals(BaseModel):
    """The marks of whoever asks, and their appeals, the newest first."""

    items: list[OwnMark]
    answered: list[AppealAnswered] = Field(description="their appeals, those that wait as well")
