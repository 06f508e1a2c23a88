"""A case with everything that belongs to it, opened for reading."""

from collections.abc import Mapping
from dataclasses import asdict
from uuid import UUID

from services.verification.casework import views
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules.cases import Case, phone_use
from services.verification.casework.rules.recusals import persons_in
from services.verification.casework.store import actions, additions, cases
from services.verification.casework.store.actions import Action, StoredVerdict
from services.verification.casework.store.additions import Addition
from services.verification.directory.store import units
from shared.db import Connection
from shared.values.seal import Seal


async def load_detail(conn: Connection, case: Case, desk: Desk) -> views.Detail:
    """Read what belongs to a case."""
    seal = desk.seal
    names = await units.list_names(conn, [case.unit_code])
    told = await actions.list_actions(conn, case.case_id)
    judged = await actions.list_verdicts(conn, case.case_id)
    added = await additions.list_of(conn, case.case_id)
    facts = ("occurred_at", "matter", "channel", "reasons", "call_time", "call_language", "consent")
    return views.Detail(
        **views.summary_values(case, seal, names.get(case.unit_code, case.unit_code)),
        **{name: getattr(case, name) for name in facts},
        attachments=await additions.list_attachments(conn, case),
        phone_use=_phone_use(case, seal),
        words=seal.opened(case.words_sealed, f"words:{case.submission_id}"),
        officer_typed=seal.opened(case.officer_typed_sealed, f"words:{case.submission_id}:officer"),
        additions=[_addition(one, seal) for one in added],
        policy_from=desk.policy(case).effective_from,
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


def _phone_use(case: Case, seal: Seal) -> views.PhoneUse | None:
    use = phone_use(case, seal)
    return views.PhoneUse(**use._asdict()) if use else None


def _addition(one: Addition, seal: Seal) -> views.AdditionShown:
    return views.AdditionShown(
        number=one.number,
        added_at=one.added_at,
        why=one.why,
        words=seal.opened(one.words_sealed, f"words:{one.addition_id}"),
        categories=one.categories,
        officer_badge=one.officer_badge,
        officer_typed=seal.opened(one.officer_typed_sealed, f"words:{one.addition_id}:officer"),
        attachments=one.attachments,
    )


def _action(action: Action, case: Case, seal: Seal) -> views.ActionShown:
    sealed = action.note_sealed
    return views.ActionShown(
        action=action.action,
        actor=action.actor,
        acted_at=action.acted_at,
        details=dict(action.details),
        note=seal.opened(sealed, f"note:{case.submission_id}"),
    )


def _related(numbers: Mapping[UUID, str]) -> list[views.Related]:
    return [views.Related(case_id=case_id, number=number) for case_id, number in numbers.items()]


def _verdict(verdict: StoredVerdict, case: Case, seal: Seal) -> views.VerdictShown:
    values = asdict(verdict)
    finding, answer = values.pop("finding_sealed"), values.pop("answer_sealed")
    return views.VerdictShown(
        **values,
        finding=seal.open(finding, f"finding:{case.submission_id}"),
        answer=seal.open(answer, f"answer:{case.submission_id}"),
        late=verdict.submitted_at > verdict.due_at,
    )
