"""Cases as callers see them: phones masked, words and answers opened for those who may read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions
from services.verification.casework.store.actions import Action, StoredVerdict
from services.verification.directory.store import officers, units
from shared.access import Operator
from shared.db import Connection
from shared.values import clock, phone
from shared.values.seal import Seal

_SUMMARY = (
    "case_id", "submission_id", "incident_id", "kind", "unit_code", "counter", "satisfaction",
    "categories", "officer_badge", "urgent", "language", "received_at", "opened_at",
    "callback_due_at", "verification_due_at", "callback_state", "callback_settled_at", "state",
    "revision", "verdict", "attribution", "officers", "verified_at", "final_at", "review_due_at",
    "review_pending", "next_due_at",
)  # fmt: skip


@dataclass(frozen=True)
class Detail:
    """A case with everything that was done to it, opened for reading."""

    case: Case
    unit_name: str
    phone: str | None
    words: str | None
    actions: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    roster: Mapping[str, str]
    officer_names: Mapping[str, str]


def summary(case: Case, seal: Seal, unit_name: str | None) -> dict[str, Any]:
    """A case in a list."""
    now = clock.now()
    return {
        **{name: getattr(case, name) for name in _SUMMARY},
        "unit_name": unit_name,
        "phone": masked(case, seal),
        "late": case.late(now),
        "overdue": case.next_due_at is not None and case.next_due_at < now,
    }


def masked(case: Case, seal: Seal) -> str | None:
    """The citizen's phone as everybody may see it."""
    if case.phone_sealed is None:
        return None
    return phone.mask(seal.open(case.phone_sealed, f"phone:{case.submission_id}"))


def detail_json(detail: Detail, seal: Seal) -> dict[str, Any]:
    """GET /api/v1/cases/{id}."""
    return {
        **summary(detail.case, seal, detail.unit_name),
        "words": detail.words,
        "verdicts": detail.verdicts,
        "actions": detail.actions,
    }


async def load_detail(conn: Connection, case: Case, seal: Seal) -> Detail:
    """Read what belongs to a case."""
    names = await units.list_names(conn, [case.unit_code])
    told = await actions.list_actions(conn, case.case_id)
    verdicts = await actions.list_verdicts(conn, case.case_id)
    badges = [b for b in case.complained_about if b]
    badges += [badge for verdict in verdicts for badge in verdict.officers]
    sealed = case.words_sealed
    return Detail(
        case=case,
        unit_name=names.get(case.unit_code, case.unit_code),
        phone=masked(case, seal),
        words=seal.open(sealed, f"words:{case.submission_id}") if sealed else None,
        actions=[_action(a, case, seal) for a in told],
        verdicts=[_verdict(v, case, seal) for v in verdicts],
        roster=await officers.list_roster(conn, case.unit_code),
        officer_names=await officers.list_officer_names(conn, badges),
    )


def _action(action: Action, case: Case, seal: Seal) -> dict[str, Any]:
    sealed = action.note_sealed
    return {
        "action": action.action,
        "actor": action.actor,
        "acted_at": action.acted_at,
        "details": action.details,
        "note": seal.open(sealed, f"note:{case.submission_id}") if sealed else None,
    }


def _verdict(verdict: StoredVerdict, case: Case, seal: Seal) -> dict[str, Any]:
    values = asdict(verdict)
    finding, answer = values.pop("finding_sealed"), values.pop("answer_sealed")
    return {
        **values,
        "finding": seal.open(finding, f"finding:{case.submission_id}"),
        "answer": seal.open(answer, f"answer:{case.submission_id}"),
        "late": verdict.submitted_at > verdict.due_at,
    }


def operator_json(operator: Operator) -> dict[str, Any]:
    """GET /api/v1/me."""
    return asdict(operator)
