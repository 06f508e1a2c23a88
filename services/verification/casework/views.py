"""Cases as callers see them: phones masked, words and answers opened for those who may read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.verification.casework.rules import verdicts
from services.verification.casework.rules.cases import Case, CaseKind, State
from services.verification.casework.rules.recusals import persons_in
from services.verification.casework.store import actions, additions, cases
from services.verification.casework.store.actions import Action, Recorded, StoredVerdict
from services.verification.casework.store.additions import Addition
from services.verification.directory.store import officers, operators, units
from shared.access import Operator
from shared.db import Connection
from shared.events import (
    Attribution,
    CallbackState,
    CallTime,
    Channel,
    Language,
    Verdict,
)
from shared.values import clock, phone
from shared.values.seal import Seal


class Figures(BaseModel):
    """Verification's part of the statistics; all but cases, in_review and open count complaints.

    `substantiated` are all that were found true, as scoring counts them; `partly` are among them.
    """

    cases: int
    complaints: int
    called_back: int
    verified: int
    substantiated: int
    partly: int
    in_review: int
    open: int
    rated: int = Field(description="verified, and the citizen answered a question about it")
    solved: int
    not_solved: int = Field(description="closed, and the citizen says that it is not solved")
    satisfied: int
    withdrawn: int


class Summary(BaseModel):
    """A case in a list."""

    case_id: UUID
    number: str = Field(description="what people call it by: year of opening, running number")
    submission_id: UUID
    incident_id: UUID
    kind: CaseKind
    unit_code: str
    unit_name: str | None
    counter: int | None
    satisfaction: int | None
    categories: tuple[str, ...]
    officer_badge: str | None
    urgent: bool
    language: Language
    phone: str | None = Field(description="masked")
    received_at: datetime
    opened_at: datetime
    callback_due_at: datetime
    verification_due_at: datetime
    callback_state: CallbackState
    callback_settled_at: datetime | None
    state: State
    revision: int
    verdict: Verdict | None
    attribution: Attribution | None
    officers: tuple[str, ...]
    verified_at: datetime | None
    final_at: datetime | None
    review_due_at: datetime | None
    review_pending: bool
    next_due_at: datetime | None
    late: bool = Field(description="the verification came, or by now is, after its due time")
    overdue: bool = Field(description="some duty is late at this moment")


class Listing(BaseModel):
    """A page of cases, and the cursor of the next one if there is one."""

    items: list[Summary]
    cursor: str | None


class ActionShown(BaseModel):
    """One entry of the time line."""

    action: str
    actor: str
    acted_at: datetime
    details: dict[str, Any]
    note: str | None


class Related(BaseModel):
    """Another case that belongs to this one: a report of pressure, or the case that it is about."""

    case_id: UUID
    number: str


@dataclass(frozen=True)
class VerdictShown(Recorded):
    """One revision of the verdict, opened for reading."""

    finding: str
    answer: str
    late: bool


class PhoneUse(BaseModel):
    """What can be done with the citizen's number beside calling it."""

    kind: phone.Kind
    sms: bool
    airtime: bool


class AdditionShown(BaseModel):
    """What the citizen added afterwards, opened for reading."""

    number: int
    added_at: datetime
    why: str = Field(description="thanks, open, or a follow-up")
    words: str | None
    categories: tuple[str, ...]
    officer_badge: str | None
    officer_typed: str | None
    attachments: tuple[str, ...]


class Detail(Summary):
    """A case with everything that was done to it, opened for reading."""

    words: str | None
    attachments: tuple[str, ...] = Field(description="`photo/<id>` and `voice/<id>`")
    phone_use: PhoneUse | None = Field(description="what may be promised to this number")
    occurred_at: datetime | None = Field(description="0:00 at the bureau: only the day is known")
    matter: str | None
    channel: Channel
    reasons: tuple[int, ...] = Field(description="the national codes of the categories")
    officer_typed: str | None = Field(description="as the citizen wrote it")
    call_time: CallTime | None
    call_language: str | None
    consent: Mapping[str, Any] | None = Field(description="to which notice on the phone's use")
    additions: list[AdditionShown]
    recused: list[str] = Field(description="badges and @usernames of those who may be meant")
    higher: bool = Field(description="kept from everybody at the unit, or higher")
    reopened_at: datetime | None = Field(description="when the citizen did not accept a verdict")
    withdrawn_at: datetime | None = Field(description="withdrawn; it goes on all the same")
    solved: bool | None = Field(description="what the citizen says of the answer")
    satisfied: bool | None = Field(description="what the citizen says of the handling")
    pressure: list[Related] = Field(description="reports of pressure, where the reader sees them")
    about: Related | None = Field(description="of a report of pressure: the case it is about")
    verdicts: list[VerdictShown]
    actions: list[ActionShown]


class PhoneShown(BaseModel):
    """The citizen's phone in clear."""

    phone: str


class Roster(BaseModel):
    """Names for a case's page: the unit's active officers, all badges on it, and who did what.

    `cases` are the numbers of the cases named on it, as far as the reader may see them.
    """

    active: Mapping[str, str]
    named: Mapping[str, str]
    people: Mapping[str, str]
    cases: Mapping[str, str]


def summary(case: Case, seal: Seal, unit_name: str | None) -> Summary:
    """A case in a list."""
    return Summary(**_summary(case, seal, unit_name))


