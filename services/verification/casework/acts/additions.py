"""What a citizen adds to a submission: to its case, or as words of praise."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from services.verification.casework.acts import recusals
from services.verification.casework.acts.desk import Desk
from services.verification.casework.rules.cases import Case
from services.verification.casework.store import actions, additions, cases, commendations
from services.verification.casework.store import recusals as kept
from services.verification.casework.store.actions import Action
from services.verification.casework.store.additions import Addition
from services.verification.casework.store.commendations import Commendation
from shared.db import Connection
from shared.errors import Retry
from shared.events import SubmissionAdded, SubmissionReceived
from shared.observe import log
from shared.values.seal import Seal, SealBroken

_SOON = timedelta(seconds=5)


async def commend(conn: Connection, praise: Sequence[SubmissionReceived | SubmissionAdded]) -> None:
    """Keep words of praise, for the record of whom they name and for the unit."""
    kept = await commendations.add(conn, list(map(_commendation, praise)))
    if kept:
        log.get().info("commendations kept", count=len(kept), submission_ids=list(map(str, kept)))


def _commendation(event: SubmissionReceived | SubmissionAdded) -> Commendation:
    if isinstance(event, SubmissionAdded):
        own, said_at = event.addition_id, event.added_at
    else:
        own, said_at = event.submission_id, event.received_at
    told: dict[str, Any] = {"commendation_id": own, "said_at": said_at, "attributed_badge": None}
    rest = [one.name for one in fields(Commendation) if one.name not in told]
    return Commendation(**told, **{name: getattr(event, name) for name in rest})


async def take(conn: Connection, desk: Desk, event: SubmissionAdded) -> None:
    """Add it to the case, once, and keep the case from whom it names (rule 18)."""
    case = await cases.claim_case_of(conn, event.submission_id)
    if case is None:
        raise Retry(_SOON, "its case is not open yet")
    whole = _addition(event)
    case, rest = await _worded(conn, desk.seal, case, whole)
    if not await additions.add(conn, case.case_id, event, rest.words_sealed):
        return
    details = {"number": event.number}
    await actions.add_action(conn, Action(case.case_id, "added", "", event.added_at, details))
    # Whom somebody above had cleared of the words of before is not cleared of new ones.
    named = await recusals.named_in(conn, desk.seal, case, whole)
    case = replace(case, cleared=case.cleared - named)
    there = await additions.list_of(conn, case.case_id)
    serious = desk.policy(case).is_serious(event.categories)
    now = await recusals.hold(conn, desk, case, there, serious=serious)
    await kept.add_recused(conn, case.incident_id, now)
    log.get().info("case added to", case_id=str(case.case_id), count=event.number)


def _addition(event: SubmissionAdded) -> Addition:
    return Addition(**{one.name: getattr(event, one.name) for one in fields(Addition)})


async def _worded(
    conn: Connection, seal: Seal, case: Case, added: Addition
) -> tuple[Case, Addition]:
    """The first words become those of the case, which then is about something."""
    if case.words_sealed is not None or added.words_sealed is None:
        return case, added
    try:
        words = seal.open(added.words_sealed, f"words:{added.addition_id}")
    except SealBroken:
        return case, added  # nobody can read them
    sealed = seal.close(words, f"words:{case.submission_id}")
    await cases.set_words(conn, case.case_id, sealed)
    return replace(case, words_sealed=sealed), replace(added, words_sealed=None)