def _summary(case: Case, seal: Seal, unit_name: str | None) -> dict[str, Any]:
    now = clock.now()
    own = {name: getattr(case, name) for name in Summary.model_fields if hasattr(case, name)}
    return own | {
        "unit_name": unit_name,
        "phone": masked(case, seal),
        "late": case.late(now),
        "overdue": case.next_due_at is not None and case.next_due_at < now,
    }


def masked(case: Case, seal: Seal) -> str | None:
    """The citizen's phone as everybody may see it."""
    return phone_shown(seal, case.phone_sealed, f"phone:{case.submission_id}")


def _phone_use(case: Case, seal: Seal) -> PhoneUse | None:
    if case.phone_sealed is None:
        return None
    return PhoneUse(**phone.use_sealed(seal, case.phone_sealed, case.submission_id)._asdict())


async def load_detail(conn: Connection, case: Case, seal: Seal) -> Detail:
    """Read what belongs to a case."""
    names = await units.list_names(conn, [case.unit_code])
    told = await actions.list_actions(conn, case.case_id)
    judged = await actions.list_verdicts(conn, case.case_id)
    added = await additions.list_of(conn, case.case_id)
    facts = ("occurred_at", "matter", "channel", "reasons", "call_time", "call_language", "consent")
    return Detail(
        **_summary(case, seal, names.get(case.unit_code, case.unit_code)),
        **{name: getattr(case, name) for name in facts},
        attachments=await additions.list_attachments(conn, case),
        phone_use=_phone_use(case, seal),
        words=opened(seal, case.words_sealed, f"words:{case.submission_id}"),
        officer_typed=opened(
            seal, case.officer_typed_sealed, f"words:{case.submission_id}:officer"
        ),
        additions=[_addition(one, seal) for one in added],
        recused=sorted(persons_in(case.recused)),
        higher=any(who.startswith("#") for who in case.recused),
        reopened_at=case.reopened_at,
        withdrawn_at=case.withdrawn_at,
        solved=case.solved,
        satisfied=case.satisfied,
        pressure=_related(await cases.list_about(conn, case.submission_id)),
        about=next(iter(_related(await cases.list_first(conn, case.about))), None),
        verdicts=[_verdict(v, case, seal) for v in judged],
        actions=[_action(a, case, seal) for a in told],
    )


def _addition(one: Addition, seal: Seal) -> AdditionShown:
    return AdditionShown(
        number=one.number,
        added_at=one.added_at,
        why=one.why,
        words=opened(seal, one.words_sealed, f"words:{one.addition_id}"),
        categories=one.categories,
        officer_badge=one.officer_badge,
        officer_typed=opened(seal, one.officer_typed_sealed, f"words:{one.addition_id}:officer"),
        attachments=one.attachments,
    )


async def load_roster(conn: Connection, operator: Operator, detail: Detail) -> Roster:
    """Names for a case's page."""
    named = [badge for v in detail.verdicts for badge in v.officers]
    named += filter(None, [detail.officer_badge, *detail.officers, *detail.recused])
    named += filter(None, [one.officer_badge for one in detail.additions])
    active = await officers.list_roster(conn, detail.unit_code)
    return Roster(
        active=active,
        named={**_as_typed(detail, active), **await officers.list_officer_names(conn, named)},
        people=await operators.list_names(conn, _people(detail)),
        cases={str(i): number for i, number in (await _cases(conn, operator, detail)).items()},
    )


def _as_typed(detail: Detail, active: Mapping[str, str]) -> Mapping[str, str]:
    """The citizen writes a badge in a spelling of their own."""
    typed = detail.officer_badge or ""
    [meant] = verdicts.spelt([typed], active)
    return {typed: active[meant]} if meant in active else {}


async def _cases(conn: Connection, operator: Operator, detail: Detail) -> Mapping[UUID, str]:
    joined = {v.joins for v in detail.verdicts if v.joins}
    joined |= {UUID(a.details["joins"]) for a in detail.actions if "joins" in a.details}
    return await cases.list_numbers(conn, operator, joined) if joined else {}


def opened(seal: Seal, sealed: str | None, context: str) -> str | None:
    """What was sealed, if there is anything."""
    return seal.open(sealed, context) if sealed else None


def phone_shown(seal: Seal, sealed: str | None, context: str) -> str | None:
    """A phone as everybody may see it."""
    return phone.mask(seal.open(sealed, context)) if sealed else None


def _people(detail: Detail) -> list[str]:
    asked = [a.details.get(name) for a in detail.actions for name in ("lead", "helper")]
    kept_from = [who.removeprefix("@") for who in detail.recused if who.startswith("@")]
    authors = [v.username for v in detail.verdicts]
    return [*(a.actor for a in detail.actions), *filter(None, asked), *authors, *kept_from]


def _action(action: Action, case: Case, seal: Seal) -> ActionShown:
    sealed = action.note_sealed
    return ActionShown(
        action=action.action,
        actor=action.actor,
        acted_at=action.acted_at,
        details=dict(action.details),
        note=seal.open(sealed, f"note:{case.submission_id}") if sealed else None,
    )


def _related(numbers: Mapping[UUID, str]) -> list[Related]:
    return [Related(case_id=case_id, number=number) for case_id, number in numbers.items()]


def _verdict(verdict: StoredVerdict, case: Case, seal: Seal) -> VerdictShown:
    values = asdict(verdict)
    finding, answer = values.pop("finding_sealed"), values.pop("answer_sealed")
    return VerdictShown(
        **values,
        finding=seal.open(finding, f"finding:{case.submission_id}"),
        answer=seal.open(answer, f"answer:{case.submission_id}"),
        late=verdict.submitted_at > verdict.due_at,
    )
